#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace oneloop::mysql {

namespace detail {

struct result_store; // what an answer consists of, in mysql/result_store.hpp

[[noreturn]] void throw_null(std::string_view wanted);
[[noreturn]] void throw_not_a(std::string_view wanted, std::string_view text);

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

} // namespace detail

/// One value of a row: a view, good for as long as one of the `rows` objects that share the answer.
class field {
public:
    field() = default;
    field(const char* begin, std::size_t size) noexcept : text_(begin, size), null_(false) {}

    bool is_null() const noexcept { return null_; }

    /// What the server sent, byte for byte; empty for NULL.
    std::string_view text() const noexcept { return text_; }

    /// The value as an integer, a floating-point number, bool, std::string, std::string_view, or a
    /// std::optional of one of them, which takes NULL. Throws `error` with `condition::argument` for NULL
    /// otherwise, and for what is not wholly such a value or too large for it.
    template <class T>
    T as() const {
        if constexpr (detail::is_optional<T>::value) {
            if (null_)
                return std::nullopt;
            return as<typename T::value_type>();
        } else if constexpr (std::is_same_v<T, bool>) {
            return as<std::int64_t>() != 0;
        } else if constexpr (std::is_arithmetic_v<T>) {
            return number<T>();
        } else {
            static_assert(
                std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>,
                "a field can be an integer, a floating-point number, bool, std::string, std::string_view, or "
                "a std::optional of one"
            );
            if (null_)
                detail::throw_null("text");
            return T(text_);
        }
    }

private:
    template <class T>
    T number() const {
        static_assert(
            !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char8_t>,
            "one character or a number? Take std::string, or an integer such as std::int8_t"
        );
        constexpr std::string_view wanted = std::is_floating_point_v<T> ? "a floating-point number"
                                            : std::is_signed_v<T>       ? "a signed integer"
                                                                        : "an unsigned integer";
        if (null_)
            detail::throw_null(wanted);
        T value{};
        const char* const end = text_.data() + text_.size();
        const auto [stopped, why] = std::from_chars(text_.data(), end, value);
        if (why != std::errc() || stopped != end)
            detail::throw_not_a(wanted, text_);
        return value;
    }

    std::string_view text_;
    bool null_ = true;
};

/// One row: a view, good for as long as one of the `rows` objects that share the answer.
class row {
public:
    row(const detail::result_store* store, const char* block) noexcept : store_(store), block_(block) {}

    std::size_t size() const noexcept;

    /// By place, counted from 0, or by the name of the column (the first of that name). Throws `error` with
    /// `condition::argument` if there is no such column.
    field operator[](std::size_t place) const;
    field operator[](std::string_view name) const;
    field operator[](const char* name) const { return (*this)[std::string_view(name)]; }
    field operator[](int place) const { return (*this)[static_cast<std::size_t>(place)]; }

private:
    const detail::result_store* store_;
    const char* block_;
};

/// The answer to a query, all of it in memory. Copies share it, and it never changes.
class rows {
public:
    rows() = default;
    explicit rows(std::shared_ptr<const detail::result_store> store) noexcept : store_(std::move(store)) {}

    std::size_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }

    /// The names of the columns; none for a statement that gives no rows.
    const std::vector<std::string>& columns() const noexcept;

    /// Throws `error` with `condition::argument` beyond the end.
    row operator[](std::size_t place) const;
    row front() const { return (*this)[0]; }

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = row;
        using difference_type = std::ptrdiff_t;
        using pointer = const row*;
        using reference = row;

        iterator() = default;
        iterator(const detail::result_store* store, const char* const* at) noexcept
            : store_(store), at_(at) {}
        row operator*() const noexcept { return row(store_, *at_); }
        iterator& operator++() noexcept { return ++at_, *this; }
        iterator operator++(int) noexcept {
            iterator before = *this;
            ++at_;
            return before;
        }
        friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

    private:
        const detail::result_store* store_ = nullptr;
        const char* const* at_ = nullptr;
    };
    iterator begin() const noexcept;
    iterator end() const noexcept;

    /// Of INSERT, UPDATE, DELETE …: how many rows were changed, and the first value of an AUTO_INCREMENT
    /// column that was made; 0 if that does not apply.
    std::uint64_t affected_rows() const noexcept;
    std::uint64_t last_insert_id() const noexcept;

    /// How many warnings the server has; SHOW WARNINGS, as the next query of the connection, tells them.
    unsigned warnings() const noexcept;

private:
    std::shared_ptr<const detail::result_store> store_;
};

} // namespace oneloop::mysql
