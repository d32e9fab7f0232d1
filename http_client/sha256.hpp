#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace oneloop::http {

/// OpenSSL's SHA-256, over what comes piece by piece. Throws std::bad_alloc if OpenSSL does not give one.
class sha256 {
public:
    sha256();

    void add(std::string_view bytes);
    /// In hexadecimal digits, lower case. Nothing may be added any more.
    std::string hex();

    static std::string of(std::string_view bytes) {
        sha256 hash;
        hash.add(bytes);
        return hash.hex();
    }

private:
    struct closer {
        void operator()(evp_md_ctx_st*) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, closer> state_;
};

/// 64 hexadecimal digits.
bool is_sha256(std::string_view hex) noexcept;
std::string lower_case(std::string_view hex);

} // namespace oneloop::http
