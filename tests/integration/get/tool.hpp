#pragma once

#include "tests/integration/http/downloads.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/process.hpp"

#include <string>
#include <utility>
#include <vector>

namespace oneloop::testing {

/// A run of `get` that has ended: its status, and all that it wrote.
class tool_run {
public:
    /// Files go to `directory`; the last words are what the test says.
    tool_run(const temp_dir& directory, std::vector<std::string> words)
        : tool_run(with_tool({"-d", directory.path()}, std::move(words))) {}
    explicit tool_run(std::vector<std::string> command) {
        process child(std::move(command), process_options().with_errors());
        for (std::string line; !(line = child.read_line()).empty();)
            text += line + "\n";
        status = child.wait();
    }

    static std::vector<std::string> with_tool(
        std::vector<std::string> first, const std::vector<std::string>& words
    ) {
        first.insert(first.begin(), ONELOOP_GET);
        first.insert(first.end(), words.begin(), words.end());
        return first;
    }

    bool says(const std::string& what) const { return text.find(what) != std::string::npos; }

    exit_status status{exit_status::kind::code, -1};
    std::string text;
};

} // namespace oneloop::testing
