#include "core/name_waiter.hpp"

#include "core/host_name.hpp"

namespace oneloop::detail {

void name_waiter::tell(const dns_answer& answer) {
    if (!answer.code)
        return succeed(answer.addresses);
    failure why(answer.code);
    if (std::string reason = dns_reason(answer); !reason.empty())
        why.because(std::move(reason));
    fail(std::move(why));
}

void name_waiter::fail(failure why) {
    if (!waits())
        return; // its story may be gone too
    if (why.phase() == phase::none)
        why.in(phase::resolve);
    take().fail(std::move(why.doing("resolve " + printable_host_name(name_))));
}

} // namespace oneloop::detail
