#include "mysql/shown.hpp"
#include "mysql/verdict.hpp"
#include "tests/support/catch.hpp"
#include <oneloop/mysql/error.hpp>

using namespace oneloop;
using namespace oneloop::mysql;
using oneloop::testing::containing;

TEST_CASE("mysql errors: the numbers of the client library have portable words", "[mysql]") {
    struct expected {
        int number;
        condition what;
    };
    for (const auto& e :
         {expected{2002, condition::network}, expected{2003, condition::network},
          expected{2006, condition::network}, expected{2013, condition::network},
          expected{2055, condition::network}, expected{2005, condition::resolve},
          expected{2026, condition::tls}, expected{2012, condition::protocol},
          expected{2014, condition::protocol}, expected{2027, condition::protocol},
          expected{5010, condition::protocol}, expected{2020, condition::limit}}) {
        INFO(e.number);
        const failure f = verdict(static_cast<unsigned>(e.number), "text");
        CHECK(f == e.what);
        CHECK(f.code() == error_code(e.number, client_category()));
        CHECK_FALSE(connection_lives_on(static_cast<unsigned>(e.number)));
    }
}

TEST_CASE("mysql errors: those of the server keep its text and number", "[mysql]") {
    for (const unsigned number : {1064U, 3024U, 4031U, 11000U}) {
        const failure f = verdict(number, "You have an error");
        CHECK(f == condition::server);
        CHECK(f.code() == error_code(static_cast<int>(number), server_category()));
        CHECK(f.outcome() == outcome::answered);
        CHECK_THAT(f.message(), containing("You have an error"));
        CHECK_THAT(f.message(), containing(std::to_string(number)));
    }
    CHECK(connection_lives_on(1064));
    CHECK_FALSE(connection_lives_on(1053)); // the server shuts down
    CHECK_FALSE(connection_lives_on(1927)); // it was killed
    CHECK_FALSE(connection_lives_on(0));
}

TEST_CASE("mysql errors: where a login failed", "[mysql]") {
    CHECK(phase_of_login(1045, phase::connect) == phase::auth);
    CHECK(phase_of_login(1049, phase::connect) == phase::auth);
    CHECK(phase_of_login(2002, phase::auth) == phase::connect);
    CHECK(phase_of_login(2005, phase::connect) == phase::resolve);
    CHECK(phase_of_login(2026, phase::connect) == phase::tls);
    CHECK(phase_of_login(2013, phase::auth) == phase::auth);
    CHECK(phase_of_login(2013, phase::tls) == phase::tls);
    CHECK(phase_of_login(2013, phase::connect) == phase::auth); // there was a connection to be lost
}

TEST_CASE("mysql errors: what is shown of a statement", "[mysql]") {
    CHECK(shown("SELECT 1") == "SELECT 1");
    CHECK(shown("  SELECT\n\t*  FROM t ") == "SELECT * FROM t");
    CHECK(shown("") == "");

    const std::string cut = shown("SELECT " + std::string(200, 'a'));
    CHECK(cut == "SELECT " + std::string(73, 'a') + "…");
    const std::string in_a_character = shown(std::string(79, 'a') + "äöü");
    CHECK(in_a_character == std::string(79, 'a') + "…");
}

TEST_CASE("mysql errors: nothing secret is shown of a statement", "[mysql]") {
    CHECK(shown("SELECT * FROM t WHERE token = 'hunter2'") == "SELECT * FROM t WHERE token = '…'");
    CHECK(shown(R"(SELECT "hunter2", 'it''s hunter2', 1)") == R"(SELECT "…", '…', 1)");
    // What stands in front may turn the quotes round, or not: the server's mode decides
    CHECK(shown(R"(SELECT "a\"hunter2")") == "SELECT …");
    CHECK(shown("SELECT /* don't */ 'hunter2'") == "SELECT …");
    CHECK(shown("SELECT 1 -- it's\n, 'hunter2'") == "SELECT …");
    CHECK(shown("SELECT `it's`, 'hunter2' FROM t") == "SELECT …");
    CHECK(shown("/* don't */ SELECT 'hunter2'") == " …");
    CHECK(shown("SELECT 'hunter2") == "SELECT '…'");
    CHECK(shown("SELECT 'hunter2\\") == "SELECT …");
    CHECK(shown("CREATE USER joe@localhost IDENTIFIED BY 'hunter2'") == "CREATE USER …");
    CHECK(shown("create  user joe identified by password hunter2") == "create user …");
    CHECK(shown("SET PASSWORD = hunter2") == "SET PASSWORD …");
    CHECK(shown("ALTER USER joe IDENTIFIED WITH x AS hunter2") == "ALTER USER …");
}
