#include "core/poll_set.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <memory>

using namespace oneloop;
using namespace std::chrono_literals;

namespace {

// One end is watched, and into the other goes a byte for each time that it is to be found ready.
class watched_pipe {
public:
    watched_pipe() {
        REQUIRE(::pipe(ends_) == 0);
        set->want(ends_[0], readable);
    }
    ~watched_pipe() {
        set->closing(ends_[0]);
        set->rest();
        loop.restart();
        loop.poll();
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    watched_pipe(const watched_pipe&) = delete;
    watched_pipe& operator=(const watched_pipe&) = delete;

    void run(std::function<void()> when_ready) {
        set->run([this, when_ready](int fd, unsigned) {
            char byte = 0;
            REQUIRE(::read(fd, &byte, 1) == 1);
            ++seen;
            when_ready();
        });
    }
    void write() { REQUIRE(::write(ends_[1], "x", 1) == 1); }

    boost::asio::io_context loop;
    std::shared_ptr<poll_set> set = std::make_shared<poll_set>(loop.get_executor());
    int seen = 0;

private:
    int ends_[2];
};

} // namespace

TEST_CASE("poll set: what is ready is told once it is looked at", "[poll_set]") {
    watched_pipe pipe;
    pipe.run([] {});
    pipe.loop.poll();
    CHECK(pipe.seen == 0);
    pipe.write();
    pipe.loop.poll();
    CHECK(pipe.seen == 1);
}

TEST_CASE("poll set: a pause between two looks", "[poll_set]") {
    watched_pipe pipe;
    auto pause = std::chrono::steady_clock::duration(1h);
    pipe.run([&] { pipe.set->look_again_after(pause); });
    pipe.write();
    pipe.loop.poll();
    pipe.write();
    pipe.loop.poll();
    CHECK(pipe.seen == 1);

    SECTION("ends when it is called off") {
        pause = pause.zero();
        pipe.set->look_again_after(pause);
        pipe.loop.poll();
        CHECK(pipe.seen == 2);
        pipe.write();
        pipe.loop.poll();
        CHECK(pipe.seen == 3);
    }
    SECTION("does not hold up who looks at once") {
        pipe.set->deliver();
        CHECK(pipe.seen == 2);
    }
    SECTION("keeps no loop that has nothing else to do") {
        pipe.set->rest();
        pipe.loop.restart();
        pipe.loop.run(); // which ends
        CHECK(pipe.seen == 1);
    }
    SECTION("is over when its time is") {
        pause = 1ms;
        pipe.set->deliver(); // of the second, after which the pause is a short one
        pipe.set->look_again_after(pause.zero());
        pipe.write();
        pipe.loop.poll();
        REQUIRE(pipe.seen == 3);
        pipe.write();
        while (pipe.seen < 4)
            pipe.loop.run_one();
    }
}
