#pragma once

/// The URLs: those of the command line, then those of standard input, one at a time and no sooner than they
/// are asked for.

#include <oneloop/core.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

class url_lines {
public:
    url_lines(std::vector<std::string> given, bool standard_input);
    ~url_lines(); ///< wakes the thread that waits for input, if one does

    /// The next one; nothing at the end. Empty lines and those that begin with "#" are left out.
    [[nodiscard]] oneloop::awaitable<std::optional<std::string>> next();

private:
    class wake_up;

    std::optional<std::string> line();

    std::vector<std::string> given_;
    std::size_t taken_ = 0;
    bool more_;
    std::string read_; ///< and not given yet, from `at_` on
    std::size_t at_ = 0;
    std::shared_ptr<wake_up> wake_up_;
};
