#include "core/dns_answer.hpp"

#include "core/ares_include.hpp"
#include <oneloop/resolver.hpp>

namespace oneloop {

std::string dns_reason(const dns_answer& answer) {
    if (!answer.reason.empty() || answer.code.category() != resolver_category())
        return answer.reason;
    switch (answer.code.value()) {
        case ARES_ENOTFOUND:
            return "no such host";
        case ARES_ENODATA:
            return "the host has no address";
        case ARES_ESERVFAIL:
            return "the DNS server failed";
        case ARES_EREFUSED:
            return "the DNS server refused to answer";
        case ARES_EBADRESP:
            return "the DNS server sent something that is no answer";
        case ARES_ECONNREFUSED:
            return "no DNS server could be reached, or all failed"; // 1.18 tells them not apart
        default:
            return answer.code.message();
    }
}

dns_answer no_such_name() {
    dns_answer out;
    out.code = error_code(ARES_ENOTFOUND, resolver_category());
    out.no_such_name = true;
    return out;
}

dns_answer no_address() {
    dns_answer out;
    out.code = error_code(ARES_ENODATA, resolver_category());
    out.no_address = true;
    return out;
}

} // namespace oneloop
