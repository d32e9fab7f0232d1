#pragma once

/// An operation in flight whose engine knows the result as a `Raw` and whose caller wants a `T`: where the
/// types of the callers end, so that engines are compiled once.

#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>

#include <type_traits>
#include <utility>

namespace oneloop::detail {

template <class T>
struct completion_for {
    using type = completion<T>;
};
template <>
struct completion_for<void> {
    using type = completion<>;
};

/// What the engine holds. Completed once; further calls do nothing. If the result is not what the caller
/// wants, the engine is told why, and completes it by fail() when it has said what was being done.
template <class Raw>
class operation : public pending {
public:
    [[nodiscard]] virtual failure succeed(Raw) = 0;
    virtual void fail(failure) = 0;
    virtual boost::asio::cancellation_slot slot() const noexcept = 0;

protected:
    using pending::pending;
};

/// `convert(raw)` gives a `result<T>`; for void it only tells whether it went well.
template <class Raw, class T, result<T> (*Convert)(Raw)>
class operation_as final : public operation<Raw> {
public:
    using handler_type = typename completion_for<T>::type;

    operation_as(const executor& loop, handler_type handler)
        : operation<Raw>(pending_registry::of(loop)), handler_(std::move(handler)) {}

    failure succeed(Raw raw) override {
        result<T> wanted = Convert(std::move(raw));
        if (wanted.has_error())
            return std::move(wanted).error();
        auto handler = std::move(handler_);
        if constexpr (std::is_void_v<T>)
            handler.succeed();
        else
            handler.succeed(std::move(*wanted));
        return {};
    }
    void fail(failure why) override {
        auto handler = std::move(handler_);
        handler.fail(std::move(why));
    }
    boost::asio::cancellation_slot slot() const noexcept override { return handler_.slot(); }
    void abandon() noexcept override { auto dies_here = std::move(handler_); }

private:
    handler_type handler_;
};

} // namespace oneloop::detail
