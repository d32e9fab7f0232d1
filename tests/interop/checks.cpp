#include "tests/interop/checks.hpp"

#include <oneloop/generator.hpp>
#include <oneloop/task.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace oneloop::testing {
namespace {

std::string without_blanks(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

std::string beginning(const std::string& text) {
    return '"' + text.substr(0, 100) + "\" (" + std::to_string(text.size()) + " bytes)";
}

awaitable<> pieces_of(yield<std::string>& out, std::shared_ptr<const std::string> bytes) {
    for (std::size_t i = 0; i < bytes->size(); i += 50'000)
        co_await out(bytes->substr(i, 50'000));
}

} // namespace

void require(bool so, const std::string& what) {
    if (!so)
        throw std::runtime_error(what);
}

void require_status(const http::response& answer, int status) {
    require(
        answer.status() == status, answer.method() + " " + answer.url() + " gave " +
                                       std::to_string(answer.status()) + " " + beginning(answer.body())
    );
}

void require_body(const std::string& body, const std::string& expected) {
    require(body == expected, "the body is " + beginning(body) + ", not " + beginning(expected));
}

void require_part(const std::string& body, const std::string& part) {
    require(
        without_blanks(body).find(without_blanks(part)) != std::string::npos,
        "the body " + beginning(body) + " has no " + part.substr(0, 100)
    );
}

http::body unannounced(executor loop, std::string bytes) {
    auto shared = std::make_shared<const std::string>(std::move(bytes));
    return http::upload(generator<std::string>(loop, pieces_of, std::move(shared)));
}

awaitable<std::string> read_whole(http::body_reader& reader, std::size_t& pieces) {
    std::string all;
    for (pieces = 0; auto piece = co_await reader.read(); ++pieces)
        all += *piece;
    co_return all;
}

awaitable<> keep_alive(http::client& http, std::string url, int n) {
    for (int i = 0; i < n; ++i) {
        const auto answer = co_await http.get(url);
        require_status(answer, 200);
        require(
            i == 0 || answer.reused_connection(),
            "request " + std::to_string(i + 1) + " needed a connection of its own"
        );
    }
}

awaitable<> at_once(http::client& http, std::string url, int n) {
    co_await with_task_group([&](task_group& tasks) -> awaitable<> {
        std::vector<task<http::response>> all;
        for (int i = 0; i < n; ++i)
            all.push_back(tasks.spawn(http.get(url)));
        for (auto& one : all) {
            const auto answer = co_await one.get();
            require_status(answer, 200);
        }
    });
}

std::string length_and_sha256(const std::string& bytes) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    std::string told = std::to_string(bytes.size()) + ' ';
    for (const unsigned char byte : digest) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", byte);
        told += hex;
    }
    return told;
}

std::string numbered_lines(std::size_t bytes) {
    std::string all;
    all.reserve(bytes);
    for (std::size_t line = 0; all.size() < bytes; ++line) {
        const auto digits = std::to_string(line);
        all.append(15 - digits.size(), '0').append(digits) += '\n';
    }
    return all;
}

} // namespace oneloop::testing
