#include "tests/support/certificates.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>

#include <openssl/x509_vfy.h>

using namespace oneloop::testing;
namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace {

// What a client that trusts `authority` and wants `host` thinks of this certificate: X509_V_OK or the reason
// against.
long verdict(const identity& files, const std::filesystem::path& authority, const std::string& host) {
    tcp_server_options options;
    options.tls(files.certificate, files.key);
    tcp_server server(script().hang(), options);
    ssl::context trust(ssl::context::tls_client);
    trust.load_verify_file(authority.string());
    asio::io_context loop;
    ssl::stream<asio::ip::tcp::socket> stream(loop, trust);
    stream.lowest_layer().connect({asio::ip::address_v4::loopback(), server.port()});
    stream.set_verify_mode(ssl::verify_peer);
    stream.set_verify_callback(ssl::host_name_verification(host));
    boost::system::error_code failed;
    stream.handshake(ssl::stream_base::client, failed);
    const long result = SSL_get_verify_result(stream.native_handle());
    return failed && result == X509_V_OK ? X509_V_ERR_UNSPECIFIED : result;
}

} // namespace

TEST_CASE("certificates of the test authority are good for what they were issued for", "[certificates]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    const auto good = authority.issue("good");
    CHECK(verdict(good, authority.certificate(), "localhost") == X509_V_OK);
    CHECK(verdict(good, authority.certificate(), "127.0.0.1") == X509_V_OK);
    CHECK(verdict(good, authority.certificate(), "other.test") != X509_V_OK);

    const auto named = authority.issue("named", certificate_options().for_names({"other.test"}));
    CHECK(verdict(named, authority.certificate(), "other.test") == X509_V_OK);
}

TEST_CASE("certificates of the test authority can be bad in every way", "[certificates]") {
    temp_dir dir;
    certificate_authority authority(dir.path());
    const auto trusted = authority.certificate();
    const auto expired = authority.issue("expired", certificate_options().expired());
    CHECK(verdict(expired, trusted, "localhost") == X509_V_ERR_CERT_HAS_EXPIRED);
    const auto early = authority.issue("early", certificate_options().not_yet_valid());
    CHECK(verdict(early, trusted, "localhost") == X509_V_ERR_CERT_NOT_YET_VALID);
    CHECK(
        verdict(self_signed(dir.path(), "own"), trusted, "localhost") ==
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    );
}
