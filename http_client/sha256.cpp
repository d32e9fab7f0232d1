#include "http_client/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>

namespace oneloop::http {

void sha256::closer::operator()(evp_md_ctx_st* state) const noexcept {
    EVP_MD_CTX_free(state);
}

sha256::sha256() : state_(EVP_MD_CTX_new()) {
    if (!state_ || EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();
}

void sha256::add(std::string_view bytes) {
    if (EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size()) != 1)
        throw std::bad_alloc();
}

std::string sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(state_.get(), digest.data(), &size) != 1)
        throw std::bad_alloc();
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i)
        (text += digits[digest[i] >> 4]) += digits[digest[i] & 15];
    return text;
}

bool is_sha256(std::string_view hex) noexcept {
    return hex.size() == 64 && std::ranges::all_of(hex, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

std::string lower_case(std::string_view hex) {
    std::string text(hex);
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

} // namespace oneloop::http
