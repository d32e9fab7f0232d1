#pragma once

#include "core/dns_answer.hpp"
#include "core/dns_message.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace oneloop {

/// What to ask about one name, and what its answers mean together. Knows neither sockets nor time.
///
/// The names that it may be (search domains) are asked for in turn, each for both families at once, until one
/// exists. A server that fails or is silent ends the walk: the next name might be another host's.
class dns_walk {
public:
    struct question {
        std::size_t round; ///< to be given back with the answer
        std::string name;
        dns_type type;
    };

    /// `names` is not empty, and at least one family is wanted.
    dns_walk(std::vector<std::string> names, bool ipv4, bool ipv6);

    /// What has to be asked now, each question once. A question that nobody answered is asked again.
    std::vector<question> take_questions();

    void answered(std::size_t round, dns_type, dns_answer);

    /// There are addresses, and the other family has not been heard of: waiting on is a matter of patience.
    bool is_half() const noexcept;
    /// Patience is over: what is there is the answer.
    void be_content() noexcept { content_ = is_half(); }

    bool done() const noexcept { return done_ || content_; }
    /// Once it is done.
    dns_answer answer() const;

private:
    enum class state { unwanted, to_ask, asked, answered };

    struct part {
        dns_type type;
        state now = state::unwanted;
        dns_answer said;
    };

    void judge();
    bool open(const part& p) const noexcept { return p.now == state::to_ask || p.now == state::asked; }
    void next_name();

    std::vector<std::string> names_;
    std::size_t round_ = 0;
    std::array<part, 2> parts_;
    bool done_ = false, content_ = false;
    dns_answer negative_; // of the names before
};

} // namespace oneloop
