#include "tests/support/catch.hpp"
#include <oneloop/error.hpp>

#include <boost/asio/error.hpp>

#include <csignal>
#include <set>
#include <sstream>

using namespace oneloop;
namespace asio = boost::asio;
namespace sys = boost::system::errc;

TEST_CASE("the library's own codes answer to portable conditions", "[error]") {
    CHECK(make_error_code(errc::timed_out) == condition::timeout);
    CHECK(make_error_code(errc::closed) == condition::closed);
    CHECK(make_error_code(errc::queue_full) == condition::limit);
    CHECK(make_error_code(errc::too_large) == condition::limit);
    CHECK(make_error_code(errc::invalid_argument) == condition::argument);
    CHECK(make_error_code(errc::timed_out) != condition::cancelled);
    CHECK(make_error_code(errc::timed_out).category().name() == std::string("oneloop"));
}

TEST_CASE("codes of the system and of Asio answer to portable conditions", "[error]") {
    CHECK(error_code(asio::error::operation_aborted) == condition::cancelled);
    CHECK(error_code(asio::error::timed_out) == condition::timeout);
    CHECK(error_code(asio::error::host_not_found) == condition::resolve);
    CHECK(error_code(asio::error::service_not_found) == condition::resolve);
    CHECK(error_code(asio::error::eof) == condition::network);
    for (auto code :
         {asio::error::connection_refused, asio::error::connection_reset, asio::error::broken_pipe,
          asio::error::network_unreachable, asio::error::host_unreachable})
        CHECK(error_code(code) == condition::network);
    // Whether EACCES is of a file, only the one who worked on a file knows: see file_category()
    CHECK(error_code(EACCES, boost::system::system_category()) != condition::file);
}

TEST_CASE("a code answers to one condition only", "[error]") {
    for (const error_code& code :
         {error_code(asio::error::eof), error_code(asio::error::timed_out),
          error_code(asio::error::host_not_found), error_code(asio::error::operation_aborted),
          make_error_code(errc::closed), error_code(ENOENT, file_category())}) {
        int answers = 0;
        for (int c = 1; c <= static_cast<int>(condition::file); ++c)
            answers += code == static_cast<condition>(c);
        CHECK(answers == 1);
    }
    CHECK(error_code() != condition::timeout);
}

TEST_CASE("every code and condition has words of its own", "[error]") {
    std::set<std::string> words;
    for (int c = 1; c <= static_cast<int>(condition::file); ++c)
        words.insert(condition_category().message(c));
    CHECK(words.size() == static_cast<std::size_t>(condition::file));
    for (int e = 1; e <= static_cast<int>(errc::invalid_argument); ++e)
        words.insert(error_category().message(e));
    CHECK_FALSE(words.contains("unknown error"));
    CHECK(error_category().message(999) == "unknown error");
    CHECK(condition_category().message(999) == "unknown condition");
}

TEST_CASE(
    "codes of files are file errors, whatever their number, and compare as those of the system", "[error]"
) {
    for (int number : {ENOENT, ENOSPC, EDQUOT, EMFILE, ESTALE})
        CHECK(error_code(number, file_category()) == condition::file);
    CHECK(error_code(ENOSPC, file_category()) == boost::system::errc::no_space_on_device);
    CHECK(error_code(ENOSPC, file_category()) != boost::system::errc::permission_denied);
    CHECK(error_code(ENOSPC, file_category()).message() == "No space left on device");
}

TEST_CASE("codes of signals are cancellations and name the signal", "[error]") {
    const error_code code(SIGINT, signal_category());
    CHECK(code == condition::cancelled);
    CHECK(code.message() == "interrupted by SIGINT");
    CHECK(error_code(9999, signal_category()).message() == "interrupted by a signal");
}

TEST_CASE("a failure tells its story in one line", "[error]") {
    CHECK(failure().message() == "no error");
    CHECK(failure(errc::closed).message() == "the client was closed");
    const auto told = failure(errc::timed_out)
                          .in(phase::connect)
                          .limit("connect_timeout 10 s")
                          .doing("GET http://example.org/");
    CHECK(
        told.message() ==
        "GET http://example.org/: timed out "
        "(phase connect; limit connect_timeout 10 s; nothing was sent)"
    );
    CHECK(
        failure(errc::too_large)
            .in(phase::receive)
            .ended(outcome::answered)
            .because("12 of 40 bytes came")
            .message() == "12 of 40 bytes came (phase receive; the server had begun to answer)"
    );
    CHECK(failure(errc::queue_full).limit("queue 3").message() == "the queue is full (limit queue 3)");
}

TEST_CASE("a failure and a result can be printed", "[error]") {
    std::ostringstream out;
    out << failure(errc::closed) << "; " << result<int>(failure(errc::closed)) << "; " << result<int>(7);
    CHECK(out.str() == "the client was closed; error:the client was closed; value:7");
}

TEST_CASE("a failure is compared with a condition or a code", "[error]") {
    const failure f(errc::too_large);
    CHECK(f == condition::limit);
    CHECK(f != condition::timeout);
    CHECK(f == make_error_code(errc::too_large));
    CHECK(f != make_error_code(errc::queue_full));
}

TEST_CASE("the exception carries the whole failure", "[error]") {
    const auto told = failure(errc::timed_out).in(phase::first_byte).limit("x 1 s").ended(outcome::in_doubt);
    const error e(told);
    CHECK(e.code() == condition::timeout);
    CHECK(e.phase() == phase::first_byte);
    CHECK(e.outcome() == outcome::in_doubt);
    CHECK(e.limit() == "x 1 s");
    CHECK(e.what() == told.message());
    CHECK_THROWS_AS(throw error(told), boost::system::system_error);
}

TEST_CASE("a result has the value or the failure, and throws the same failure", "[error]") {
    result<int> good = 7;
    REQUIRE(good);
    CHECK(*good == 7);

    const auto told = failure(errc::closed).in(phase::send).ended(outcome::in_doubt).doing("SET x");
    result<int> bad = told;
    REQUIRE_FALSE(bad);
    CHECK(bad.error() == condition::closed);
    try {
        bad.value();
        FAIL("a failure has no value");
    } catch (const error& e) {
        CHECK(e.failure().message() == told.message());
        CHECK(e.outcome() == outcome::in_doubt);
    }
    result<void> nothing = failure(errc::closed);
    CHECK_THROWS_AS(nothing.value(), error);
}

TEST_CASE("only a cancellation is taken for one", "[error]") {
    auto is = [](auto e) { return is_cancellation(std::make_exception_ptr(e)); };
    CHECK(is(error(cancelled())));
    CHECK(is(boost::system::system_error(asio::error::operation_aborted)));
    CHECK(is(error(failure(error_code(SIGTERM, signal_category())))));
    CHECK_FALSE(is(error(errc::timed_out)));
    CHECK_FALSE(is(std::runtime_error("cancelled")));
    CHECK_FALSE(is(7));
    CHECK_FALSE(is_cancellation(nullptr));
}
