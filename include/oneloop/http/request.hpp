#pragma once

#include <oneloop/http/body.hpp>
#include <oneloop/http/options.hpp>

#include <string>
#include <utility>

namespace oneloop::http {

/// One request, for `client::send`: a method, a URL, and what goes with them.
///
///     co_await http.send(http::request("PATCH", url).header("If-Match", tag).body(http::text("new")));
class request {
public:
    /// GET.
    explicit request(std::string url) : url_(std::move(url)) {}
    /// `method` is a token of RFC 9110, case-sensitive ("GET"); anything else fails the request with
    /// `condition::argument`. CONNECT and TRACE are refused as well.
    request(std::string method, std::string url) : method_(std::move(method)), url_(std::move(url)) {}

    /// HEAD with one fails with `condition::argument`.
    request& body(http::body what) { return body_ = std::move(what), *this; }

    /// In place of all options given so far.
    request& options(request_options o) { return options_ = std::move(o), *this; }
    request& header(std::string name, std::string value) {
        return options_.header(std::move(name), std::move(value)), *this;
    }
    request& query(std::string_view name, std::string_view value) {
        return options_.query(name, value), *this;
    }

    const std::string& method() const noexcept { return method_; }
    const std::string& url() const noexcept { return url_; }
    const http::body& body() const noexcept { return body_; }
    const request_options& options() const noexcept { return options_; }

private:
    friend class engine;
    friend class transfer;

    std::string method_ = "GET", url_;
    http::body body_;
    request_options options_;
};

} // namespace oneloop::http
