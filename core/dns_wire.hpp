#pragma once

#include "core/ares_channel.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace oneloop {

/// The way to the DNS servers, for a limited number of questions at once; the others wait for their turn.
///
/// The limit is there because of c-ares 1.18, which looks through all its questions whenever it says when it
/// wants to be called, and because of the socket's buffer: what does not fit into it is lost, and asked again
/// only after a while.
class dns_wire : public std::enable_shared_from_this<dns_wire> {
public:
    using told = ares_channel::told;

    dns_wire(executor loop, std::size_t most_at_once);

    /// Who is asked from now on. Questions that are under way get their answers where they are.
    void use(ares_channel::settings);

    /// `tell` is never called before this returns. A question whose `wanted` is gone when its turn comes is
    /// not sent.
    void ask(std::string name, dns_type, std::weak_ptr<const void> wanted, told tell);

    /// Nobody is told any more, and the loop is free to end.
    void drop_all();

    std::size_t on_the_wire() const noexcept { return under_way_; }
    std::size_t sent() const noexcept { return sent_; }

private:
    struct question {
        std::string name;
        dns_type type;
        std::weak_ptr<const void> wanted;
        told tell;
    };

    void pump();
    void send(question);
    void refuse(question, const boost::system::system_error& why);
    void answered(const std::shared_ptr<ares_channel>&);

    executor loop_;
    const std::size_t most_;
    ares_channel::settings settings_;
    std::shared_ptr<ares_channel> channel_;          // for the next question; from the first on
    std::vector<std::shared_ptr<ares_channel>> old_; // until they have answered
    std::deque<question> queue_;
    std::size_t under_way_ = 0, sent_ = 0, generation_ = 0;
};

} // namespace oneloop
