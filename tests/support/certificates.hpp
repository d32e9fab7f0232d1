#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

/// PEM files.
struct identity {
    std::filesystem::path certificate, key;
};

/// Whom a certificate is for, and when: by default localhost, 127.0.0.1 and ::1 from yesterday until
/// tomorrow.
class certificate_options {
public:
    certificate_options() = default;
    certificate_options& for_names(std::vector<std::string> dns) { return names_ = std::move(dns), *this; }
    certificate_options& for_addresses(std::vector<std::string> ip) {
        return addresses_ = std::move(ip), *this;
    }
    /// Relative to now.
    certificate_options& valid(std::chrono::seconds from, std::chrono::seconds until) {
        return from_ = from, until_ = until, *this;
    }
    certificate_options& expired() { return valid(std::chrono::hours(-48), std::chrono::hours(-24)); }
    certificate_options& not_yet_valid() { return valid(std::chrono::hours(24), std::chrono::hours(48)); }

    std::vector<std::string> names_{"localhost"}, addresses_{"127.0.0.1", "::1"};
    std::chrono::seconds from_ = std::chrono::hours(-24), until_ = std::chrono::hours(24);
};

/// An authority of one test's own, that nobody else trusts. Writes into `directory`.
class certificate_authority {
public:
    explicit certificate_authority(std::filesystem::path directory);
    ~certificate_authority();

    /// What a client has to trust.
    std::filesystem::path certificate() const { return directory_ / "authority.pem"; }

    identity issue(const std::string& name, const certificate_options& options = {}) const;

private:
    struct inside;
    std::filesystem::path directory_;
    std::unique_ptr<inside> inside_;
};

/// A certificate that no authority vouches for.
identity self_signed(
    const std::filesystem::path& directory, const std::string& name, const certificate_options& options = {}
);

/// What pins the key of a certificate: "sha256//" and Base64.
std::string pin_of(const identity& who);

/// Writes the key of `who` again, so that it needs a passphrase, and gives the path.
std::filesystem::path encrypt_key(const identity& who, const std::string& passphrase);

} // namespace oneloop::testing
