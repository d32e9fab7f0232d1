// What comes over the wire is anybody's: bytes at random, and replies that are nearly right, against a
// decoder that knows nothing of hiredis.

#include "redis/codec.hpp"
#include "tests/support/catch.hpp"

#include <charconv>
#include <deque>
#include <optional>
#include <random>

using namespace oneloop;
using redis::codec;
using redis::request;
using redis::value;
using kind = value::kind;

namespace {

constexpr std::size_t max_reply = 4096, weight = 64, max_line = 64 * 1024, max_depth = 8;

// RESP2 as its specification has it, read from the front of a text.
class decoder {
public:
    explicit decoder(std::string_view bytes) : rest_(bytes) {}

    enum class state { complete, part, wrong };

    state next(value& v) {
        budget_ = max_reply;
        return item(v, 0);
    }
    bool empty() const { return rest_.empty(); }

private:
    state item(value& v, std::size_t depth) {
        if (rest_.empty())
            return state::part;
        const char type = rest_.front();
        if (type != '+' && type != '-' && type != ':' && type != '$' && type != '*')
            return state::wrong;
        rest_.remove_prefix(1);
        if (!spend(weight))
            return state::wrong;
        const bool text_line = type == '+' || type == '-';
        const auto end = rest_.find('\n');
        if (end == rest_.npos)
            return rest_.size() > max_line ? state::wrong : state::part;
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        if (!line.ends_with('\r'))
            return state::wrong;
        line.remove_suffix(1);
        if (text_line && line.find('\r') != line.npos)
            return state::wrong;
        if (!spend(line.size()))
            return state::wrong;
        if (text_line) {
            v = value(type == '+' ? kind::status : kind::error, std::string(line));
            return state::complete;
        }
        const auto number = whole(line);
        if (!number)
            return state::wrong;
        if (type == ':') {
            v = value(*number);
            return state::complete;
        }
        if (type == '*' && depth == max_depth)
            return state::wrong;
        if (*number == -1) {
            v = value();
            return state::complete;
        }
        if (*number < 0)
            return state::wrong;
        const auto length = static_cast<std::uint64_t>(*number);
        return type == '$' ? text(v, length) : array(v, length, depth);
    }

    state text(value& v, std::uint64_t length) {
        if (!spend(length))
            return state::wrong;
        const auto ends = rest_.size() > length ? rest_.substr(length, 2) : std::string_view();
        if (!std::string_view("\r\n").starts_with(ends))
            return state::wrong;
        if (ends.size() < 2)
            return state::part;
        v = value(kind::text, std::string(rest_.substr(0, length)));
        rest_.remove_prefix(length + 2);
        return state::complete;
    }

    state array(value& v, std::uint64_t length, std::size_t depth) {
        if (length > max_reply / weight)
            return state::wrong;
        value::array all;
        for (std::uint64_t i = 0; i < length; ++i) {
            value one;
            if (const state s = item(one, depth + 1); s != state::complete)
                return s;
            all.push_back(std::move(one));
        }
        v = value(std::move(all));
        return state::complete;
    }

    static std::optional<std::int64_t> whole(std::string_view text) {
        const auto digits = text.starts_with('-') ? text.substr(1) : text;
        if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
            return {};
        if (digits.front() == '0' && text != "0")
            return {};
        std::int64_t n = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc())
            return {};
        return n;
    }

    bool spend(std::uint64_t bytes) {
        if (bytes > budget_)
            return false;
        budget_ -= bytes;
        return true;
    }

    std::string_view rest_;
    std::uint64_t budget_ = 0;
};

class taker final : public redis::reply_taker {
public:
    void take(value v) noexcept override {
        ++calls;
        got = std::move(v);
    }
    void lost() noexcept override { ++calls, was_lost = true; }
    int calls = 0;
    bool was_lost = false;
    value got;
};

class generator {
public:
    explicit generator(unsigned seed) : random_(seed) {}

    std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

    std::string reply(int depth = 0) {
        switch (pick(depth < 4 ? 8 : 6)) {
            case 0:
                return "+" + word() + "\r\n";
            case 1:
                return "-ERR " + word() + "\r\n";
            case 2:
                return ":" + std::to_string(static_cast<long>(pick(2000)) - 1000) + "\r\n";
            case 3:
                return "$-1\r\n";
            case 4:
            case 5: {
                const std::string s = bytes(pick(40));
                return "$" + std::to_string(s.size()) + "\r\n" + s + "\r\n";
            }
            default: {
                const std::size_t n = pick(4);
                std::string s = "*" + std::to_string(n) + "\r\n";
                for (std::size_t i = 0; i < n; ++i)
                    s += reply(depth + 1);
                return s;
            }
        }
    }

    // A character or a few of what the protocol is made of, somewhere.
    void mutate(std::string& s) {
        static constexpr std::string_view telling = "+-:$*\r\n0123456789>_%x";
        for (std::size_t n = 1 + pick(3); n > 0; --n) {
            const std::size_t at = pick(s.size() + 1);
            switch (pick(4)) {
                case 0:
                    s.insert(at, 1, telling[pick(telling.size())]);
                    break;
                case 1:
                    if (at < s.size())
                        s.erase(at, 1 + pick(3));
                    break;
                case 2:
                    if (at < s.size())
                        s[at] = telling[pick(telling.size())];
                    break;
                case 3:
                    s.resize(at);
                    break;
            }
        }
    }

    std::string bytes(std::size_t n) {
        std::string s(n, '\0');
        for (char& c : s)
            c = static_cast<char>(pick(256));
        return s;
    }

private:
    std::string word() {
        std::string s(pick(12), 'x');
        return s;
    }

    std::mt19937 random_;
};

// Feeds what the server sent in pieces, to be compared with the decoder's opinion. How many replies were
// complete.
std::size_t compare(const std::string& bytes, std::size_t commands, generator& random) {
    std::deque<taker> who(commands);
    std::size_t whole = 0, asked_for = 0;
    failure told;
    bool ended_midway = false;
    {
        codec c(max_reply);
        for (auto& t : who)
            REQUIRE(c.push(request("GET"), t));
        for (std::size_t at = 0; at < bytes.size() && !told.code();) {
            const std::size_t n = 1 + random.pick(bytes.size());
            told = c.feed(std::string_view(bytes).substr(at, n));
            at += n;
        }
        asked_for = c.owed();
        ended_midway = !told.code() && (c.midway() || c.suspicious());
    }

    decoder d(bytes);
    auto state = decoder::state::complete;
    while (state == decoder::state::complete && whole < commands && !d.empty()) {
        value expected;
        state = d.next(expected);
        if (state != decoder::state::complete)
            break;
        // Of what came in one piece with a fault nothing is used
        if (!who[whole].was_lost)
            REQUIRE(who[whole].got == expected);
        else
            REQUIRE(told.code());
        ++whole;
    }
    for (std::size_t i = 0; i < commands; ++i) {
        REQUIRE(who[i].calls == 1);
        if (i >= whole)
            REQUIRE(who[i].was_lost);
    }
    const bool unasked = state == decoder::state::complete && !d.empty();
    if (unasked) {
        // An error that nobody asked for is waited for to its end
        REQUIRE((told.code() || ended_midway));
    } else {
        REQUIRE(static_cast<bool>(told.code()) == (state == decoder::state::wrong));
        if (!told.code()) {
            REQUIRE(asked_for == commands - whole);
            REQUIRE(ended_midway == (state == decoder::state::part));
        }
    }
    return told.code() ? 0 : whole;
}

} // namespace

TEST_CASE("codec: replies that are nearly right are read as the specification has it", "[redis][codec]") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    generator random(seed);
    std::size_t good = 0, bad = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string bytes;
        const std::size_t replies = 1 + random.pick(3);
        for (std::size_t i = 0; i < replies; ++i)
            bytes += random.reply();
        if (random.pick(4) != 0)
            random.mutate(bytes);
        CAPTURE(round, bytes);
        ++(compare(bytes, random.pick(4), random) > 0 ? good : bad);
    }
    CHECK(good > 10'000);
    CHECK(bad > 10'000);
}

TEST_CASE("codec: bytes at random end no process", "[redis][codec]") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    generator random(seed);
    for (int round = 0; round < 100'000; ++round) {
        std::string bytes = random.bytes(1 + random.pick(60));
        if (random.pick(2) == 0) // else most end with the first
            bytes.front() = "+-:$*"[random.pick(5)];
        CAPTURE(round);
        compare(bytes, random.pick(3), random);
    }
}
