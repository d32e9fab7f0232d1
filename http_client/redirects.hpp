#pragma once

#include <oneloop/http/headers.hpp>

#include <string_view>

namespace oneloop::http {

/// What a redirect makes of a request (RFC 9110, 15.4). Decisions only.
class redirect {
public:
    /// Whether a status with a Location asks to go elsewhere.
    static bool is_one(int status) noexcept;

    redirect(int status, std::string_view method) noexcept;

    /// A POST that was answered with 301 or 302 goes on as GET, as browsers have it; with 303 everything but
    /// HEAD does. 307 and 308 change nothing.
    std::string_view method() const noexcept { return method_; }
    /// The body, and the header fields that describe it, are sent again.
    bool keeps_body() const noexcept { return keeps_body_; }

private:
    std::string_view method_;
    bool keeps_body_;
};

/// What of a request's own header fields may be shown to another origin: those that are known to hold no
/// secret. Whoever gets redirected by somebody else's server must not hand it a key.
headers for_another_origin(const headers&);

/// Without those that describe a body.
headers without_body_fields(const headers&);

} // namespace oneloop::http
