#include "http_client/body_feed.hpp"

#include "http_client/failure_of.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace oneloop::http {
namespace {

failure read_before() {
    return failure(errc::invalid_argument)
        .because("another request has read the source of the body, which can be read once");
}

} // namespace

body_feed::body_feed(
    executor loop, std::shared_ptr<detail::piece_source> source, std::optional<std::uint64_t> length
)
    : asker_(std::make_shared<oneloop::detail::nursery>(loop, 1)),
      source_(std::move(source)),
      length_(length),
      taken_(std::make_shared<oneloop::detail::wait_list>(loop)) {}

std::shared_ptr<detail::piece_source> body_feed::take_source() {
    asked_ = true;
    if (std::exchange(source_->asked, true))
        throw error(read_before());
    return source_;
}

// On a turn of its own, as the nursery does it: libcurl is calling.
void body_feed::begin() {
    asked_ = true;
    if (std::exchange(source_->asked, true)) {
        ended_ = true;
        why_ = read_before();
        return;
    }
    asker_->start(
        ask(shared_from_this()),
        [weak = weak_from_this()](const std::exception_ptr& why) {
            if (const auto self = weak.lock())
                self->ended(why);
        },
        oneloop::detail::failing::stays_here
    );
}

awaitable<void> body_feed::ask(std::shared_ptr<body_feed> self) {
    const auto source = self->source_; // which is destroyed here and not in stop(), under the source's feet
    while (auto piece = co_await source->next()) {
        while (self->next_)
            co_await self->taken_->wait();
        if (piece->empty())
            continue;
        self->next_ = std::move(piece);
        self->wake();
    }
}

void body_feed::ended(const std::exception_ptr& why) {
    ended_ = true;
    if (why)
        why_ = failure_of(why, "the source of the body ");
    wake();
}

void body_feed::wake() {
    if (std::exchange(waits_, false) && more_)
        more_();
}

// To the next piece, if it is here.
bool body_feed::advance() {
    if (!next_)
        return false;
    sending_ = std::move(*next_);
    sent_ = 0;
    next_.reset();
    taken_->notify_one();
    return true;
}

body_feed::state body_feed::read(char* to, std::size_t room, std::size_t& size) {
    if (!asked_)
        begin();
    if (sent_ == sending_.size() && !advance()) {
        if (why_.code())
            return state::failed;
        waits_ = !ended_;
        if (waits_)
            return state::wait;
        if (length_ && given_ != *length_) {
            why_ = failure(errc::invalid_argument)
                       .because(
                           "the source of the body has ended after " + std::to_string(given_) + " of " +
                           std::to_string(*length_) + " bytes"
                       );
            return state::failed;
        }
        return state::end;
    }
    size = std::min(room, sending_.size() - sent_);
    // All of the piece counts: libcurl may ask for no more than it still wants
    if (length_ && sending_.size() - sent_ > *length_ - given_) {
        why_ = failure(errc::invalid_argument)
                   .because(
                       "the source of the body gives more than the " + std::to_string(*length_) +
                       " bytes that were announced"
                   );
        return state::failed;
    }
    std::memcpy(to, sending_.data() + sent_, size);
    sent_ += size;
    given_ += size;
    return state::some;
}

void body_feed::stop() {
    more_ = nullptr;
    asker_->cancel();
}

} // namespace oneloop::http
