#include "http_client/credentials.hpp"

#include "http_client/curl_include.hpp"

#include <algorithm>
#include <new>

namespace oneloop::http {
namespace {

// Not by CURLU_URLDECODE, for which a name with a control character and no name at all are the same.
std::optional<std::string> decoded(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK)
        return std::nullopt;
    int size = 0;
    char* const plain = curl_easy_unescape(nullptr, text, 0, &size);
    curl_free(text);
    if (!plain)
        throw std::bad_alloc();
    std::string copy(plain, static_cast<std::size_t>(size));
    curl_free(plain);
    return copy;
}

bool has_control(const std::optional<std::string>& text) noexcept {
    return text && std::ranges::any_of(*text, [](char c) {
               return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
           });
}

} // namespace

credentials credentials::of(CURLU* url) {
    credentials all;
    all.user = decoded(url, CURLUPART_USER);
    all.password = decoded(url, CURLUPART_PASSWORD);
    return all;
}

const char* credentials::fault(bool basic) const noexcept {
    if (has_control(user) || has_control(password))
        return "a control character, such as a line break, in the user name or password";
    if (basic && user && user->find(':') != user->npos)
        return "a colon in the user name: Basic authentication cannot tell it from the end of the name";
    return nullptr;
}

} // namespace oneloop::http
