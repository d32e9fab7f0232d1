#pragma once

/// What progress looks like, as text: decisions only, nothing is written.

#include <cstdint>
#include <list>
#include <optional>
#include <string>

class running_download {
public:
    running_download() = default;
    std::string name;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;
    double rate = 0; ///< bytes in a second
};

/// How all of it went, so far or in the end.
class tally {
public:
    tally() = default;
    std::uint64_t started = 0, saved = 0, there_already = 0, failed = 0, stopped = 0;
    std::uint64_t bytes = 0; ///< of what has been saved

    std::uint64_t ended() const { return saved + there_already + failed + stopped; }
};

/// Never longer than `columns`: what does not fit is left out, the bar first.
std::string bar_line(const running_download&, std::size_t columns);

/// Bytes that are still to come, of `all` downloads: where nobody has told yet how large a file is, it is
/// taken for as large as the others are in the mean. Nothing if there are none to take it from.
std::optional<double> bytes_to_come(const tally&, const std::list<running_download>&, std::uint64_t all);

/// The line below the bars. `left` are the bytes to come, if that is known.
std::string total_line(
    const tally&, std::uint64_t bytes, double rate, std::optional<double> left, std::size_t columns
);

/// The last line of all.
std::string summary(const tally&, double seconds);

/// Bytes in a second, smoothed over some seconds.
class rate_meter {
public:
    /// So many bytes in all are here, `seconds` after the beginning.
    void now(std::uint64_t bytes, double seconds);
    double rate() const { return rate_; }

private:
    std::uint64_t bytes_ = 0;
    double at_ = 0, rate_ = 0;
};
