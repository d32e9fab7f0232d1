#pragma once

#include "tests/interop/capabilities.hpp"
#include <oneloop/http/upload.hpp>

#include <string>

namespace oneloop::testing {

/// The status, and which of the redirects and the URL it came from are told when it is another.
void require_status(const http::response& answer, int status);
void require_body(const std::string& body, const std::string& expected);
/// With no regard to the blanks in either.
void require_part(const std::string& body, const std::string& part);

/// Sent piece by piece, its length not announced.
http::body unannounced(executor loop, std::string bytes);

/// The whole of what a stream gives; `pieces` counts them.
awaitable<std::string> read_whole(http::body_reader& reader, std::size_t& pieces);

/// `n` requests, one after the other, that have to share a connection.
awaitable<> keep_alive(http::client& http, std::string url, int n);

/// `n` requests at once.
awaitable<> at_once(http::client& http, std::string url, int n);

/// "<length> <SHA-256>"
std::string length_and_sha256(const std::string& bytes);

} // namespace oneloop::testing
