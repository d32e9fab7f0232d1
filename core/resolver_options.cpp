#include "core/host_name.hpp"
#include "core/words.hpp"
#include <oneloop/error.hpp>
#include <oneloop/resolver_options.hpp>

namespace oneloop {

resolver_options& resolver_options::override_name(std::string name, address_list list) {
    if (const char* reason = refuse_host_name(name))
        throw error(failure(errc::invalid_argument).doing("override_name " + printable(name)).because(reason)
        );
    name = normal_host_name(std::move(name));
    if (name.ends_with('.'))
        name.pop_back();
    overrides_[std::move(name)] = std::move(list);
    return *this;
}

boost::asio::ip::address resolver_options::to_address(std::string_view text) {
    error_code no_address;
    const auto address = boost::asio::ip::make_address(std::string(text), no_address);
    if (no_address)
        throw error(failure(errc::invalid_argument)
                        .doing("override_name")
                        .because("\"" + printable(text) + "\" is no address"));
    return address;
}

} // namespace oneloop
