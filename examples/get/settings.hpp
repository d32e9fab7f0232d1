#pragma once

/// What the command line of `get` asks for.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

class settings {
public:
    settings() = default;

    std::vector<std::string> urls;
    bool standard_input = false; ///< more URLs come from there
    std::string file;            ///< empty: names are made from the URLs, in `directory`
    std::string directory = ".";
    std::size_t at_once = 32, per_host = 8;
    bool resume = false, quiet = false, verbose = false, accept_unproven_end = false;
    std::string sha256, checksums;
    int retries = 2;
    std::chrono::seconds timeout = std::chrono::seconds(30);
    double rate = 0;
    std::string user_agent, trust_file, proxy;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Fills `into`; or gives the status to end with, when `--help` or `--version` has been answered (0) or the
/// command line is wrong, of which it has told on standard error (2).
std::optional<int> read_command_line(int argc, char** argv, settings& into);

/// Tells on standard error, in one line; gives the status for that, 2.
int wrong_use(const std::string& why);
