#include "core/server_url.hpp"

#include "core/host_name.hpp"
#include <oneloop/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <charconv>

namespace oneloop {

namespace {

class parser {
public:
    explicit parser(std::string_view scheme) : scheme_(scheme) {}

    // Never the URL itself: whatever is wrong with it, it may have a password in it.
    [[noreturn]] void refuse(const std::string& why) const {
        throw error(failure(errc::invalid_argument).doing("a " + scheme_ + ":// URL").because(why));
    }

    std::string decoded(std::string_view text, const char* what) const {
        std::string plain;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '%') {
                plain += text[i];
                continue;
            }
            unsigned byte = 0;
            const auto digits = text.substr(i + 1, 2);
            const auto [end, failed] =
                std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
            if (digits.size() != 2 || failed != std::errc() || end != digits.data() + 2)
                refuse(
                    std::string("a '%' without two hexadecimal digits behind it in the ") + what +
                    "; '%' itself is %25"
                );
            plain += static_cast<char>(byte);
            i += 2;
        }
        return plain;
    }

    std::string host(std::string_view text) const {
        std::string name = decoded(text, "host");
        boost::system::error_code no_address;
        boost::asio::ip::make_address(name, no_address);
        if (no_address)
            if (const char* bad = refuse_host_name(name))
                refuse(bad);
        return name;
    }

    std::uint16_t port(std::string_view text) const {
        std::uint16_t number = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc() || end != text.data() + text.size() || number == 0)
            refuse("the port is not a number from 1 to 65535");
        return number;
    }

private:
    std::string scheme_;
};

} // namespace

server_url::server_url(std::string_view scheme, std::string_view url) {
    const parser parse(scheme);
    const std::string begin = std::string(scheme) + "://";
    if (!url.starts_with(begin))
        parse.refuse("it does not begin with " + begin);
    url.remove_prefix(begin.size());
    if (url.find_first_of("?#") != url.npos)
        parse.refuse(
            "what stands behind '?' or '#' is not understood; as part of a password they are %3F and %23"
        );

    const auto slash = url.find('/');
    std::string_view authority = url.substr(0, slash);
    if (slash != url.npos) {
        const auto rest = url.substr(slash + 1);
        if (rest.find('/') != rest.npos)
            parse.refuse("more than one '/' behind the host; as part of a name or a password it is %2F");
        path = parse.decoded(rest, "path");
    }
    if (const auto at = authority.rfind('@'); at != authority.npos) {
        const auto login = authority.substr(0, at);
        if (login.find('@') != login.npos)
            parse.refuse("more than one '@'; as part of a name or a password it is %40");
        const auto colon = login.find(':');
        user = parse.decoded(login.substr(0, colon), "user");
        if (colon != login.npos)
            password = parse.decoded(login.substr(colon + 1), "password");
        authority.remove_prefix(at + 1);
    }

    std::string_view name = authority, behind;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == authority.npos)
            parse.refuse("a '[' without a ']'");
        name = authority.substr(1, end - 1);
        behind = authority.substr(end + 1);
    } else if (const auto colon = authority.find(':'); colon != authority.npos) {
        name = authority.substr(0, colon);
        behind = authority.substr(colon);
    }
    if (name.empty())
        parse.refuse("the name of the host is missing");
    host = parse.host(name);
    if (!behind.empty()) {
        if (!behind.starts_with(':'))
            parse.refuse("something other than a port stands behind the host");
        port = parse.port(behind.substr(1));
    }
}

} // namespace oneloop
