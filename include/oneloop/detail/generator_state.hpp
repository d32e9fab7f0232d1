#pragma once

/// What a generator and its body share: one place for a value, and who waits for whom.

#include <oneloop/awaitable.hpp>
#include <oneloop/detail/nursery.hpp>
#include <oneloop/detail/wait_list.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace oneloop::detail {

class generator_state {
public:
    using body_function = std::function<awaitable<void>(const std::shared_ptr<generator_state>&)>;

    explicit generator_state(executor loop);
    generator_state(const generator_state&) = delete;
    generator_state& operator=(const generator_state&) = delete;

    void set_body(body_function body) { body_ = std::move(body); }

    // The generator's side

    /// Until there is a value, or the body has ended; throws what it threw, the first time.
    static awaitable<void> ask(std::shared_ptr<generator_state> self);
    static awaitable<void> close(std::shared_ptr<generator_state> self);
    static void abandon(generator_state& self) noexcept;

    // The body's side

    /// Until a value that nobody has taken yet has left its place: a wait in given() was cancelled.
    awaitable<void> place_free();
    /// Tells that there is a value, and waits until the next is asked for.
    awaitable<void> given();

protected:
    virtual ~generator_state() = default;
    virtual bool has_value() const noexcept = 0;
    virtual void drop_value() noexcept = 0;

private:
    void begin(const std::shared_ptr<generator_state>& self);
    void ended(std::exception_ptr why);
    awaitable<void> wait_for_question();

    std::shared_ptr<pending_registry> registry_;
    std::shared_ptr<nursery> home_; // of the body alone
    std::shared_ptr<wait_list> asked_, answered_;
    body_function body_; // until it has begun
    std::exception_ptr error_;
    bool asking_ = false, giving_ = false, question_ = false;
    bool closed_ = false, ended_ = false;
};

template <class T>
class typed_generator_state final : public generator_state {
public:
    using generator_state::generator_state;

    std::optional<T> value;

private:
    bool has_value() const noexcept override { return value.has_value(); }
    void drop_value() noexcept override { value.reset(); }
};

} // namespace oneloop::detail
