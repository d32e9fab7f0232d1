#include "display.hpp"

#include "text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace {

bool can_draw() {
    const char* const kind = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) && kind && std::string_view(kind) != "dumb";
}

std::pair<std::size_t, std::size_t> columns_and_rows() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return {80, 24};
    return {size.ws_col, std::max<std::size_t>(size.ws_row, 3)};
}

constexpr std::size_t most_bars = 6;

} // namespace

display::display(bool quiet)
    : bars_(!quiet && can_draw()), lines_beside_bars_(bars_ && ::isatty(STDOUT_FILENO)) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // whoever reads our lines learns of each file at once
}

display::~display() {
    finish();
}

double display::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void display::line(std::FILE* where, const std::string& text) {
    if (bars_ && (where == stderr || lines_beside_bars_))
        above_ += printable(text) + '\n';
    else
        std::fputs((printable(text) + '\n').c_str(), where);
}

display::entry display::begin(std::string name) {
    running_.emplace_back().name = printable(name);
    return std::prev(running_.end());
}

void display::end(entry e) {
    running_.erase(e);
}

// Without the end of a line after the last one, so that a terminal of few rows does not scroll.
std::string display::bars() {
    const auto [columns, rows] = columns_and_rows();
    std::uint64_t bytes = counts.bytes;
    for (const auto& d : running_)
        bytes += d.bytes;
    meter_.now(bytes, seconds());
    std::string text;
    drawn_ = 0;
    for (const auto& d : running_)
        if (d.bytes > 0 && drawn_ < std::min(most_bars, rows - 2)) {
            text += (drawn_ ? "\n" : "") + bar_line(d, columns) + "\x1b[K";
            ++drawn_;
        }
    if (counts.started > 1 || (counts.started == 1 && drawn_ == 0)) {
        const auto left = all ? bytes_to_come(counts, running_, *all) : std::nullopt;
        text += (drawn_ ? "\n" : "") + total_line(counts, bytes, meter_.rate(), left, columns) + "\x1b[K";
        ++drawn_;
    }
    return text;
}

void display::draw() {
    if (!bars_)
        return;
    std::string text = "\r";
    if (drawn_ > 1)
        text += "\x1b[" + std::to_string(drawn_ - 1) + 'A';
    // A character may be wider than we think: a line that is too long is cut off, not broken in two
    text += "\x1b[J\x1b[?7l" + std::exchange(above_, {}) + bars() + "\x1b[?7h";
    std::fputs(text.c_str(), stderr);
}

void display::finish() {
    if (!bars_)
        return;
    if (drawn_ > 0)
        std::fputs("\r", stderr);
    if (drawn_ > 1)
        std::fprintf(stderr, "\x1b[%zuA", drawn_ - 1);
    if (drawn_ > 0)
        std::fputs("\x1b[J", stderr);
    drawn_ = 0;
    std::fputs(std::exchange(above_, {}).c_str(), stderr);
}
