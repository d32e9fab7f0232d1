#pragma once

#include <oneloop/awaitable.hpp>
#include <oneloop/http.hpp>

#include <functional>
#include <string>
#include <vector>

namespace oneloop::testing {

/// One thing that has to work with a server: a column of the table. Throws what went wrong.
struct capability {
    std::string name;
    std::function<awaitable<void>(http::client&, std::string site)> check;
};

/// Against the programs of tests/interop/apps, which all serve the same (see contents.py).
const std::vector<capability>& capabilities();

/// The same ones against httpbin, which has contents of its own.
const std::vector<capability>& capabilities_of_httpbin();

/// Numbered lines of 16 bytes, as contents.py makes them.
std::string numbered_lines(std::size_t bytes);

/// Throws with `what` if it is not so.
void require(bool so, const std::string& what);

} // namespace oneloop::testing
