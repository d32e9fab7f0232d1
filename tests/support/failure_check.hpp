#pragma once

#include "tests/support/catch.hpp"
#include <oneloop/error.hpp>

#include <string>

namespace oneloop::testing {

/// One clear error: the portable condition, the phase, the limit by its name ("" for none), what became of
/// it, and a word or two of its text.
template <class T>
void check_story(
    const result<T>& r, condition what, phase where, const std::string& limit, outcome how,
    const std::string& says
) {
    REQUIRE(r.has_error());
    const failure& f = r.error();
    INFO(f.message());
    CHECK(f == what);
    CHECK(f.phase() == where);
    if (limit.empty())
        CHECK(f.limit() == "");
    else
        CHECK_THAT(f.limit(), containing(limit));
    CHECK(f.outcome() == how);
    CHECK(f.doing() != "");
    CHECK_THAT(f.message(), containing(says));
}

} // namespace oneloop::testing
