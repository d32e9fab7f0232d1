#include "examples/get/bars.hpp"
#include "examples/get/text.hpp"
#include "tests/integration/get/tool.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>

using namespace oneloop::testing;
using strings = std::vector<std::string>;

namespace {

running_download half() {
    running_download d;
    d.name = "a.iso", d.bytes = 1 << 20, d.total = 2 << 20, d.rate = 1 << 19;
    return d;
}

std::size_t columns_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

} // namespace

TEST_CASE("a bar fits into every terminal") {
    CHECK(
        bar_line(half(), 80) ==
        "a.iso                 [=========>        ]  50%    1.0 MiB  512.0 KiB/s     0:02"
    );
    CHECK(bar_line(half(), 24) == "a.iso                50%");
    tally counts;
    counts.started = 1'000'000, counts.failed = 77;
    auto odd = half();
    odd.name = std::string(300, 'x') + "ä";
    for (std::size_t columns = 1; columns < 300; ++columns)
        for (const auto total :
             {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1), odd.total}) {
            odd.total = total;
            CHECK(columns_of(bar_line(odd, columns)) == columns);
            CHECK(columns_of(total_line(counts, 1 << 30, 1e9, 1e15, columns)) == columns);
        }
}

TEST_CASE("what is to come is guessed from what is known") {
    tally counts;
    counts.started = 4;
    CHECK_FALSE(bytes_to_come(counts, {}, 4));
    running_download silent, open_end;
    open_end.bytes = 5;
    CHECK_FALSE(bytes_to_come(counts, {silent, open_end}, 4));
    CHECK(bytes_to_come(counts, {half()}, 1) == 1 << 20);
    CHECK(bytes_to_come(counts, {half(), silent}, 4) == (1 << 20) + 3. * (2 << 20));
    counts.saved = 2, counts.bytes = 1 << 20, counts.failed = 1, counts.there_already = 1;
    CHECK(bytes_to_come(counts, {half()}, 6) == (1 << 20) + 1. * (1 << 20));
    CHECK(bytes_to_come(counts, {}, 4) == 0);
    auto more_than_told = half();
    more_than_told.bytes = 3 << 20;
    CHECK(bytes_to_come(counts, {more_than_told}, 3) == 0); // and fewer than there are
}

TEST_CASE("the line of all tells the time that is left, if that is known") {
    tally counts;
    counts.started = 3, counts.saved = 1;
    const auto line = [&](double rate, std::optional<double> left) {
        const std::string text = total_line(counts, 1 << 20, rate, left, 80);
        return text.substr(0, text.find_last_not_of(' ') + 1);
    };
    CHECK(line(1 << 19, 1 << 20) == "1 done, 2 under way; 1.0 MiB, 512.0 KiB/s, 0:02 left");
    CHECK(line(1 << 19, std::nullopt) == "1 done, 2 under way; 1.0 MiB, 512.0 KiB/s");
    CHECK(line(0, 1 << 20) == "1 done, 2 under way; 1.0 MiB, 0 B/s");
}

TEST_CASE("a rate is the mean at first and forgets what was long ago") {
    rate_meter meter;
    meter.now(100, 1);
    meter.now(300, 2);
    CHECK(std::abs(meter.rate() - 150) < 0.001);
    for (int i = 3; i < 40; ++i)
        meter.now(300, i);
    CHECK(meter.rate() < 1);
}

TEST_CASE("texts from elsewhere are shown without what a terminal obeys") {
    CHECK(printable("grün \x1b[31m\r\n\x7f\xff \xc2\x9b \u202e x") == "grün ?[31m???? ? ? x");
    CHECK(printable("\xe2\x82") == "??"); // cut off
    CHECK(bytes_text(1023) == "1.0 KiB");
    CHECK(time_text(3723) == "1:02:03");
    CHECK(file_name("http://h/a/b%20c%2?x/y#z") == "b c%2");
    CHECK(file_name("http://h/") == "download");
}

TEST_CASE("get draws bars on a terminal, and clears them away") {
    nginx server(nginx_options().slow_rate(400'000));
    server.serve("slow/big", pattern(500'000));
    server.serve("small", "small");
    temp_dir dir;
    const std::string command = std::string("stty cols 70 rows 20; TERM=vt100 exec ") + ONELOOP_GET + " -d " +
                                dir.path().string() + " " + server.url("/slow/big") + " " +
                                server.url("/small") + " " + server.url("/status/404");
    const tool_run run(strings{"/usr/bin/script", "-qec", command, "/dev/null"});
    INFO(run.text);
    CHECK(run.status == exited(1));
    CHECK(run.says("big              [="));
    CHECK(run.says("1 done, 1 failed, 1 under way; "));
    CHECK(run.says("/s, 0:0"));
    CHECK(run.says(" left"));
    CHECK(run.says("small: 5 B\r\n"));
    const auto last = run.text.rfind("\x1b[J"); // after which there are lines only
    REQUIRE(last != std::string::npos);
    CHECK(run.text.substr(last + 3).starts_with("big: 488.3 KiB\r\n2 files, "));
    CHECK(run.text.ends_with("; 1 failed\r\n"));

    const tool_run dumb(strings{
        "/usr/bin/script", "-qec",
        std::string("TERM=dumb exec ") + ONELOOP_GET + " " + server.url("/status/404"), "/dev/null"});
    CHECK_FALSE(dumb.says("\x1b"));
}
