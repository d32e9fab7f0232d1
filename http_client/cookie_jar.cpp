#include "http_client/cookie_jar.hpp"

#include "http_client/easy.hpp"
#include <oneloop/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace oneloop::http {
namespace {

std::string_view next_column(std::string_view& line) {
    const auto tab = line.find('\t');
    const auto column = line.substr(0, tab);
    line.remove_prefix(tab == line.npos ? line.size() : tab + 1);
    return column;
}

} // namespace

cookie_jar::cookie_jar() {
    init_curl();
    if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_PSL))
        throw error(failure(errc::invalid_argument)
                        .doing("http::client")
                        .because("cookies need a libcurl that knows the public suffixes, and this one was "
                                 "built without libpsl"));
    share_.reset(curl_share_init());
    reader_.reset(curl_easy_init());
    if (!share_ || !reader_ ||
        curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK ||
        curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_PSL) != CURLSHE_OK ||
        curl_easy_setopt(reader_.get(), CURLOPT_SHARE, share_.get()) != CURLE_OK)
        throw std::bad_alloc();
}

cookie_jar::~cookie_jar() = default;

void cookie_jar::apply(easy& e) {
    e.set(CURLOPT_SHARE, share_.get());
    e.set(CURLOPT_COOKIEFILE, ""); // no file, but without it nothing is kept, share or not
    e.jar = shared_from_this();
}

std::vector<cookie> cookie_jar::list() const {
    curl_slist* lines = nullptr;
    curl_easy_getinfo(reader_.get(), CURLINFO_COOKIELIST, &lines);
    const slist owner(lines);
    const auto now = std::chrono::system_clock::now();
    std::vector<cookie> all;
    for (; lines; lines = lines->next)
        if (cookie one = read_cookie(lines->data);
            !one.expires || *one.expires > now) // which libcurl tells too
            all.push_back(std::move(one));
    return all;
}

void cookie_jar::clear() {
    curl_easy_setopt(reader_.get(), CURLOPT_COOKIELIST, "ALL");
}

cookie read_cookie(std::string_view line) {
    static constexpr std::string_view hidden = "#HttpOnly_";
    cookie c;
    c.http_only = line.starts_with(hidden);
    if (c.http_only)
        line.remove_prefix(hidden.size());
    c.domain = next_column(line);
    if (c.domain.starts_with('.'))
        c.domain.erase(0, 1);
    c.and_below = next_column(line) == "TRUE";
    c.path = next_column(line);
    c.secure = next_column(line) == "TRUE";
    const std::string_view until = next_column(line);
    std::int64_t seconds = 0;
    std::from_chars(until.data(), until.data() + until.size(), seconds);
    if (seconds != 0) {
        using std::chrono::system_clock;
        const auto last = std::chrono::duration_cast<std::chrono::seconds>(system_clock::duration::max());
        c.expires = system_clock::time_point(std::min(std::chrono::seconds(seconds), last));
    }
    c.name = next_column(line);
    c.value = line;
    return c;
}

} // namespace oneloop::http
