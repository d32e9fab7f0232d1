#pragma once

/// An operation in flight whose engine knows the result as a `Raw` and whose caller wants a `T`: where the
/// types of the callers end, so that engines are compiled once.

#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>

#include <memory>
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

/// A raw result that has become what the caller wants, or the failure to do so.
class converted {
public:
    virtual ~converted() = default;

protected:
    converted() = default;
};

/// What the engine holds. Completed once; further calls do nothing. If the result is not what the caller
/// wants, the engine is told why, and completes it by fail() when it has said what was being done.
template <class Raw>
class operation : public pending {
public:
    [[nodiscard]] virtual failure succeed(Raw) = 0;
    /// The same in two steps, the first of which may be taken on any thread: for what takes long.
    using converter_function = std::unique_ptr<converted> (*)(Raw);
    virtual converter_function converter() const noexcept = 0;
    [[nodiscard]] virtual failure complete(std::unique_ptr<converted>) = 0;

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

    failure succeed(Raw raw) override { return finish(Convert(std::move(raw))); }
    typename operation<Raw>::converter_function converter() const noexcept override {
        return [](Raw raw) -> std::unique_ptr<converted> {
            return std::make_unique<wanted>(Convert(std::move(raw)));
        };
    }
    failure complete(std::unique_ptr<converted> done) override {
        return finish(std::move(static_cast<wanted&>(*done).what));
    }
    void fail(failure why) override {
        auto handler = std::move(handler_);
        handler.fail(std::move(why));
    }
    boost::asio::cancellation_slot slot() const noexcept override { return handler_.slot(); }
    void abandon() noexcept override { auto dies_here = std::move(handler_); }

private:
    class wanted final : public converted {
    public:
        explicit wanted(result<T> r) : what(std::move(r)) {}
        result<T> what;
    };

    failure finish(result<T> what) {
        if (what.has_error())
            return std::move(what).error();
        auto handler = std::move(handler_);
        if constexpr (std::is_void_v<T>)
            handler.succeed();
        else
            handler.succeed(std::move(*what));
        return {};
    }

    handler_type handler_;
};

} // namespace oneloop::detail
