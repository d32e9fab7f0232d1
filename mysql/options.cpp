#include "mysql/option_check.hpp"

#include <charconv>

namespace oneloop::mysql {
namespace {

constexpr std::string_view scheme = "mysql://";

// Never the URL itself: whatever is wrong with it, it may have a password in it.
[[noreturn]] void refuse(const std::string& why) {
    throw error(failure(errc::invalid_argument).doing("a mysql:// URL").because(why));
}

int digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decoded(std::string_view text, const char* what) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : digit(text[i + 2]);
        if (low < 0)
            refuse(
                std::string("a '%' without two hexadecimal digits behind it in the ") + what +
                "; '%' itself is %25"
            );
        plain += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return plain;
}

void take_user(options& o, std::string_view userinfo) {
    const auto colon = userinfo.find(':');
    o.user(decoded(userinfo.substr(0, colon), "user"));
    if (colon != std::string_view::npos)
        o.password(decoded(userinfo.substr(colon + 1), "password"));
}

void take_host(options& o, std::string_view authority) {
    std::string_view host = authority, port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos)
            refuse("a '[' without a ']'");
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
    } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    o.host(std::string(host));
    if (port.empty())
        return;
    std::uint16_t number = 0;
    port.remove_prefix(1);
    const auto [stopped, why] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (why != std::errc() || stopped != port.data() + port.size() || number == 0)
        refuse("the port is not a number from 1 to 65535");
    o.port(number);
}

} // namespace

options options::from_url(std::string_view url) {
    if (!url.starts_with(scheme))
        refuse("it does not begin with mysql://");
    url.remove_prefix(scheme.size());
    if (url.find_first_of("?#") != std::string_view::npos)
        refuse(
            "options behind '?' or '#' are not understood; in a user, password or database they are %3F and "
            "%23"
        );
    const auto slash = url.find('/');
    std::string_view authority = url.substr(0, slash);
    options o;
    if (slash != std::string_view::npos) {
        const auto database = url.substr(slash + 1);
        if (database.find('/') != std::string_view::npos)
            refuse("more than one '/' behind the host; in a user, password or database it is %2F");
        o.database(decoded(database, "database"));
    }
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        if (authority.find('@') != at)
            refuse("more than one '@'; in a user or password it is %40");
        take_user(o, authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    take_host(o, authority);
    if (const char* bad = refuse_host(o.host()))
        refuse(bad);
    return o;
}

} // namespace oneloop::mysql
