#include "core/let_go.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/loop_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>

using namespace oneloop;
using namespace oneloop::testing;
namespace asio = boost::asio;
using local = asio::local::stream_protocol;

TEST_CASE("a socket that is let go takes nothing from the next one", "[let_go]") {
    asio::io_context loop(1);
    std::array<char, 8> first{}, second{};
    error_code ended;
    std::size_t arrived = 0;
    local::socket old(loop), old_peer(loop);
    asio::local::connect_pair(old, old_peer);
    old.async_read_some(asio::buffer(first), [&](error_code code, std::size_t) { ended = code; });
    loop.poll();

    let_go(old);
    CHECK_FALSE(old.is_open());
    local::socket next(loop), next_peer(loop);
    asio::local::connect_pair(next, next_peer);
    next.async_read_some(asio::buffer(second), [&](error_code, std::size_t size) { arrived = size; });
    asio::write(next_peer, asio::buffer(std::string("hello")));
    run_watched(loop);
    CHECK(ended == asio::error::operation_aborted);
    CHECK(arrived == 5);
    CHECK(std::string(second.data(), arrived) == "hello");

    error_code closed;
    old_peer.read_some(asio::buffer(first), closed);
    CHECK(closed == asio::error::eof);
}
