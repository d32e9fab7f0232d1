#pragma once

/// A download as a blocking library does it: libcurl's easy interface, one thread for each transfer.

#include <curl/curl.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

/// Saves the body of `url` to the file `name` and gives its size. Whatever certificate the server shows is
/// taken.
inline long download_blocking(const std::string& url, const std::string& name) {
    const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), &curl_easy_cleanup);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "wb"), &std::fclose);
    if (!handle || !file)
        throw std::runtime_error("cannot write " + name);
    curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, file.get());
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(handle.get(), CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle.get(), CURLOPT_SSL_VERIFYHOST, 0L);
    if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) {
        std::remove(name.c_str());
        throw std::runtime_error(url + ": " + curl_easy_strerror(code));
    }
    return std::ftell(file.get());
}
