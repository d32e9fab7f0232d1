#include "http_client/progress.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop::http;
using namespace std::chrono_literals;

namespace {

const progress_meter::time_point start{1000s};

bool about(double value, double wanted) {
    return std::abs(value - wanted) < wanted * 0.01;
}

} // namespace

TEST_CASE("progress: a steady rate is told as it is", "[http][progress]") {
    progress_meter meter;
    meter.sample(0, start);
    CHECK(meter.tell(0, {}).rate() == 0);
    for (int tenth = 1; tenth < 100; ++tenth) {
        meter.sample(static_cast<std::uint64_t>(tenth) * 1000, start + tenth * 100ms);
        CHECK(about(meter.tell(0, {}).rate(), 10'000));
    }
}

TEST_CASE("progress: a change fades in", "[http][progress]") {
    progress_meter meter;
    meter.sample(0, start);
    for (int second = 1; second <= 20; ++second)
        meter.sample(static_cast<std::uint64_t>(second) * 1000, start + second * 1s);
    meter.sample(20'000, start + 20s + 100ms); // nothing for a moment
    const double soon = meter.tell(0, {}).rate();
    CHECK(soon > 900);
    CHECK(soon < 1000);
    meter.sample(20'000, start + 40s); // nothing for long
    CHECK(meter.tell(0, {}).rate() < 10);
}

TEST_CASE("progress: no time passed, no rate", "[http][progress]") {
    progress_meter meter;
    meter.sample(0, start);
    meter.sample(1000, start);
    CHECK(meter.tell(5, 9).rate() == 0);
    CHECK(meter.tell(5, 9).bytes() == 5);
    CHECK(meter.tell(5, 9).total() == 9U);
    meter.sample(2000, start + 1s);
    CHECK(about(meter.tell(0, {}).rate(), 2000));
}
