#include <oneloop/error.hpp>
#include <oneloop/http/response.hpp>

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>

namespace oneloop::http {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

class converter {
public:
    explicit converter(const std::string& from) : state_(::iconv_open("UTF-8", from.c_str())) {}
    ~converter() {
        if (known())
            ::iconv_close(state_);
    }
    converter(const converter&) = delete;
    converter& operator=(const converter&) = delete;

    bool known() const noexcept { return reinterpret_cast<std::intptr_t>(state_) != -1; }

    std::string operator()(std::string bytes) {
        std::string text;
        std::array<char, 4096> buffer;
        char* in = bytes.data();
        std::size_t left = bytes.size();
        while (left > 0) {
            char* out = buffer.data();
            std::size_t room = buffer.size();
            const bool stuck = ::iconv(state_, &in, &left, &out, &room) == std::size_t(-1) && errno != E2BIG;
            text.append(buffer.data(), buffer.size() - room);
            if (!stuck)
                continue;
            text += replacement; // for one byte that means nothing, or a character that is cut off
            ++in;
            --left;
        }
        return text;
    }

private:
    iconv_t state_;
};

// The value of the parameter in `text/html; charset="utf-8"` (RFC 9110, 8.3.1).
std::optional<std::string> charset_in(std::string_view type) {
    std::string lower(type);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    const auto at = lower.find("charset=");
    if (at == lower.npos)
        return {};
    std::string_view rest = std::string_view(lower).substr(at + 8);
    const bool quoted = rest.starts_with('"');
    rest = rest.substr(quoted);
    return std::string(rest.substr(0, rest.find_first_of(quoted ? "\"" : "; \t")));
}

bool is_of_a_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '.';
}

} // namespace

std::string response::text() const {
    const auto type = headers().get("content-type");
    const std::string charset = type ? charset_in(*type).value_or("utf-8") : "utf-8";
    converter to_utf8(charset);
    // Other marks have a meaning of their own for iconv ("utf-8//ignore"), and no name is that of the program
    if (charset.empty() || !std::ranges::all_of(charset, is_of_a_name) || !to_utf8.known())
        throw error(failure(errc::protocol_violation)
                        .in(phase::receive)
                        .ended(outcome::answered)
                        .doing(method() + " " + url())
                        .because("the charset of the answer is not known here; body() has its bytes"));
    return to_utf8(body());
}

} // namespace oneloop::http
