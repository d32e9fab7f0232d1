#include "http_client/tls_setup.hpp"

#include "core/host_name.hpp"
#include "http_client/target.hpp"
#include "http_client/trust.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace oneloop::http {
namespace {

failure wrong(std::string why) {
    return failure(errc::invalid_argument).doing("http::client").because(std::move(why));
}

bool has_break(std::string_view text) {
    return text.find_first_of(std::string_view("\0\r\n", 3)) != text.npos;
}

// A client is made seldom, and one look at a file then is better than a riddle at each handshake.
void check_readable(const std::string& option, const std::string& path, bool directory = false) {
    if (path.empty())
        return;
    if (has_break(path))
        throw error(wrong("a NUL or a line break in the path of " + option));
    struct stat what {};
    int why = ::stat(path.c_str(), &what) == 0 ? 0 : errno;
    if (!why && S_ISDIR(what.st_mode) != directory)
        why = directory ? ENOTDIR : EISDIR;
    if (!why && ::access(path.c_str(), directory ? R_OK | X_OK : R_OK) != 0)
        why = errno;
    if (why)
        throw error(
            wrong(option + " " + path + ": " + error_code(why, boost::system::system_category()).message())
        );
}

bool is_base64_of_32_bytes(std::string_view text) {
    return text.size() == 44 && text.back() == '=' && std::ranges::all_of(text.substr(0, 43), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
           });
}

// TLS takes "example.org." for "example.org".
std::string without_final_dot(std::string host) {
    if (host.ends_with('.'))
        host.pop_back();
    return host;
}

// As a target has it, so that every spelling of an address is one host.
std::string normal_host(const std::string& host) {
    const bool v6 = host.find(':') != host.npos && !host.starts_with('[');
    const std::string url = "https://" + (v6 ? "[" + host + "]" : host) + "/";
    const auto parsed = target::parse(url);
    const bool whole = parsed && host.find_first_of("/@?#") == host.npos && parsed->port() == "443" &&
                       (parsed->literal() || !refuse_host_name(parsed->host()));
    if (!whole)
        throw error(wrong(
            "a pin belongs to the name of a host, without a port, and is no name: " +
            printable_host_name(host)
        ));
    return without_final_dot(parsed->host());
}

} // namespace

tls_setup::tls_setup(tls_options options) : options_(std::move(options)) {
    check_files();
    read_pins();
}

void tls_setup::check_files() const {
    check_readable("trust_file", options_.trust_file_);
    check_readable("trust_directory", options_.trust_directory_, true);
    check_readable("certificate", options_.certificate_);
    check_readable("key of the certificate", options_.key_);
    if (options_.certificate_.empty() && !(options_.key_.empty() && options_.passphrase_.empty()))
        throw error(wrong("a key without a certificate"));
    if (has_break(options_.passphrase_))
        throw error(wrong("a NUL or a line break in the passphrase of the key"));
    if (options_.trust_text_.find('\0') != std::string::npos)
        throw error(wrong("a NUL in trust_text"));
    if (!options_.trust_file_.empty() && !options_.trust_text_.empty())
        throw error(wrong("trust_file and trust_text exclude each other"));
}

void tls_setup::read_pins() {
    for (const auto& [host, key] : options_.pins_) {
        if (!key.starts_with("sha256//") || !is_base64_of_32_bytes(std::string_view(key).substr(8)))
            throw error(wrong("the pin of a key is \"sha256//\" and 44 characters of Base64"));
        std::string& all = pins_[normal_host(host)];
        all += (all.empty() ? "" : ";") + key;
    }
}

void tls_setup::apply(easy& e) const {
    e.set(CURLOPT_SSLVERSION, oldest());
    if (options_.trust_text_.empty())
        trust(e, of_servers, options_.trust_file_, options_.trust_directory_);
    else
        trust_text(e, of_servers, options_.trust_text_, options_.trust_directory_);
}

void tls_setup::apply_to_proxy(easy& e, const std::string& host) const {
    e.set(CURLOPT_PROXY_SSLVERSION, oldest());
    if (options_.trust_text_.empty())
        trust(e, of_proxy, options_.trust_file_, options_.trust_directory_);
    else
        trust_text(e, of_proxy, options_.trust_text_, options_.trust_directory_);
    if (!options_.certificate_.empty()) {
        e.set(CURLOPT_PROXY_SSLCERT, options_.certificate_.c_str());
        e.set(CURLOPT_PROXY_SSLKEY, key_path().c_str());
        e.set(CURLOPT_PROXY_KEYPASSWD, options_.passphrase_.c_str());
    }
    if (const auto pins = pins_.find(without_final_dot(host)); pins != pins_.end())
        e.set(CURLOPT_PROXY_PINNEDPUBLICKEY, pins->second.c_str());
}

long tls_setup::oldest() const noexcept {
    return options_.minimum_ == tls_version::tls_1_3 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
}

const std::string& tls_setup::key_path() const noexcept {
    return options_.key_.empty() ? options_.certificate_ : options_.key_;
}

void tls_setup::show_certificate(easy& e, bool shown) const {
    if (options_.certificate_.empty() || std::exchange(e.certificate, shown) == shown)
        return;
    e.set(CURLOPT_SSLCERT, shown ? options_.certificate_.c_str() : nullptr);
    e.set(CURLOPT_SSLKEY, shown ? key_path().c_str() : nullptr);
    // Without one, even an empty one, OpenSSL would ask on the terminal
    e.set(CURLOPT_KEYPASSWD, shown ? options_.passphrase_.c_str() : nullptr);
}

void tls_setup::pin(easy& e, const std::string& host) const {
    const auto found = pins_.empty() ? pins_.end() : pins_.find(without_final_dot(host));
    const bool pinned = found != pins_.end();
    // A handle that has another host's pin, or none, has to be told
    if (pinned || e.pinned)
        e.set(CURLOPT_PINNEDPUBLICKEY, pinned ? found->second.c_str() : nullptr);
    e.pinned = pinned;
}

std::string tls_setup::explain(CURLcode code) const {
    switch (code) {
        case CURLE_SSL_CACERT_BADFILE:
            return options_.trust_text_.empty()
                       ? "no certificate to trust can be read from " +
                             (options_.trust_file_.empty() ? "the system's file" : options_.trust_file_)
                       : "no certificate to trust can be read from trust_text";
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return "the server's key is none of those that are pinned for the host";
        default:
            return {};
    }
}

} // namespace oneloop::http
