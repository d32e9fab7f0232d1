#pragma once

#include "tests/integration/http/checks.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace oneloop::testing {

/// Not one byte like its neighbour, so that a piece lost or doubled shows.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
    std::string bytes(size, '\0');
    for (char& c : bytes)
        c = static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24);
    return bytes;
}

inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

/// An answer with these header lines (each with its end), and a Content-Length.
inline std::string answer_with(const std::string& status, const std::string& lines, std::string_view body) {
    return "HTTP/1.1 " + status + "\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

/// ... that is cut off after so many bytes of its body.
inline std::string cut_answer(
    const std::string& status, const std::string& lines, std::string_view body, std::size_t after
) {
    const auto all = answer_with(status, lines, body);
    return all.substr(0, all.size() - body.size() + after);
}

/// The n-th connection gives the n-th answer to one request, and is closed.
inline tcp_server answers_in_turn(std::vector<std::string> answers) {
    return tcp_server([answers = std::move(answers)](std::size_t n) {
        return n < answers.size() ? script().expect_request().send(answers[n]) : script().expect_request();
    });
}

/// One download, its server's answers given.
class one_download {
public:
    one_download(
        std::vector<std::string> answers, http::download_options how, const std::string& name = "file"
    )
        : server_(answers_in_turn(std::move(answers))) {
        with_client([&](http::client& http) -> awaitable<> {
            answer = co_await http.download(server_.url(), dir / name, how, nothrow);
            co_await http.close();
        });
        left = names_in(dir.path());
        content = read_file(dir / name);
        asked = server_.requests().size();
    }

    temp_dir dir;
    result<http::response> answer = failure(errc::closed);
    std::vector<std::string> left;
    std::string content;
    std::size_t asked = 0;

private:
    tcp_server server_;
};

} // namespace oneloop::testing
