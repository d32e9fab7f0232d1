#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop::redis {

/// Looks at every byte of the server before hiredis does, and keeps from it what hiredis 0.14 cannot bear: a
/// reply that nobody asked for (it ends the process), a line without an end (it searches the whole of it
/// again and again), lengths that nothing will ever fill. Texts are skipped, not looked at; their ends are.
/// No sockets; RESP2 only (https://redis.io/docs/latest/develop/reference/protocol-spec/).
class reply_scanner {
public:
    /// `max_reply`: bytes of one reply, and part_weight more for each of its parts.
    explicit reply_scanner(std::size_t max_reply) : max_reply_(max_reply) {}

    static constexpr std::size_t part_weight = 64;
    static constexpr std::size_t max_line = 64 * 1024;
    static constexpr std::size_t max_depth = 8; // hiredis 0.14 can do no more

    /// So many more replies may come.
    void expect(std::size_t replies) noexcept { owed_ += replies; }
    std::size_t owed() const noexcept { return owed_; }

    enum class fault {
        none,
        unasked,  ///< a reply that nobody asked for; problem() is its text
        protocol, ///< no RESP2; problem() says what
        too_large ///< beyond max_reply
    };
    /// Once there was a fault, nothing more may be scanned. Bytes in front of the fault are not to be used
    /// either.
    fault scan(std::string_view bytes);
    const std::string& problem() const noexcept { return problem_; }

    /// In the middle of a reply that was asked for.
    bool midway() const noexcept {
        return (where_ != state::type && where_ != state::unasked) || !open_.empty();
    }
    /// In the middle of something that nobody asked for.
    bool suspicious() const noexcept { return where_ == state::unasked; }

private:
    enum class state { type, line, body, unasked };

    fault begin(char type);
    fault end_of_line();
    fault charge(std::uint64_t bytes);
    fault too_large();
    fault wrong(std::string what);
    fault item_done();

    const std::size_t max_reply_;
    std::size_t owed_ = 0;
    state where_ = state::type;
    char type_ = 0;
    std::string line_;
    std::uint64_t body_left_ = 0;     // of a text, its line end included
    std::vector<std::uint64_t> open_; // arrays around this place: how many items each still lacks
    std::uint64_t weight_ = 0;        // of this reply so far
    std::string problem_;
};

} // namespace oneloop::redis
