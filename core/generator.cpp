#include <oneloop/detail/generator_state.hpp>
#include <oneloop/detail/raised.hpp>

#include <utility>

namespace oneloop::detail {

namespace {

failure wrong_use(const char* doing, const char* why) {
    return failure(errc::invalid_argument).doing(doing).because(why);
}

} // namespace

generator_state::generator_state(executor loop)
    : registry_(pending_registry::of(loop)),
      home_(std::make_shared<nursery>(loop, 1)),
      asked_(std::make_shared<wait_list>(loop)),
      answered_(std::make_shared<wait_list>(loop)) {}

// The body's frame owns the state; were the state owned by what the nursery keeps, they would keep one
// another.
void generator_state::begin(const std::shared_ptr<generator_state>& self) {
    auto body = std::exchange(body_, nullptr);
    home_->start(
        body(self),
        [weak = std::weak_ptr(self)](std::exception_ptr why) {
            if (auto alive = weak.lock())
                alive->ended(std::move(why));
        },
        failing::stays_here
    );
}

void generator_state::ended(std::exception_ptr why) {
    ended_ = true;
    if (!closed_ || !is_cancellation(why))
        error_ = std::move(why);
    answered_->notify_all();
}

awaitable<void> generator_state::ask(std::shared_ptr<generator_state> self) {
    if (self->asking_)
        throw error(wrong_use("generator::next", "another coroutine waits for the next value already"));
    const raised asking(self->asking_);
    if (!self->closed_ && !self->ended_) {
        self->question_ = true;
        if (self->body_)
            self->begin(self);
        else
            self->asked_->notify_all();
    }
    while (!self->has_value() && !self->ended_ && !self->closed_)
        co_await self->answered_->wait();
    if (!self->has_value() && self->ended_ && self->error_)
        std::rethrow_exception(std::exchange(self->error_, nullptr));
}

awaitable<void> generator_state::place_free() {
    if (giving_)
        throw error(wrong_use("yield", "another coroutine of the body is giving a value already"));
    const raised giving(giving_);
    if (has_value())
        co_await wait_for_question();
    if (closed_)
        throw error(failure(errc::closed).because("the generator was closed").doing("yield"));
}

awaitable<void> generator_state::given() {
    const raised giving(giving_);
    question_ = false;
    answered_->notify_all();
    co_await wait_for_question();
}

awaitable<void> generator_state::wait_for_question() {
    while (!question_ && !closed_)
        co_await asked_->wait();
}

void generator_state::abandon(generator_state& self) noexcept {
    self.closed_ = true;
    self.body_ = nullptr;
    self.drop_value();
    if (!self.registry_->alive())
        return; // the loop is being destroyed, and with it the body
    self.answered_->notify_all();
    self.home_->cancel();
}

awaitable<void> generator_state::close(std::shared_ptr<generator_state> self) {
    if (!self)
        co_return;
    abandon(*self);
    co_await nursery::join(self->home_);
    if (self->error_)
        std::rethrow_exception(std::exchange(self->error_, nullptr));
}

} // namespace oneloop::detail
