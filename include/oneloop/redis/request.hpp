#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace oneloop::redis {

/// What may stand in a command: texts and bytes as they are, numbers in decimal. Not bool and not char, whose
/// meaning differs from one command to the next.
template <class T>
concept argument = (std::convertible_to<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>) ||
                   std::convertible_to<const T&, std::span<const std::byte>> || std::floating_point<T> ||
                   (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                    !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                    !std::same_as<T, char32_t>);

/// One command with its arguments, each copied; any bytes may be in them, NUL and line breaks too, and none
/// of them can become another command.
class request {
public:
    /// The name of the command, in capitals or not: "GET". What has two words has two arguments:
    /// `request("CLIENT").arg("LIST")`.
    explicit request(std::string_view name) { push(name); }

    template <argument T>
    request& arg(const T& a) {
        if constexpr (std::convertible_to<const T&, std::string_view>)
            push(std::string_view(a));
        else if constexpr (std::convertible_to<const T&, std::span<const std::byte>>)
            push(std::span<const std::byte>(a));
        else if constexpr (std::floating_point<T>)
            push(static_cast<double>(a));
        else if constexpr (std::is_signed_v<T>)
            push(static_cast<long long>(a));
        else
            push(static_cast<unsigned long long>(a));
        return *this;
    }

    template <argument... T>
    request& args(const T&... all) {
        (arg(all), ...);
        return *this;
    }

    std::string_view name() const noexcept { return at(0); }
    std::string_view at(std::size_t i) const noexcept;
    std::size_t size() const noexcept { return ends_.size(); }

    /// All arguments together.
    std::size_t bytes() const noexcept { return text_.size(); }

private:
    void push(std::string_view);
    void push(std::span<const std::byte>);
    void push(double);
    void push(long long);
    void push(unsigned long long);

    std::string text_; // one after the other
    std::vector<std::size_t> ends_;
};

} // namespace oneloop::redis
