#include "mysql/shown.hpp"

#include <algorithm>

namespace oneloop::mysql {
namespace {

constexpr std::size_t longest = 80;
constexpr std::size_t looked_at =
    4096; // a statement may have megabytes; its secrets stand behind these words

bool is_space(char c) noexcept {
    return static_cast<unsigned char>(c) <= ' ';
}

bool contains_word(std::string_view text, std::string_view upper) {
    auto same = [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; };
    return !std::ranges::search(text, upper, same).empty();
}

// "…" for a literal that began at `i`; moves on behind its end.
void skip_literal(std::string_view sql, std::size_t& i) {
    const char quote = sql[i++];
    while (i < sql.size()) {
        const char c = sql[i++];
        if (c != quote)
            continue;
        if (i >= sql.size() || sql[i] != quote)
            return;
        ++i; // doubled: a quote within
    }
}

std::string first_two_words(std::string_view text) {
    std::size_t end = text.find(' ');
    if (end != std::string_view::npos)
        end = text.find(' ', end + 1);
    return end == std::string_view::npos ? std::string(text) : std::string(text.substr(0, end)) + " …";
}

std::string first_word(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return std::string(text.begin(), std::ranges::find_if_not(text, is_letter));
}

} // namespace

std::string shown(std::string_view sql) {
    const auto beginning = sql.substr(0, looked_at);
    // What a comment, a backslash or a backtick does to the quotes behind it is not for us to find out
    if (contains_word(beginning, "/*") || contains_word(beginning, "--") ||
        beginning.find_first_of("#`\\") != std::string_view::npos)
        return first_word(beginning) + " …";
    const bool secret = contains_word(beginning, "IDENTIFIED") || contains_word(beginning, "PASSWORD");
    std::string text;
    std::size_t i = 0;
    while (i < sql.size() && text.size() <= longest + 4) { // 4: a whole character of UTF-8
        if (is_space(sql[i])) {
            ++i;
            if (!text.empty() && text.back() != ' ')
                text += ' ';
        } else if (sql[i] == '\'' || sql[i] == '"') {
            const char quote = sql[i];
            skip_literal(sql, i);
            (text += quote).append("…") += quote;
        } else {
            text += sql[i++];
        }
    }
    if (!text.empty() && text.back() == ' ')
        text.pop_back();
    if (secret)
        return first_two_words(text);
    if (text.size() <= longest)
        return text;
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80)
        --cut; // in the middle of a character
    return text.substr(0, cut) + "…";
}

} // namespace oneloop::mysql
