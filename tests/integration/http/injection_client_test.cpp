#include "tests/integration/http/checks.hpp"
#include "tests/integration/http/injections.hpp"
#include "tests/integration/http/scripted_answers.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <utility>

using namespace oneloop;
using namespace oneloop::testing;

// CR, LF and NUL in the strings of downloads and of clients.

TEST_CASE("injection: nor does any of a download", "[http][security][download]") {
    tcp_server server(answers());
    const temp_dir dir;
    with_client([&](http::client& http) -> awaitable<> {
        for (const auto& line_break : breaks) {
            http::download_options checked;
            checked.sha256(std::string(60, 'a') + line_break + "aa");
            auto sum = co_await http.download(server.url(), (dir.path() / "a").string(), checked, nothrow);
            check_failure(sum, condition::argument, phase::none, "", outcome::not_sent);
        }
        const std::string cut = dir.path().string() + std::string("/b\0c", 4);
        auto file = co_await http.download(server.url(), cut, nothrow);
        check_failure(file, condition::argument, phase::none, "", outcome::not_sent);
        auto into = co_await http.download_into(server.url(), cut, nothrow);
        check_failure(into, condition::argument, phase::none, "", outcome::not_sent);
        CHECK(server.requests().empty());
        // For the system a line break is a character like others, and the server is told nothing of it
        const std::string odd = dir.path().string() + "/d\r\nX-Injected: yes";
        auto stored = co_await http.download(server.url(), odd);
        CHECK(stored.file() == odd);
        CHECK(std::filesystem::file_size(odd) == 2);
        CHECK_THAT(last(server), !containing("X-Injected"));
    });
}

TEST_CASE("injection: nor does any of a client", "[http][security]") {
    using options = http::client_options;
    boost::asio::io_context loop(1);
    for (const auto& line_break : breaks) {
        const std::string text = "a" + line_break + "X-Injected: yes";
        const std::vector<std::pair<const char*, options>> all{
            {"header name", options().header(text, "v")},
            {"header value", options().header("X-A", text)},
            {"user agent", options().user_agent(text)},
            {"base URL", options().base_url("http://a.test/" + text)},
            {"base URL, user", options().base_url("http://" + encoded(text).substr(0, 8) + ":p@a.test/")},
            {"proxy", options().proxy("http://proxy.test:1" + text)},
            {"proxy, user", options().proxy("http://" + text + ":p@proxy.test:1")},
            {"proxy, user encoded", options().proxy("http://u" + encoded(line_break) + ":p@proxy.test:1")},
            {"proxy, password encoded",
             options().proxy("http://u:p" + encoded(line_break) + "@proxy.test:1")},
            {"SOCKS, user encoded", options().proxy("socks5://u" + encoded(line_break) + ":p@proxy.test:1")},
            {"no_proxy", options().proxy("http://proxy.test:1").no_proxy(text)},
            {"no_proxy, address", options().proxy("http://proxy.test:1").no_proxy("127.0.0.1" + line_break)},
            {"unix socket", options().unix_socket("/tmp/" + text + std::string(200, 'x'))},
        };
        for (const auto& [which, bad] : all) {
            INFO(which << ", break " << encoded(line_break));
            std::string why;
            try {
                const http::client http(loop.get_executor(), bad);
            } catch (const error& e) {
                CHECK(e.code() == condition::argument);
                why = e.what();
            }
            CHECK(why != "");
            CHECK(is_one_line(why));
        }
    }
}
