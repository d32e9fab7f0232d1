#pragma once

#include <memory>
#include <utility>

namespace oneloop::detail {

/// A value kept elsewhere, so that what has many members is moved as one pointer: on the way from an
/// operation to who awaits it a result is moved a dozen times. Copied like the value itself.
template <class T>
class boxed {
public:
    boxed() = default; // with nothing in it
    explicit boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
    boxed(boxed&&) noexcept = default;
    boxed& operator=(boxed&&) noexcept = default;
    boxed(const boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    boxed& operator=(const boxed& other) { return *this = boxed(other); }
    ~boxed() = default;

    explicit operator bool() const noexcept { return value_ != nullptr; }
    T& operator*() noexcept { return *value_; }
    const T& operator*() const noexcept { return *value_; }
    T* operator->() noexcept { return value_.get(); }
    const T* operator->() const noexcept { return value_.get(); }

private:
    std::unique_ptr<T> value_;
};

} // namespace oneloop::detail
