#pragma once

/// What the program shows: lines, and below them on a terminal a bar for some of the downloads under way.

#include "bars.hpp"

#include <chrono>
#include <cstdio>
#include <list>
#include <string>

class display {
public:
    /// Bars are drawn if standard error is a terminal, and not if `quiet`.
    explicit display(bool quiet);
    ~display(); ///< leaves the terminal as it was, with all lines written
    display(const display&) = delete;
    display& operator=(const display&) = delete;

    bool has_bars() const noexcept { return bars_; }

    /// A line to stdout or stderr, above the bars; control characters in it are not shown.
    void line(std::FILE* where, const std::string& text);

    using entry = std::list<running_download>::iterator;
    entry begin(std::string name);
    void end(entry);

    /// Writes what there is to write; to be called ten times a second.
    void draw();
    /// The same without any bars.
    void finish();

    tally counts;
    std::optional<std::uint64_t> all; ///< how many downloads there will be; nothing as long as that is open
    double seconds() const;

private:
    std::string bars();

    const bool bars_, lines_beside_bars_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::list<running_download> running_;
    rate_meter meter_;
    std::string above_; ///< lines that are to be written with the next bars
    std::size_t drawn_ = 0;
};
