#include "tests/integration/http/checks.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include <oneloop/http/json.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/src.hpp> // Boost.JSON, compiled here

#include <optional>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

struct car {
    std::string make;
    int wheels;
    std::vector<std::string> owners;
};
BOOST_DESCRIBE_STRUCT(car, (), (make, wheels, owners))

} // namespace

TEST_CASE("json: a class is posted and read", "[http][json]") {
    tcp_server server(script().expect("\"Bo\"]}").send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    nginx files;
    files.serve("car", R"({"make": "Saab", "wheels": 4, "owners": ["Ida", "\u00c5sa"]})");
    with_client([&](http::client& http) -> awaitable<> {
        const car volvo{"Volvo", 4, {"Ada", "Bo"}};
        co_await http.post(server.url(), http::json(volvo));
        const std::string sent = server.requests().back().bytes;
        CHECK_THAT(sent, containing("Content-Type: application/json\r\n"));
        CHECK(sent.ends_with(R"({"make":"Volvo","wheels":4,"owners":["Ada","Bo"]})"));

        auto answer = co_await http.get(files.url("/car"));
        const auto saab = http::parse_json<car>(answer);
        CHECK(saab.make == "Saab");
        CHECK(saab.owners == std::vector<std::string>{"Ida", "\xc3\x85sa"});
        CHECK(http::parse_json(answer).at("wheels") == 4);
    });
}

TEST_CASE("json: what is no JSON, or not that, is one clear error", "[http][json]") {
    nginx files;
    files.serve("empty", "");
    files.serve("cut", R"({"make": "Saab")");
    files.serve("two", "1 2");
    files.serve("other", R"({"make": 7})");
    files.serve("deep", std::string(1000, '['));
    with_client([&](http::client& http) -> awaitable<> {
        for (const char* name : {"/empty", "/cut", "/two", "/other", "/deep"}) {
            auto answer = co_await http.get(files.url(name));
            CAPTURE(name);
            try {
                http::parse_json<car>(answer);
                FAIL("it was taken for a car");
            } catch (const error& e) {
                CHECK(e.failure() == condition::protocol);
                CHECK_THAT(std::string(e.what()), containing("GET http://"));
                CHECK_THAT(std::string(e.what()), containing("no JSON as expected"));
            }
        }
    });
}
