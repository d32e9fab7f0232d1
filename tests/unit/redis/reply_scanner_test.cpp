#include "redis/reply_scanner.hpp"

#include "tests/support/catch.hpp"

#include <limits>
#include <ostream>

using oneloop::redis::reply_scanner;
using oneloop::testing::containing;
using fault = reply_scanner::fault;
using namespace std::string_literals;

namespace {

constexpr std::size_t plenty = 1 << 20;

struct verdict {
    fault what = fault::none;
    std::size_t owed = 0;
    bool midway = false;
    std::string problem;

    friend bool operator==(const verdict&, const verdict&) = default;
    friend std::ostream& operator<<(std::ostream& out, const verdict& v) {
        return out << static_cast<int>(v.what) << " owed " << v.owed << (v.midway ? " midway " : " ")
                   << v.problem;
    }
};

verdict of(reply_scanner& s, fault what) {
    if (what != fault::none)
        return {what, s.owed(), false, s.problem()};
    return {what, s.owed(), s.midway(), ""};
}

// The verdict on bytes that came in one piece; it is the same however they are cut.
verdict scan(const std::string& bytes, std::size_t expected = 1, std::size_t max_reply = plenty) {
    reply_scanner whole(max_reply);
    whole.expect(expected);
    const verdict v = of(whole, whole.scan(bytes));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        reply_scanner s(max_reply);
        s.expect(expected);
        fault f = s.scan(std::string_view(bytes).substr(0, cut));
        if (f == fault::none)
            f = s.scan(std::string_view(bytes).substr(cut));
        INFO("cut at " << cut);
        CHECK(of(s, f) == v);
    }
    reply_scanner drops(max_reply);
    drops.expect(expected);
    fault f = fault::none;
    for (std::size_t i = 0; i < bytes.size() && f == fault::none; ++i)
        f = drops.scan({&bytes[i], 1});
    CHECK(of(drops, f) == v);
    return v;
}

const verdict complete;

std::string nested(int depth, const std::string& innermost) {
    std::string s;
    for (int i = 0; i < depth; ++i)
        s += "*1\r\n";
    return s + innermost;
}

} // namespace

TEST_CASE("scanner: every form of a reply, however it is cut", "[redis][reply_scanner]") {
    for (const std::string& reply :
         {"+OK\r\n"s, "+\r\n"s, "-ERR no\r\n"s, ":0\r\n"s, ":-1\r\n"s, ":9223372036854775807\r\n"s,
          ":-9223372036854775808\r\n"s, "$0\r\n\r\n"s, "$3\r\nabc\r\n"s, "$-1\r\n"s, "$4\r\n\r\n\0\n\r\n"s,
          "*0\r\n"s, "*-1\r\n"s, "*1\r\n:1\r\n"s, "*3\r\n$1\r\na\r\n*2\r\n:1\r\n-no\r\n$-1\r\n"s,
          "*2\r\n*0\r\n*2\r\n*-1\r\n*1\r\n+x\r\n"s}) {
        INFO(reply);
        CHECK(scan(reply) == complete);
        CHECK(scan(reply + reply + reply, 3) == complete);
        // without its last byte it is not complete
        const verdict part = scan(reply.substr(0, reply.size() - 1));
        CHECK(part.what == fault::none);
        CHECK(part.owed == 1);
        CHECK(part.midway);
    }
}

TEST_CASE("scanner: replies are counted", "[redis][reply_scanner]") {
    reply_scanner s(plenty);
    CHECK(s.owed() == 0);
    CHECK_FALSE(s.midway());
    s.expect(2);
    s.expect(1);
    CHECK(s.owed() == 3);
    CHECK(s.scan("") == fault::none);
    CHECK(s.scan("+a\r\n+b") == fault::none);
    CHECK(s.owed() == 2);
    CHECK(s.midway());
    CHECK(s.scan("\r\n*2\r\n:1\r\n") == fault::none);
    CHECK(s.owed() == 1);
    CHECK(s.midway()); // between the items of an array
    CHECK(s.scan(":2\r\n") == fault::none);
    CHECK(s.owed() == 0);
    CHECK_FALSE(s.midway());
}

TEST_CASE("scanner: a reply that nobody asked for is found at its first byte", "[redis][reply_scanner]") {
    for (const char* reply : {"+", ":1\r\n", "$3\r\nabc\r\n", "*3\r\n", "\r\n", ">2\r\n", "x"}) {
        INFO(reply);
        CHECK(scan(reply, 0) == verdict{fault::unasked, 0, false, ""});
    }
    CHECK(scan("+OK\r\n+OK\r\n", 1) == verdict{fault::unasked, 0, false, ""});
}

TEST_CASE("scanner: of an error that nobody asked for the text is kept", "[redis][reply_scanner]") {
    CHECK(scan("-ERR max number\r\n", 0) == verdict{fault::unasked, 0, false, "ERR max number"});
    CHECK(scan("+OK\r\n-bye\r\n+more", 1) == verdict{fault::unasked, 0, false, "bye"});
    CHECK(scan("-ERR max", 0) == verdict{fault::none, 0, false, ""});
    CHECK(scan("-\r\n", 0) == verdict{fault::unasked, 0, false, ""});
    CHECK(scan("-a\x1b\nb\xff\r\n", 0).problem == "a??b\xff");
    CHECK(scan("-" + std::string(600, 'x') + "\r\n", 0).problem == std::string(500, 'x') + "...");
}

TEST_CASE("scanner: what is no RESP2 is a fault", "[redis][reply_scanner]") {
    // RESP3's types, inline text, a stray line end
    for (const std::string& reply :
         {"_\r\n"s, "#t\r\n"s, ",1.5\r\n"s, "(123\r\n"s, "!5\r\nERROR\r\n"s, "=3\r\ntxt\r\n"s,
          "%1\r\n+a\r\n:1\r\n"s, "~1\r\n:1\r\n"s, ">1\r\n:1\r\n"s, "|1\r\n"s, "HTTP/1.1 400\r\n"s, "\r\n"s,
          "\n"s, "\0"s, "*2\r\n:1\r\n_\r\n"s}) {
        INFO(reply);
        const verdict v = scan(reply);
        CHECK(v.what == fault::protocol);
        CHECK_THAT(v.problem, containing("the server sent a reply that begins with '"));
    }
    CHECK_THAT(scan("\x01").problem, containing("'?'"));
}

TEST_CASE("scanner: numbers are written in one way only", "[redis][reply_scanner]") {
    for (const char* number :
         {"", " 1", "1 ", "+1", "01", "-0", "00", "-", "--1", "1.0", "1e3", "0x1", "abc", "1\r",
          "9223372036854775808", "-9223372036854775809", "99999999999999999999999"})
        for (const char type : {':', '$', '*'}) {
            const std::string reply = type + std::string(number) + "\r\n";
            INFO(reply);
            CHECK(scan(reply).what == fault::protocol);
        }
    for (const char* length : {"-2", "-9223372036854775808"})
        for (const char type : {'$', '*'})
            CHECK(scan(type + std::string(length) + "\r\n").problem == "the server sent a negative length");
    for (const char type : {':', '$', '*'})
        CHECK_THAT(scan(type + "1\n"s).problem, containing("does not end with CR LF"));
}

TEST_CASE(
    "scanner: no bare line feed or carriage return is in a status or an error", "[redis][reply_scanner]"
) {
    for (const char type : {'+', '-'}) {
        CHECK_THAT(scan(type + "a\nb\r\n"s).problem, containing("does not end with CR LF"));
        CHECK_THAT(scan(type + "\n"s).problem, containing("does not end with CR LF"));
        CHECK_THAT(scan(type + "a\rb\r\n"s).problem, containing("a carriage return within a line"));
        CHECK_THAT(scan(type + "\r\r\n"s).problem, containing("a carriage return within a line"));
    }
}

TEST_CASE("scanner: a text ends where it said", "[redis][reply_scanner]") {
    for (const char* reply :
         {"$3\r\nabcd\r\n", "$3\r\nabc\n\r", "$3\r\nabc\r\r", "$0\r\nx", "$0\r\n+OK\r\n", "$3\r\nabc+"}) {
        INFO(reply);
        CHECK(scan(reply).what == fault::protocol);
    }
}

TEST_CASE("scanner: a line has an end", "[redis][reply_scanner]") {
    const std::size_t most = reply_scanner::max_line;
    for (const char type : {'+', '-', ':', '$'}) {
        reply_scanner s(plenty);
        s.expect(1);
        CHECK(s.scan({&type, 1}) == fault::none);
        CHECK(s.scan(std::string(most, '1')) == fault::none);
        CHECK(s.scan("1") == fault::protocol);
        CHECK(s.problem() == "the server sent a line of more than 64 KiB");
    }
    reply_scanner feeds(plenty);
    feeds.expect(1);
    CHECK(feeds.scan("+") == fault::none);
    fault f = fault::none;
    for (std::size_t i = 0; i <= most + 1 && f == fault::none; ++i)
        f = feeds.scan("\n");
    CHECK(f == fault::protocol);
    reply_scanner unasked(plenty);
    CHECK(unasked.scan("-" + std::string(most + 1, 'x')) == fault::protocol);
    reply_scanner fits(plenty);
    fits.expect(1);
    CHECK(fits.scan("+" + std::string(most - 1, 'x') + "\r\n") == fault::none);
    CHECK(fits.owed() == 0);
}

TEST_CASE("scanner: arrays in one another, eight deep", "[redis][reply_scanner]") {
    CHECK(scan(nested(8, ":1\r\n")) == complete);
    CHECK(scan(nested(7, "*0\r\n")) == complete);
    CHECK(
        scan(nested(8, "*0\r\n")).what == fault::protocol
    ); // hiredis would end the connection, empty or not
    CHECK(scan(nested(8, "*-1\r\n")).what == fault::protocol);
    const verdict v = scan(nested(9, ":1\r\n"));
    CHECK(v.what == fault::protocol);
    CHECK(v.problem == "the server sent arrays in one another, more than 8 deep");
    // Beside one another they may be many
    CHECK(scan("*2\r\n" + nested(6, ":1\r\n") + nested(6, "$-1\r\n")) == complete);
}

TEST_CASE("scanner: a reply has a largest size, its parts included", "[redis][reply_scanner]") {
    const std::size_t weight = reply_scanner::part_weight;
    const auto text = [](std::size_t n) {
        return "$" + std::to_string(n) + "\r\n" + std::string(n, 'x') + "\r\n";
    };
    // its weight, the two digits of its length and itself
    CHECK(scan(text(50), 1, weight + 2 + 50) == complete);
    CHECK(
        scan(text(51), 1, weight + 2 + 50) ==
        verdict{fault::too_large, 1, false, "the reply is larger than max_reply"}
    );
    CHECK(scan("+" + std::string(50, 'x') + "\r\n", 1, weight + 50) == complete);
    CHECK(scan("+" + std::string(51, 'x') + "\r\n", 1, weight + 50).what == fault::too_large);
    // An array weighs what is in it; each reply begins anew
    const std::string two = "*2\r\n:1\r\n:2\r\n";
    CHECK(scan(two, 1, 3 * (weight + 1)) == complete);
    CHECK(scan(two, 1, 3 * (weight + 1) - 1).what == fault::too_large);
    CHECK(scan(two + two, 2, 3 * (weight + 1)) == complete);
    CHECK(scan(":1\r\n", 1, 0).what == fault::too_large);
    // Found when it is announced, not when it has come
    CHECK(scan("$1048577\r\n").what == fault::too_large);
    CHECK(scan("*1048577\r\n").what == fault::too_large);
    CHECK(scan("*" + std::to_string(plenty / weight + 1) + "\r\n").what == fault::too_large);
}

TEST_CASE("scanner: huge lengths overflow nothing", "[redis][reply_scanner]") {
    constexpr auto no_limit = std::numeric_limits<std::size_t>::max();
    for (const char* huge : {"9223372036854775807", "4611686018427387904", "288230376151711744"}) {
        INFO(huge);
        CHECK(scan("$"s + huge + "\r\n").what == fault::too_large);
        CHECK(scan("*"s + huge + "\r\n").what == fault::too_large);
        CHECK(scan("$"s + huge + "\r\nx", 1, no_limit).midway);
    }
    CHECK(scan("*9223372036854775807\r\n", 1, no_limit).what == fault::too_large);
    // Two texts that together are more than a number can say
    CHECK(
        scan("*3\r\n$9\r\n123456789\r\n$9223372036854775807\r\n", 1, std::size_t{1} << 63).what ==
        fault::too_large
    );
    CHECK(scan("*0\r\n", 1, no_limit) == complete);
}
