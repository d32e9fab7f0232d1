#include "tests/support/catch.hpp"
#include <oneloop/redis/request.hpp>

#include <array>
#include <charconv>
#include <limits>
#include <random>

using namespace oneloop::redis;
using namespace std::string_literals;

namespace {

template <class T>
std::string written(const T& number) {
    return std::string(request("X").arg(number).at(1));
}

enum class colour { red };

} // namespace

TEST_CASE("request: texts as they are, in their order", "[redis][request]") {
    const std::string every = "a\0b\r\n"s;
    const std::string_view view = "view";
    request r("SET");
    r.arg("key").arg(every).args(view, "", "last"s);
    CHECK(r.size() == 6);
    CHECK(r.name() == "SET");
    CHECK(r.at(1) == "key");
    CHECK(r.at(2) == every);
    CHECK(r.at(3) == "view");
    CHECK(r.at(4) == "");
    CHECK(r.at(5) == "last");
    CHECK(r.bytes() == 3 + 3 + every.size() + 4 + 4);
}

TEST_CASE("request: whole numbers in decimal", "[redis][request]") {
    CHECK(written(0) == "0");
    CHECK(written(-7) == "-7");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(written(std::int8_t{-128}) == "-128");
    CHECK(written(std::uint8_t{65}) == "65"); // a number, not the letter A
    CHECK(written(std::size_t{5}) == "5");
}

TEST_CASE("request: a double is the shortest text that gives it again", "[redis][request]") {
    CHECK(written(0.1) == "0.1");
    CHECK(written(2.5) == "2.5");
    CHECK(written(2.5f) == "2.5");
    CHECK(written(1e300) == "1e+300");
    CHECK(written(-0.0) == "-0");
    CHECK(written(std::numeric_limits<double>::infinity()) == "inf");
    std::mt19937_64 random(7);
    for (int i = 0; i < 10'000; ++i) {
        const auto bits = random();
        double number = 0;
        std::memcpy(&number, &bits, sizeof number);
        if (number != number)
            continue;
        const std::string text = written(number);
        double again = 0;
        std::from_chars(text.data(), text.data() + text.size(), again);
        REQUIRE(again == number);
        REQUIRE(text.size() <= 24);
    }
}

TEST_CASE("request: bytes", "[redis][request]") {
    const std::array bytes{std::byte{0}, std::byte{255}, std::byte{10}};
    const std::vector<std::byte> more(3, std::byte{65});
    request r("X");
    r.args(bytes, more, std::span<const std::byte>(more).first(2), std::span<const std::byte>());
    CHECK(r.at(1) == "\0\xff\n"s);
    CHECK(r.at(2) == "AAA");
    CHECK(r.at(3) == "AA");
    CHECK(r.at(4) == "");
}

TEST_CASE("request: what means something else in each command is no argument", "[redis][request]") {
    STATIC_REQUIRE(argument<std::string>);
    STATIC_REQUIRE(argument<char[4]>);
    STATIC_REQUIRE(argument<long double>);
    STATIC_REQUIRE_FALSE(argument<bool>);
    STATIC_REQUIRE_FALSE(argument<char>);
    STATIC_REQUIRE_FALSE(argument<wchar_t>);
    STATIC_REQUIRE_FALSE(argument<char8_t>);
    STATIC_REQUIRE_FALSE(argument<colour>);
    STATIC_REQUIRE_FALSE(argument<std::vector<int>>);
    STATIC_REQUIRE_FALSE(argument<std::nullptr_t>);
}
