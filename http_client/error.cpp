#include "http_client/curl_include.hpp"
#include <oneloop/http/error.hpp>
#include <oneloop/http/response.hpp>

namespace oneloop::http {
namespace {

class curl_codes final : public boost::system::error_category {
public:
    constexpr curl_codes() : error_category(0x6f6e656c6f6f7010) {}
    const char* name() const noexcept override { return "curl"; }
    std::string message(int value) const override { return curl_easy_strerror(static_cast<CURLcode>(value)); }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<CURLcode>(value)) {
            case CURLE_URL_MALFORMAT:
            case CURLE_BAD_FUNCTION_ARGUMENT:
                return condition::argument;
            case CURLE_COULDNT_RESOLVE_HOST:
            case CURLE_COULDNT_RESOLVE_PROXY:
                return condition::resolve;
            case CURLE_OPERATION_TIMEDOUT:
                return condition::timeout;
            case CURLE_SSL_CONNECT_ERROR:
            case CURLE_SSL_CERTPROBLEM:
            case CURLE_SSL_CIPHER:
            case CURLE_SSL_CACERT_BADFILE:
            case CURLE_SSL_ISSUER_ERROR:
            case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            case CURLE_SSL_CLIENTCERT:
            case CURLE_SSL_INVALIDCERTSTATUS:
            case CURLE_PEER_FAILED_VERIFICATION:
                return condition::tls;
            case CURLE_UNSUPPORTED_PROTOCOL: // of an answer without a head; of URLs we are asked first
            case CURLE_WEIRD_SERVER_REPLY:
            case CURLE_HTTP2:
            case CURLE_HTTP2_STREAM:
            case CURLE_BAD_CONTENT_ENCODING:
            case CURLE_TOO_MANY_REDIRECTS:
                return condition::protocol;
            case CURLE_COULDNT_CONNECT:
            case CURLE_PROXY:
            case CURLE_GOT_NOTHING:
            case CURLE_SEND_ERROR:
            case CURLE_RECV_ERROR:
            case CURLE_PARTIAL_FILE:
                return condition::network;
            case CURLE_FILESIZE_EXCEEDED:
            case CURLE_OUT_OF_MEMORY:
                return condition::limit; // 7.88 says so of a header line over 100 KB too
            default:
                return {value, *this}; // a fault of ours or of the build, and no portable word for it
        }
    }
};

class statuses final : public boost::system::error_category {
public:
    constexpr statuses() : error_category(0x6f6e656c6f6f7011) {}
    const char* name() const noexcept override { return "http.status"; }
    std::string message(int value) const override { return "HTTP status " + std::to_string(value); }
    boost::system::error_condition default_error_condition(int) const noexcept override {
        return condition::server;
    }
};

constexpr curl_codes curl;
constexpr statuses status;

} // namespace

const boost::system::error_category& curl_category() noexcept {
    return curl;
}
const boost::system::error_category& status_category() noexcept {
    return status;
}

const response& response::throw_for_status() const& {
    if (status_ >= 400)
        throw error(failure(error_code(status_, status_category()))
                        .in(phase::receive)
                        .ended(outcome::answered)
                        .doing(method() + " " + url()));
    return *this;
}

response&& response::throw_for_status() && {
    static_cast<const response&>(*this).throw_for_status();
    return std::move(*this);
}

} // namespace oneloop::http
