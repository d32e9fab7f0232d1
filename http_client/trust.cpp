#include "http_client/trust.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>

namespace oneloop::http {
namespace {

namespace fs = std::filesystem;

// A directory in which OpenSSL finds a certificate by its hash ("5f15c80c.0") has links of that form.
bool is_hashed(const char* directory) {
    std::error_code none;
    if (!directory)
        return false;
    for (const auto& entry : fs::directory_iterator(directory, none)) {
        const std::string name = entry.path().filename().string();
        if (name.size() == 10 && std::string_view(name).substr(8) == ".0")
            return true;
    }
    return false;
}

} // namespace

// Debian's libcurl has both a file and a directory of certificates. With both it reads and parses the whole
// file, some 140 certificates, for every handshake, on the loop: the copy it could keep
// (CURLOPT_CA_CACHE_TIMEOUT) is used for a file alone. So it gets one of them: the directory, from which it
// takes the few certificates that a server needs.
void trust(easy& e, const std::string& file) {
    if (!file.empty()) {
        e.set(CURLOPT_CAINFO, file.c_str());
        e.set(CURLOPT_CAPATH, nullptr);
        return;
    }
    static const bool hashed = is_hashed(e.info<const char*>(CURLINFO_CAPATH));
    if (hashed)
        e.set(CURLOPT_CAINFO, nullptr);
    else
        e.set(CURLOPT_CAPATH, nullptr);
}

} // namespace oneloop::http
