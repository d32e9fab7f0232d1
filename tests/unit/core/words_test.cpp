#include "core/words.hpp"

#include "tests/support/catch.hpp"

using oneloop::in_words;
using namespace std::chrono_literals;

TEST_CASE("durations in words", "[words]") {
    CHECK(in_words(2s) == "2 s");
    CHECK(in_words(1500ms) == "1.5 s");
    CHECK(in_words(250ms) == "250 ms");
    CHECK(in_words(1ms) == "1 ms");
    CHECK(in_words(20us) == "20 us");
    CHECK(in_words(0s) == "0 s");
    CHECK(in_words(-3s) == "-3 s");
    CHECK(in_words(10min) == "600 s");
}

TEST_CASE("long durations in words keep all their digits", "[words]") {
    CHECK(in_words(24h) == "86400 s");
    CHECK(in_words(12'345s) == "12345 s");
}

TEST_CASE("sizes in words", "[words]") {
    CHECK(in_words(std::uint64_t(0)) == "0 bytes");
    CHECK(in_words(std::uint64_t(1023)) == "1023 bytes");
    CHECK(in_words(std::uint64_t(1024)) == "1 KiB");
    CHECK(in_words(std::uint64_t(1536)) == "1.5 KiB");
    CHECK(in_words(std::uint64_t(64) << 20) == "64 MiB");
    CHECK(in_words(std::uint64_t(3) << 30) == "3 GiB");
    CHECK(in_words(std::uint64_t(1) << 62) == "4194304 TiB");
}
