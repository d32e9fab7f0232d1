#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oneloop::http {

/// Header fields in the order in which they came; names are compared without regard to case (RFC 9110, 5.1),
/// and a repeated field is kept as often as it came. What they give are views, which end with the next change
/// of these headers.
class headers {
public:
    using field = std::pair<std::string_view, std::string_view>;

    headers() = default;
    headers(headers&&) noexcept = default;
    headers& operator=(headers&&) noexcept = default;
    headers(const headers& other) {
        reserve(other.fields_.size(), other.text_.size());
        for (const auto& [name, value] : other.fields_)
            add_view(name, value);
    }
    headers& operator=(const headers& other) { return *this = headers(other); }
    ~headers() = default;

    void add(std::string_view name, std::string_view value) {
        if (is_ours(name) || is_ours(value))
            add_view(std::string(name), std::string(value)); // what they refer to may move
        else
            add_view(name, value);
    }
    /// In place of all of that name.
    void set(std::string_view name, std::string_view value) {
        std::erase_if(fields_, [&](const field& f) { return same_name(f.first, name); });
        add(name, value);
    }
    /// A line that continues the one before it, as old servers send them (RFC 9112, 5.2).
    void continue_last(std::string_view more) {
        if (fields_.empty())
            return;
        make_room(more.size() + 1);
        auto& value = fields_.back().second; // behind which nothing was written
        put(" ");
        put(more);
        value = {value.data(), value.size() + 1 + more.size()};
    }
    void clear() noexcept {
        fields_.clear();
        text_.clear();
    }
    void reserve(std::size_t fields, std::size_t bytes = 0) {
        fields_.reserve(fields);
        if (bytes > text_.size())
            make_room(bytes - text_.size());
    }

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
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
    }

private:
    friend class answer;

    bool is_ours(std::string_view text) const noexcept {
        const std::less<const char*> before;
        return !before(text.data(), text_.data()) && before(text.data(), text_.data() + text_.size());
    }

    // The text must not be of these headers.
    void add_view(std::string_view name, std::string_view value) {
        make_room(name.size() + value.size());
        const std::string_view kept_name = put(name); // in their order
        const std::string_view kept_value = put(value);
        fields_.emplace_back(kept_name, kept_value);
    }

    // One buffer for all of them: an answer has a dozen, most too short to be worth an allocation
    void make_room(std::size_t bytes) {
        if (text_.capacity() - text_.size() >= bytes)
            return;
        std::vector<char> larger;
        larger.reserve(std::max(2 * text_.size(), text_.size() + bytes));
        larger.insert(larger.end(), text_.begin(), text_.end());
        const auto moved = [&](std::string_view& view) {
            view = {larger.data() + (view.data() - text_.data()), view.size()};
        };
        for (auto& [name, value] : fields_) {
            moved(name);
            moved(value);
        }
        text_ = std::move(larger);
    }
    std::string_view put(std::string_view text) {
        const char* const at = text_.data() + text_.size();
        text_.insert(text_.end(), text.begin(), text.end());
        return {at, text.size()};
    }

    static constexpr char lower(char c) noexcept {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }

    std::vector<char> text_;
    std::vector<field> fields_; // into it
};

} // namespace oneloop::http
