#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oneloop::http {

namespace detail {
class piece_source;
}

/// What a request carries: bytes and the Content-Type that they are sent with. Copies share the bytes, so a
/// request can be repeated or redirected without another copy.
///
///     co_await http.put(url, http::body(std::move(picture), "image/png"));
///     co_await http.post(url, http::form().field("name", "Ada").field("born", 1815));
///
/// A body that is made while it is sent is an `upload` (`http/upload.hpp`).
class body {
public:
    body() = default; ///< none
    body(std::string bytes, std::string type = "application/octet-stream")
        : bytes_(std::make_shared<const std::string>(std::move(bytes))), type_(std::move(type)) {}
    body(const char* text, std::string type = "text/plain; charset=utf-8")
        : body(std::string(text), std::move(type)) {}

    /// False for none. An empty body is one all the same: it is sent with Content-Length 0.
    explicit operator bool() const noexcept { return bytes_ != nullptr || source_ != nullptr; }
    std::string_view bytes() const noexcept {
        return bytes_ ? std::string_view(*bytes_) : std::string_view();
    }
    const std::string& type() const noexcept { return type_; }

private:
    friend class transfer;
    friend class upload;
    body(std::shared_ptr<detail::piece_source> source, std::optional<std::uint64_t> length, std::string type)
        : type_(std::move(type)), source_(std::move(source)), length_(length) {}

    std::shared_ptr<const std::string> bytes_;
    std::string type_;
    std::shared_ptr<detail::piece_source> source_; // in place of the bytes
    std::optional<std::uint64_t> length_;
};

/// Text, sent as UTF-8.
inline body text(std::string utf8) {
    return {std::move(utf8), "text/plain; charset=utf-8"};
}

/// Fields as a web page's form sends them (application/x-www-form-urlencoded), percent-encoded here.
class form {
public:
    form() = default;
    form& field(std::string_view name, std::string_view value);
    form& field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
    template <class Number>
    requires std::is_arithmetic_v<Number> form& field(std::string_view name, Number value) {
        return field(name, std::string_view(std::to_string(value)));
    }
    operator body() const { return {encoded_, "application/x-www-form-urlencoded"}; }

private:
    std::string encoded_;
};

/// Fields and files as a web page's form with files sends them (multipart/form-data, RFC 7578), in memory.
class multipart {
public:
    multipart();
    multipart& field(std::string_view name, std::string_view value);
    /// The bytes of a file, with the name that the server is told. A line break, another control character or
    /// a quote in a name is percent-encoded, as browsers do it; one in the type fails the request with
    /// `condition::argument`.
    multipart& file(
        std::string_view name, std::string_view file_name, std::string_view bytes,
        std::string_view type = "application/octet-stream"
    );
    operator body() const;

private:
    void begin_part(std::string_view name);

    std::string boundary_, parts_, bad_type_;
};

} // namespace oneloop::http
