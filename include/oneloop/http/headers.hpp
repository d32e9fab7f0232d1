#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oneloop::http {

/// Header fields in the order in which they came; names are compared without regard to case (RFC 9110, 5.1),
/// and a repeated field is kept as often as it came.
class headers {
public:
    using field = std::pair<std::string, std::string>;

    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// In place of all of that name.
    void set(std::string name, std::string value) {
        std::erase_if(fields_, [&](const field& f) { return same_name(f.first, name); });
        add(std::move(name), std::move(value));
    }
    /// A line that continues the one before it, as old servers send them (RFC 9112, 5.2).
    void continue_last(std::string_view more) {
        if (!fields_.empty())
            fields_.back().second.append(" ").append(more);
    }
    void clear() noexcept { fields_.clear(); }
    void reserve(std::size_t fields) { fields_.reserve(fields); }

    /// The value of the first field of that name.
    std::optional<std::string_view> get(std::string_view name) const {
        for (const auto& [known, value] : fields_)
            if (same_name(known, name))
                return value;
        return std::nullopt;
    }

    /// The values of every field of that name.
    std::vector<std::string_view> all(std::string_view name) const {
        std::vector<std::string_view> values;
        for (const auto& [known, value] : fields_)
            if (same_name(known, name))
                values.push_back(value);
        return values;
    }

    bool contains(std::string_view name) const { return get(name).has_value(); }
    std::size_t size() const noexcept { return fields_.size(); }
    auto begin() const noexcept { return fields_.begin(); }
    auto end() const noexcept { return fields_.end(); }

    static bool same_name(std::string_view a, std::string_view b) noexcept {
        return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
    }

private:
    friend class answer;
    void add_view(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }

    static constexpr char lower(char c) noexcept {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }

    std::vector<field> fields_;
};

} // namespace oneloop::http
