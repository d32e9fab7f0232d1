#pragma once

#include <optional>
#include <string>

struct Curl_URL;

namespace oneloop::http {

/// A user name and a password, before they are told to anybody.
class credentials {
public:
    credentials() = default;
    credentials(std::string user, std::string password)
        : user(std::move(user)), password(std::move(password)) {}

    /// Those of a URL, percent-decoded; NUL and line breaks are not refused here.
    static credentials of(Curl_URL*);

    /// Why they cannot be sent, in words; null if they can. With Digest a line break would begin a field of
    /// its own, because libcurl puts the name between quotes as it is. Basic (RFC 7617) and Digest both
    /// forbid all control characters, and with Basic what follows a colon in the name would be a part of the
    /// password.
    const char* fault(bool basic) const noexcept;

    std::optional<std::string> user, password;
};

} // namespace oneloop::http
