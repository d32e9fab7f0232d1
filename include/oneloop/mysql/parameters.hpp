#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace oneloop::mysql {

namespace detail {

template <class T>
concept null_value = std::same_as<T, std::nullptr_t> || std::same_as<T, std::nullopt_t>;

template <class T>
concept text_value = !null_value<T> && std::convertible_to<const T&, std::string_view>;

template <class T>
concept bytes_value =
    !null_value<T> && !text_value<T> && std::convertible_to<const T&, std::span<const std::byte>>;

template <class T>
concept integer_value = std::integral<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                        !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class T>
concept plain_value =
    null_value<T> || text_value<T> || bytes_value<T> || integer_value<T> || std::floating_point<T>;

template <class T>
inline constexpr bool is_parameter = plain_value<T>;
template <class T>
inline constexpr bool is_parameter<std::optional<T>> = plain_value<T>;

} // namespace detail

/// What may stand for a '?' of a statement: text, bytes (std::span<const std::byte>), integers, bool,
/// floating point, nullptr or std::nullopt for NULL, and a std::optional of any of these. Not char, which is
/// a character for some and a number for others.
template <class T>
concept parameter = detail::is_parameter<std::remove_cvref_t<T>>;

/// The values for the '?' of a statement, each copied.
class parameters {
public:
    /// Bytes, as distinct from text in the character set of the connection.
    class bytes {
    public:
        explicit bytes(std::span<const std::byte> b)
            : kept_(reinterpret_cast<const char*>(b.data()), b.size()) {}
        const std::string& kept() const noexcept { return kept_; }

    private:
        std::string kept_;
    };
    using value =
        std::variant<std::nullptr_t, std::int64_t, std::uint64_t, float, double, std::string, bytes>;

    parameters() = default;

    template <parameter T>
    parameters& add(T&& given) {
        using type = std::remove_cvref_t<T>;
        if constexpr (!detail::plain_value<type>)
            return given ? add(*std::forward<T>(given)) : add(nullptr);
        else if constexpr (detail::null_value<type>)
            values_.emplace_back(nullptr);
        else if constexpr (std::same_as<type, std::string>)
            values_.emplace_back(std::in_place_type<std::string>, std::forward<T>(given));
        else if constexpr (detail::text_value<type>)
            values_.emplace_back(std::in_place_type<std::string>, std::string_view(given));
        else if constexpr (detail::bytes_value<type>)
            values_.emplace_back(std::in_place_type<bytes>, std::span<const std::byte>(given));
        else if constexpr (std::same_as<type, float>)
            values_.emplace_back(given);
        else if constexpr (std::floating_point<type>)
            values_.emplace_back(static_cast<double>(given));
        else if constexpr (std::is_signed_v<type>)
            values_.emplace_back(static_cast<std::int64_t>(given));
        else
            values_.emplace_back(static_cast<std::uint64_t>(given));
        return *this;
    }

    bool empty() const noexcept { return values_.empty(); }
    std::size_t size() const noexcept { return values_.size(); }
    const std::vector<value>& all() const noexcept { return values_; }

private:
    std::vector<value> values_;
};

} // namespace oneloop::mysql
