#include "http_client/easy.hpp"

#include <oneloop/http/error.hpp>

#include <new>
#include <utility>

namespace oneloop::http {

void append(slist& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer)
        throw std::bad_alloc();
    std::ignore = list.release(); // the list keeps its head, unless it was empty
    list.reset(longer);
}

easy::easy() : handle_(curl_easy_init()) {
    if (!handle_)
        throw std::bad_alloc();
    set(CURLOPT_ERRORBUFFER, errors_.data());
    // Signals and the resolver of libcurl's own: neither is used; should a look-up happen all the same, a
    // cancel must not wait for its thread
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    // The environment decides nothing: http_proxy and the like are for programs that ask for them
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    // Before 8.4.0 libcurl's HTTP/2 crashes, stalls and takes aborted bodies for complete ones
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    expect_body(0);
    // Time limits are ours, by phase; libcurl's would count the same time again, and cost on every request
    set(CURLOPT_CONNECTTIMEOUT_MS, limit_that_is_none);
    set(CURLOPT_HTTPGET, 1L);
}

easy::~easy() {
    curl_easy_cleanup(handle_);
}

void easy::expect_body(std::uint64_t bytes) {
    constexpr long kib = 1024;
    read_at_once(bytes <= 16 * kib ? 16 * kib : bytes <= 256 * kib ? 64 * kib : 256 * kib);
}

void easy::read_at_once(long size) {
    // Refused while a buffer is there, which after a stream of HTTP/2 is possible: then it stays as it is
    if (size != buffer_size_ && curl_easy_setopt(handle_, CURLOPT_BUFFERSIZE, size) == CURLE_OK)
        buffer_size_ = size;
}

void easy::forget_addresses_now_and_then() {
    constexpr unsigned every = 64;
    constexpr long never = -1, after_seconds = 60;
    const unsigned turn = requests_++ % every;
    if (turn <= 1)
        set(CURLOPT_DNS_CACHE_TIMEOUT, turn == 0 ? after_seconds : never);
}

void easy::set_fields(std::string lines) {
    if (lines == fields_)
        return;
    set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    headers_.reset();
    fields_.clear(); // what was told is not true until all of it was
    for (std::size_t from = 0, to = 0; from < lines.size(); from = to + 1) {
        to = lines.find('\n', from);
        append(headers_, lines.substr(from, to - from));
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
    fields_ = std::move(lines);
}

void easy::check(CURLcode code, CURLoption option) {
    if (code != CURLE_OK)
        throw error(failure(error_code(code, curl_category()))
                        .doing("curl option " + std::to_string(static_cast<int>(option))));
}

} // namespace oneloop::http
