#include "core/dns_wire.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace oneloop {

dns_wire::dns_wire(executor loop, std::size_t most_at_once)
    : loop_(std::move(loop)), most_(std::max<std::size_t>(most_at_once, 1)) {}

void dns_wire::use(ares_channel::settings how) {
    settings_ = std::move(how);
    if (channel_ && channel_->unanswered() > 0)
        old_.push_back(std::move(channel_));
    channel_.reset();
}

void dns_wire::ask(std::string name, dns_type type, std::weak_ptr<const void> wanted, told tell) {
    queue_.push_back({std::move(name), type, std::move(wanted), std::move(tell)});
    pump();
}

void dns_wire::pump() {
    while (under_way_ < most_ && !queue_.empty()) {
        question next = std::move(queue_.front());
        queue_.pop_front();
        if (!next.wanted.expired())
            send(std::move(next));
    }
}

void dns_wire::send(question q) {
    try {
        if (!channel_)
            channel_ = std::make_shared<ares_channel>(loop_, settings_);
    } catch (const boost::system::system_error& why) {
        return refuse(std::move(q), why);
    }
    ++under_way_;
    ++sent_;
    const std::weak_ptr from = channel_;
    auto answered_here = [this, weak = weak_from_this(), from, generation = generation_,
                          tell = std::move(q.tell)](dns_answer answer) {
        const auto alive = weak.lock();
        if (!alive || generation != generation_)
            return;
        --under_way_;
        tell(std::move(answer));
        if (const auto channel = from.lock())
            answered(channel);
    };
    channel_->ask(q.name, q.type, std::move(answered_here));
}

void dns_wire::answered(const std::shared_ptr<ares_channel>& from) {
    if (from->unanswered() == 0)
        std::erase(old_, from); // who calls keeps it alive
    pump();
}

void dns_wire::refuse(question q, const boost::system::system_error& why) {
    dns_answer answer;
    answer.code = why.code();
    answer.reason = why.what();
    boost::asio::post(loop_, [answer = std::move(answer), wanted = q.wanted, tell = std::move(q.tell)] {
        if (!wanted.expired())
            tell(answer);
    });
}

void dns_wire::drop_all() {
    queue_.clear();
    under_way_ = 0;
    ++generation_; // an answer that is about to be told is not
    old_.clear();
    if (channel_)
        channel_->cancel();
}

} // namespace oneloop
