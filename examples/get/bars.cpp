#include "bars.hpp"

#include "text.hpp"

#include <algorithm>
#include <cmath>

namespace {

std::string right(std::string text, std::size_t columns) {
    return std::string(columns - std::min(columns, text.size()), ' ') + text;
}

std::string bar(double part, std::size_t columns) {
    const std::size_t inside = columns - 2, full = static_cast<std::size_t>(part * double(inside));
    std::string text(inside, ' ');
    std::fill_n(text.begin(), full, '=');
    if (full < inside)
        text[full] = '>';
    return '[' + text + ']';
}

} // namespace

std::string bar_line(const running_download& d, std::size_t columns) {
    const bool known = d.total && *d.total > 0;
    const double part = known ? std::min(1.0, double(d.bytes) / double(*d.total)) : 0;
    const std::string percent = known ? right(std::to_string(int(part * 100)) + '%', 5) : "     ";
    const double left = known ? double(*d.total - std::min(*d.total, d.bytes)) : NAN;
    const std::string numbers = right(bytes_text(double(d.bytes)), 11) +
                                right(d.rate > 0 ? bytes_text(d.rate) + "/s" : "", 13) +
                                right(known && d.rate > 0 ? time_text(left / d.rate) : "", 9);
    if (columns < 20)
        return fitted(d.name, columns);
    if (columns < percent.size() + numbers.size() + 10)
        return fitted(d.name, columns - percent.size()) + percent;
    const std::size_t room = columns - percent.size() - numbers.size();
    if (room < 24)
        return fitted(d.name, room) + percent + numbers;
    const std::size_t of_name = std::clamp<std::size_t>(room / 2, 10, 40), of_bar = room - of_name - 1;
    return fitted(d.name, of_name) + ' ' + (known ? bar(part, of_bar) : std::string(of_bar, ' ')) + percent +
           numbers;
}

std::optional<double> bytes_to_come(
    const tally& t, const std::list<running_download>& running, std::uint64_t all
) {
    double left = 0, sizes = double(t.bytes);
    std::uint64_t known = t.saved, ended = t.ended();
    for (const auto& d : running)
        if (d.total) {
            left += double(*d.total - std::min(*d.total, d.bytes));
            sizes += double(*d.total);
            ++known, ++ended;
        }
    if (known == 0)
        return std::nullopt;
    return left + double(all - std::min(all, ended)) * sizes / double(known);
}

std::string total_line(
    const tally& t, std::uint64_t bytes, double rate, std::optional<double> left, std::size_t columns
) {
    std::string text = std::to_string(t.saved + t.there_already) + " done";
    if (t.failed)
        text += ", " + std::to_string(t.failed) + " failed";
    text += ", " + std::to_string(t.started - t.ended()) + " under way; " + bytes_text(double(bytes)) + ", " +
            bytes_text(rate) + "/s";
    if (left && rate > 0)
        text += ", " + time_text(*left / rate) + " left";
    return fitted(text, columns);
}

std::string summary(const tally& t, double seconds) {
    char time[32];
    std::snprintf(time, sizeof time, "%.1f s", seconds);
    std::string text = std::to_string(t.saved) + (t.saved == 1 ? " file, " : " files, ") +
                       bytes_text(double(t.bytes)) + " in " + (seconds < 60 ? time : time_text(seconds)) +
                       " (" + bytes_text(double(t.bytes) / std::max(seconds, 0.001)) + "/s)";
    if (t.there_already)
        text += "; " + std::to_string(t.there_already) + " there already";
    if (t.failed)
        text += "; " + std::to_string(t.failed) + " failed";
    if (t.stopped)
        text += "; " + std::to_string(t.stopped) + " stopped";
    return text;
}

void rate_meter::now(std::uint64_t bytes, double seconds) {
    const double passed = seconds - at_;
    if (passed <= 0)
        return;
    const double gained = bytes > bytes_ ? double(bytes - bytes_) : 0;
    const double window = std::min(seconds, 3.0); // at first the plain mean
    rate_ += (gained / passed - rate_) * std::min(1.0, passed / window);
    bytes_ = bytes;
    at_ = seconds;
}
