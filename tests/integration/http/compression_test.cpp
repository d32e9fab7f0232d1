// Bodies that become larger than what was sent: however slow who takes them is, they need little memory.

#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"

#include <algorithm>

using namespace oneloop;
using namespace oneloop::testing;
using namespace std::chrono_literals;

extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

std::size_t heap_in_use() {
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                   : resources_now().heap;
}

nginx packing_server() {
    return nginx(nginx_options().server("gzip on; gzip_types *; gzip_min_length 1; gzip_comp_level 9;"));
}

// Becomes some 140 times as large as what is sent: much, and not yet too much.
std::string airy(std::size_t size) {
    constexpr std::size_t block = 32768;
    const std::string grain = pattern(size / block * 200 + 200);
    std::string bytes(size, '\0');
    for (std::size_t at = 0; at + block <= size; at += block)
        std::copy_n(
            grain.begin() + static_cast<std::ptrdiff_t>(at / block * 200), 200,
            bytes.begin() + static_cast<std::ptrdiff_t>(at)
        );
    return bytes;
}

// 200 KB that become 200 MB; all of it is there at once, which no server that packs as it sends can do.
std::string bomb() {
    nginx server = packing_server();
    server.serve("bomb", std::string(200 * mib, '\0'));
    std::string packed;
    with_working_client([&](http::client& http) -> awaitable<> {
        const auto as_it_is = http::request_options().compressed(false).header("Accept-Encoding", "gzip");
        packed = (co_await http.get(server.url("/bomb"), as_it_is)).body();
    });
    REQUIRE(packed.size() < mib);
    return answer_with("200 OK", "Content-Encoding: gzip\r\n", packed);
}

} // namespace

TEST_CASE("compression: a body that is read slowly takes little memory", "[http][stream][compression]") {
    nginx server = packing_server();
    const std::string whole = airy(60 * mib);
    server.serve("airy", whole);
    with_working_client([&](http::client& http) -> awaitable<> {
        const std::size_t before = heap_in_use();
        auto page = co_await http.stream(server.url("/airy"));
        CHECK(page.head().headers().get("Content-Encoding") == "gzip");
        std::size_t most = before, at = 0;
        bool same = true;
        while (auto piece = co_await page.read()) {
            same = same && std::string_view(whole).substr(at, piece->size()) == *piece;
            at += piece->size();
            for (int turn = 0; turn < 3; ++turn)
                co_await sleep_for(0s); // the server has time to send much more
            most = std::max(most, heap_in_use());
        }
        CHECK(same);
        CHECK(at == whole.size());
        CHECK((most - before) / mib < 8); // read_ahead, and what 8 KiB become
    });
}

TEST_CASE(
    "compression: a bomb that nobody reads is small, and no end of libcurl's own",
    "[http][stream][compression][fault]"
) {
    nginx server;
    server.serve("page", "page");
    auto bombs = answers_in_turn({bomb()});
    const bool read_on = GENERATE(true, false);
    with_working_client([&](http::client& http) -> awaitable<> {
        const std::size_t before = heap_in_use();
        {
            auto page = co_await http.stream(bombs.url());
            std::size_t most = before;
            for (int turn = 0; turn < 20; ++turn) { // each is a way to the server and back
                co_await http.get(server.url("/page"));
                most = std::max(most, heap_in_use());
            }
            CHECK((most - before) / mib < 16);  // 8 KiB, a thousand times as large
            CHECK(http.stats().in_flight == 1); // it waits for who reads
            result<std::optional<std::string>> piece = std::string();
            std::size_t at = 0;
            while (read_on && piece && *piece) {
                at += (*piece)->size();
                piece = co_await page.read(nothrow);
            }
            if (read_on)
                check_failure(
                    piece, condition::limit, phase::receive, "max_expansion 200", outcome::answered
                );
            CHECK(at < 20 * mib);
        }
        auto next = co_await http.get(server.url("/page"));
        CHECK(next.body() == "page");
    });
}

TEST_CASE("compression: a bomb makes no file", "[http][download][compression][fault]") {
    nginx server = packing_server();
    server.serve("airy", airy(4 * mib));
    auto bombs = answers_in_turn({bomb()});
    const temp_dir dir;
    dir.write("file", "old");
    with_working_client([&](http::client& http) -> awaitable<> {
        const auto packed = http::request_options().compressed(true);
        const std::size_t before = heap_in_use();
        auto bomb = co_await http.download(bombs.url(), dir / "file", packed, nothrow);
        check_failure(bomb, condition::limit, phase::receive, "max_expansion 200", outcome::answered);
        CHECK((std::max(heap_in_use(), before) - before) / mib < 16);
        while (names_in(dir.path()).size() != 1) // the part is removed on a thread
            co_await sleep_for(1ms);
        CHECK(read_file(dir / "file") == "old");
        auto whole = co_await http.download(server.url("/airy"), dir / "file", packed);
        CHECK(whole.headers().get("Content-Encoding") == "gzip");
    });
    CHECK((read_file(dir / "file") == airy(4 * mib)));
}
