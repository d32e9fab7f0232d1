#include "core/known_names.hpp"

#include <algorithm>
#include <string_view>

namespace oneloop {
namespace {

namespace ip = boost::asio::ip;

std::string without_dot(std::string name) {
    if (name.ends_with('.'))
        name.pop_back();
    return name;
}

bool is_in(std::string_view name, std::string_view domain) {
    return name == domain || (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

dns_answer answer_with(std::vector<ip::address> list) {
    dns_answer out;
    out.addresses = std::move(list);
    return out;
}

} // namespace

bool has_wanted(const std::vector<ip::address>& list, address_order order) {
    return std::ranges::any_of(list, [order](const ip::address& a) {
        return order != (a.is_v4() ? address_order::ipv6_only : address_order::ipv4_only);
    });
}

std::optional<dns_answer> overridden(const std::string& name, const resolver_options& options) {
    const auto found = options.overrides().find(without_dot(name));
    if (found == options.overrides().end())
        return {};
    if (found->second.empty())
        return no_such_name();
    return has_wanted(found->second, options.order()) ? answer_with(found->second) : no_address();
}

std::optional<dns_answer> known_locally(
    const std::string& name, const hosts_file& hosts, address_order order
) {
    const std::string plain = without_dot(name);
    if (const auto* list = hosts.find(plain); list && has_wanted(*list, order))
        return answer_with(*list);
    if (is_in(plain, "localhost"))
        return answer_with({ip::address_v4::loopback(), ip::address_v6::loopback()});
    if (is_in(plain, "onion"))
        return no_such_name();
    return {};
}

} // namespace oneloop
