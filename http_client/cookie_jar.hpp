#pragma once

#include "http_client/curl_include.hpp"
#include <oneloop/http/cookie.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace oneloop::http {

class easy;

/// The cookies of one client, which its handles share. libcurl fills and reads it.
class cookie_jar : public std::enable_shared_from_this<cookie_jar> {
public:
    /// Throws `error` with `condition::argument` if this libcurl does not know the list of public suffixes:
    /// one cookie of a hostile "a.co.uk" could then go to all hosts below "co.uk".
    cookie_jar();
    ~cookie_jar();
    cookie_jar(const cookie_jar&) = delete;
    cookie_jar& operator=(const cookie_jar&) = delete;

    void apply(easy&);

    std::vector<cookie> list() const;
    void clear();

private:
    struct handle_closer {
        void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
    };
    struct share_closer {
        void operator()(CURLSH* share) const noexcept { curl_share_cleanup(share); }
    };
    // The share cannot go before the handles that use it
    std::unique_ptr<CURLSH, share_closer> share_;
    std::unique_ptr<CURL, handle_closer> reader_;
};

/// A line of the file format of Netscape, as libcurl tells cookies.
cookie read_cookie(std::string_view line);

} // namespace oneloop::http
