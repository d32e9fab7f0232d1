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
void trust(easy& e, const trust_settings& of, const std::string& file, const std::string& directory) {
    if (!file.empty() || !directory.empty()) {
        e.set(of.file, file.empty() ? nullptr : file.c_str());
        e.set(of.directory, directory.empty() ? nullptr : directory.c_str());
        return;
    }
    static const bool hashed = is_hashed(e.info<const char*>(CURLINFO_CAPATH));
    if (hashed)
        e.set(of.file, nullptr);
    else
        e.set(of.directory, nullptr);
}

void trust_text(easy& e, const trust_settings& of, const std::string& pem, const std::string& directory) {
    curl_blob text{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
    e.set(of.text, &text);
    e.set(of.directory, directory.empty() ? nullptr : directory.c_str());
}

} // namespace oneloop::http
