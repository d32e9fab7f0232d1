#include "core/words.hpp"
#include <oneloop/redis/value.hpp>

namespace oneloop::redis {

// The content is made here, not assigned: in what an assignment destroys g++ 14 sees a vector that never was.
value::value(kind what, std::string text)
    : content_([&]() -> decltype(content_) {
          if (what == kind::status)
              return status_text{std::move(text)};
          if (what == kind::error)
              return error_text{std::move(text)};
          if (what == kind::text)
              return std::move(text);
          return std::monostate();
      }()) {}

value::kind value::what() const noexcept {
    static constexpr kind kinds[] = {kind::nil,     kind::text,  kind::status,
                                     kind::integer, kind::error, kind::array};
    return kinds[content_.index()];
}

const std::string& value::text() const& noexcept {
    static const std::string none;
    if (const auto* s = std::get_if<std::string>(&content_))
        return *s;
    if (const auto* s = std::get_if<status_text>(&content_))
        return s->text;
    if (const auto* s = std::get_if<error_text>(&content_))
        return s->text;
    return none;
}

std::string value::text() && noexcept {
    if (auto* s = std::get_if<std::string>(&content_))
        return std::move(*s);
    return static_cast<const value&>(*this).text();
}

std::int64_t value::integer() const noexcept {
    const auto* number = std::get_if<std::int64_t>(&content_);
    return number ? *number : 0;
}

const value::array& value::items() const& noexcept {
    static const array none;
    const auto* all = std::get_if<array>(&content_);
    return all ? *all : none;
}

value::array& value::items() & noexcept {
    static thread_local array none;
    auto* all = std::get_if<array>(&content_);
    return all ? *all : (none.clear(), none);
}

value::array value::items() && noexcept {
    return std::move(items());
}

std::string value::description() const {
    switch (what()) {
        case kind::nil:
            return "nil";
        case kind::text:
            return "a text of " + std::to_string(text().size()) + " bytes";
        case kind::status:
            return "the status " + printable(text(), 40);
        case kind::integer:
            return "the number " + std::to_string(integer());
        case kind::error:
            return "the error " + printable(text(), 200);
        case kind::array:
            return "an array of " + std::to_string(items().size());
    }
    return "nothing";
}

} // namespace oneloop::redis
