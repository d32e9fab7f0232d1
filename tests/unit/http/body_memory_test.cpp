#include "http_client/body_memory.hpp"

#include "http_client/answer.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <optional>
#include <utility>

using namespace oneloop::http;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

std::string with_room(std::size_t bytes) {
    std::string s;
    s.reserve(bytes);
    return s;
}

response large_answer(const std::shared_ptr<body_memory>& memory, char filled_with) {
    answer a(10'000);
    a.use(memory);
    a.begin_anew(10'000);
    CHECK(a.line("HTTP/1.1 200 OK\r\n"));
    CHECK(a.line("\r\n"));
    for (std::size_t i = 0; i < 64; ++i)
        a.keep(std::string(mib / 16, filled_with), 4 * mib);
    return a.take();
}

} // namespace

TEST_CASE("body memory: the next large body takes that of the last", "[body_memory]") {
    const auto memory = std::make_shared<body_memory>();
    memory->open();
    std::optional<response> first(large_answer(memory, 'a'));
    const char* const where = first->body().data();
    const response copy = *first;
    first.reset();
    const response second = large_answer(memory, 'b');
    CHECK(second.body().data() == where);
    CHECK(second.body() == std::string(4 * mib, 'b'));
    CHECK(copy.body() == std::string(4 * mib, 'a'));
}

TEST_CASE("body memory: who takes the body takes its memory", "[body_memory]") {
    const auto memory = std::make_shared<body_memory>();
    memory->open();
    const std::string taken = large_answer(memory, 'a').body();
    CHECK(taken == std::string(4 * mib, 'a'));
    CHECK(memory->take(4 * mib).capacity() < mib);
}

TEST_CASE("body memory: nothing is much larger than what it is for", "[body_memory]") {
    body_memory memory;
    memory.open();
    memory.give(with_room(8 * mib));
    CHECK(memory.take(9 * mib).capacity() < mib);
    CHECK(memory.take(3 * mib).capacity() < mib);
    CHECK(memory.take(5 * mib).capacity() >= 8 * mib);
    CHECK(memory.take(5 * mib).capacity() < mib); // once
}

TEST_CASE("body memory: it is bounded, and what lies there longest goes first", "[body_memory]") {
    body_memory memory;
    memory.open();
    memory.give(with_room(body_memory::worth_keeping / 2));
    CHECK(memory.take(body_memory::worth_keeping / 2).capacity() < body_memory::worth_keeping / 2);
    memory.give(with_room(10 * mib));
    for (int i = 0; i < 2; ++i)
        memory.give(with_room(30 * mib));
    CHECK(memory.take(10 * mib).capacity() < mib);
    CHECK(memory.take(30 * mib).capacity() >= 30 * mib);
    CHECK(memory.take(30 * mib).capacity() >= 30 * mib);
    memory.give(with_room(body_memory::most_kept + 1));
    CHECK(memory.take(body_memory::most_kept).capacity() < mib);
}

TEST_CASE("body memory: while no request is under way it keeps nothing", "[body_memory]") {
    body_memory memory;
    memory.give(with_room(mib));
    CHECK(memory.take(mib).capacity() < mib);
    memory.open();
    memory.give(with_room(mib));
    memory.close();
    CHECK(memory.take(mib).capacity() < mib);
    memory.give(with_room(mib));
    memory.open();
    CHECK(memory.take(mib).capacity() < mib);
}
