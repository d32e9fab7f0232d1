#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oneloop::redis {

/// An answer of the server as it came: nil, a text, a number, an error, or an array of such.
class value {
public:
    using array = std::vector<value>;

    /// A status is what some commands answer in place of a text: "OK", "PONG", "QUEUED".
    enum class kind { nil, text, status, integer, error, array };

    value() = default;
    explicit value(std::int64_t number) : content_(number) {}
    explicit value(array items) : content_(std::move(items)) {}
    value(kind what, std::string text);

    kind what() const noexcept;
    bool is_nil() const noexcept { return what() == kind::nil; }

    /// The bytes of a text, a status or an error; empty for the other kinds.
    const std::string& text() const& noexcept;
    std::string text() && noexcept;

    /// The number; 0 for the other kinds.
    std::int64_t integer() const noexcept;

    /// The items of an array; none for the other kinds.
    const array& items() const& noexcept;
    array& items() & noexcept;
    array items() && noexcept;

    /// "nil", "text", "an array of 3": for a message.
    std::string description() const;

    friend bool operator==(const value&, const value&) = default;

private:
    struct status_text {
        std::string text;
        friend bool operator==(const status_text&, const status_text&) = default;
    };
    struct error_text {
        std::string text;
        friend bool operator==(const error_text&, const error_text&) = default;
    };
    std::variant<std::monostate, std::string, status_text, std::int64_t, error_text, array> content_;
};

} // namespace oneloop::redis
