#include "tests/integration/http/checks.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

using namespace oneloop;
using namespace oneloop::testing;

namespace {

// A directory as `openssl rehash` makes it.
void link_by_hash(const std::filesystem::path& certificate, const std::filesystem::path& directory) {
    std::FILE* in = std::fopen(certificate.c_str(), "re");
    REQUIRE(in);
    X509* cert = PEM_read_X509(in, nullptr, nullptr, nullptr);
    std::fclose(in);
    REQUIRE(cert);
    char name[16];
    std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(cert));
    X509_free(cert);
    std::filesystem::create_directories(directory);
    std::filesystem::copy_file(certificate, directory / name);
}

// Asks for a certificate of this authority, and answers with who has shown one.
nginx_options asking(const certificate_authority& authority, const identity& server) {
    return nginx_options().tls(server).server(
        "ssl_verify_client optional;\nssl_client_certificate " + authority.certificate().string() +
        ";\nlocation = /who { return 200 \"$ssl_client_verify $ssl_client_s_dn\"; }\n"
    );
}

std::string moved_to(const std::string& where) {
    return "HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n\r\n";
}

const std::string other_key = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

} // namespace

TEST_CASE("tls options: authorities in a directory, in a text, and the system's", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(nginx_options().tls(authority.issue("good")));
    const std::string url = server.tls_url("/status/200");
    link_by_hash(authority.certificate(), dir / "trusted");
    std::filesystem::create_directories(dir / "empty");
    const std::string trusted = (dir / "trusted").string(), empty = (dir / "empty").string();
    const std::string pem = read_file(authority.certificate());
    const auto with = [](const http::tls_options& tls) { return http::client_options().tls(tls); };
    for (const auto& tls :
         {http::tls_options().trust_directory(trusted), http::tls_options().trust_text(pem),
          http::tls_options().trust_directory(empty).trust_text(pem),
          http::tls_options().trust_directory(empty).trust_file(authority.certificate().string())})
        with_client(with(tls), [&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(url);
            CHECK(page.status() == 200);
        });
    const std::string none = dir.write("none.pem", "no certificate").string();
    for (const auto& [tls, words] : std::vector<std::pair<http::tls_options, std::string>>{
             {http::tls_options(), "certificate"},
             {http::tls_options().trust_directory(empty), "certificate"},
             {http::tls_options().trust_file(none), none},
             {http::tls_options().trust_text("no certificate"), "trust_text"}})
        with_client(with(tls), [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, nothrow);
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing(words));
        });
}

TEST_CASE("tls options: a file that is not there is told at once", "[http][tls]") {
    boost::asio::io_context loop(1);
    CHECK_THROWS_AS(
        http::client(loop.get_executor(), http::client_options().trust_file("/no/such/file")), error
    );
}

TEST_CASE("tls options: the oldest version", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const auto files = authority.issue("good");
    nginx old(nginx_options().tls(files).server("ssl_protocols TLSv1.2;\n"));
    nginx recent(nginx_options().tls(files).server("ssl_protocols TLSv1.3;\n"));
    const auto tls = http::tls_options().trust_file(authority.certificate().string());
    with_client(http::client_options().tls(tls), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(old.tls_url("/status/200"));
        CHECK(page.status() == 200);
        page = co_await http.get(recent.tls_url("/status/200"));
        CHECK(page.status() == 200);
    });
    const auto only_new = http::tls_options(tls).minimum(http::tls_version::tls_1_3);
    with_client(http::client_options().tls(only_new), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(recent.tls_url("/status/200"));
        CHECK(page.status() == 200);
        auto r = co_await http.get(old.tls_url("/status/200"), nothrow);
        check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
        CHECK_THAT(r.error().message(), containing("version"));
    });
}

TEST_CASE("tls options: the client's own certificate", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(asking(authority, authority.issue("server")));
    const identity me = authority.issue("me");
    const std::string certificate = me.certificate.string(), key = me.key.string();
    const std::string locked = encrypt_key(me, "s3cret").string();
    const std::string both = dir.write("both.pem", read_file(me.certificate) + read_file(me.key)).string();
    const auto trusting = http::tls_options().trust_file(authority.certificate().string());
    for (const auto& tls :
         {http::tls_options(trusting).certificate(certificate, key),
          http::tls_options(trusting).certificate(both),
          http::tls_options(trusting).certificate(certificate, locked, "s3cret")})
        with_client(http::client_options().tls(tls), [&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(server.tls_url("/who"));
            CHECK(page.body() == "SUCCESS CN=me");
        });
    with_client(http::client_options().tls(trusting), [&](http::client& http) -> awaitable<> {
        auto page = co_await http.get(server.tls_url("/who"));
        CHECK(page.body() == "NONE ");
    });
}

TEST_CASE("tls options: a certificate that cannot be used names its file, and no passphrase", "[http][tls]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    nginx server(asking(authority, authority.issue("server")));
    const identity me = authority.issue("me");
    const std::string certificate = me.certificate.string();
    const std::string locked = encrypt_key(me, "s3cret").string();
    const std::string none = dir.write("none.pem", "nothing").string();
    const std::string other = authority.issue("other").key.string();
    const auto trusting = http::tls_options().trust_file(authority.certificate().string());
    for (const auto& [tls, words] : std::vector<std::pair<http::tls_options, std::string>>{
             {http::tls_options(trusting).certificate(none), none},
             {http::tls_options(trusting).certificate(certificate, none), none},
             {http::tls_options(trusting).certificate(certificate, locked, "wr0ng"), locked},
             {http::tls_options(trusting).certificate(certificate, locked), locked}, // and nobody is asked
             {http::tls_options(trusting).certificate(certificate, other), other}})
        with_client(http::client_options().tls(tls), [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(server.tls_url("/who"), nothrow);
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing(words));
            CHECK(r.error().message().find("wr0ng") == std::string::npos);
        });
}

TEST_CASE("tls options: another origin is not shown who we are", "[http][tls][redirect][security]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const identity server = authority.issue("server"), me = authority.issue("me");
    nginx other(asking(authority, server));
    tcp_server first(
        script().expect_request().send(moved_to(other.tls_url("/who"))).repeat(),
        tcp_server_options().tls(server.certificate, server.key)
    );
    const auto tls = http::tls_options()
                         .trust_file(authority.certificate().string())
                         .certificate(me.certificate.string(), me.key.string());
    with_client(http::client_options().tls(tls), [&](http::client& http) -> awaitable<> {
        for (int i = 0; i < 2; ++i) { // the second time on connections that are there
            auto page = co_await http.get(first.url());
            CHECK(page.body() == "NONE ");
            page = co_await http.get(other.tls_url("/who"));
            CHECK(page.body() == "SUCCESS CN=me");
        }
    });
}

TEST_CASE("tls pins: the key of a host, of several the next as well", "[http][tls][pin]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const identity files = authority.issue("server");
    nginx server(nginx_options().tls(files));
    const auto tls = http::tls_options().trust_file(authority.certificate().string());
    for (const auto& pinned :
         {http::tls_options(tls).pin("LOCALHOST.", pin_of(files)),
          http::tls_options(tls).pin("localhost", other_key).pin("localhost", pin_of(files)),
          http::tls_options(tls).pin("example.org", other_key)})
        with_client(http::client_options().tls(pinned), [&](http::client& http) -> awaitable<> {
            for (int i = 0; i < 2; ++i) {
                auto page = co_await http.get(server.tls_url("/status/200"));
                CHECK(page.status() == 200);
            }
        });
    // Not the key itself but one that differs in a capital letter
    std::string swapped = pin_of(files);
    for (auto c = swapped.begin() + 8; c != swapped.end(); ++c)
        if (std::isalpha(static_cast<unsigned char>(*c))) {
            *c = static_cast<char>(*c ^ 0x20);
            break;
        }
    for (const std::string& wrong : {other_key, swapped})
        with_client(
            http::client_options().tls(http::tls_options(tls).pin("localhost", wrong)),
            [&](http::client& http) -> awaitable<> {
                for (int i = 0; i < 2; ++i) {
                    auto r = co_await http.get(server.tls_url("/status/200"), nothrow);
                    check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
                    CHECK_THAT(r.error().message(), containing("pinned"));
                }
            }
        );
    CHECK(server.requests(6).size() == 6);
}

TEST_CASE("tls pins: not defeated by taking any certificate", "[http][tls][pin][security]") {
    const temp_dir dir;
    const identity self = self_signed(dir.path(), "self");
    nginx server(nginx_options().tls(self));
    const std::string url = server.tls_url("/status/200");
    const auto any = http::request_options().dangerously_accept_any_certificate();
    with_client(
        http::client_options().tls(http::tls_options().pin("localhost", other_key)),
        [&](http::client& http) -> awaitable<> {
            auto r = co_await http.get(url, any, nothrow);
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
            CHECK_THAT(r.error().message(), containing("pinned"));
        }
    );
    with_client(
        http::client_options().tls(http::tls_options().pin("localhost", pin_of(self))),
        [&](http::client& http) -> awaitable<> {
            auto page = co_await http.get(url, any);
            CHECK(page.status() == 200);
            // ... nor does the right key stand for a certificate
            auto r = co_await http.get(url, nothrow);
            check_failure(r, condition::tls, phase::tls, "", outcome::not_sent);
        }
    );
}

TEST_CASE("tls pins: a redirect does not get past one", "[http][tls][pin][redirect][security]") {
    const temp_dir dir;
    const certificate_authority authority(dir.path());
    const identity files = authority.issue("server");
    nginx pinned(nginx_options().tls(files));
    const std::string goal = pinned.tls_url("/status/200");
    tcp_server plain(script().expect_request().send(moved_to(goal)).repeat());
    const std::string port = std::to_string(pinned.tls_port());
    tcp_server dotted(script().expect_request().send(moved_to("https://localhost.:" + port + "/status/200")));
    const auto tls = http::tls_options().trust_file(authority.certificate().string());
    with_client(
        http::client_options().tls(http::tls_options(tls).pin("localhost", other_key)),
        [&](http::client& http) -> awaitable<> {
            for (const std::string& url : {plain.url(), dotted.url()}) {
                auto r = co_await http.get(url, nothrow);
                REQUIRE(r.has_error());
                CHECK(r.error() == condition::tls);
                CHECK(r.error().phase() == phase::tls);
                CHECK_THAT(r.error().message(), containing("pinned"));
            }
        }
    );
    // A pin of one host is not left over for the next on the same handle
    with_client(
        http::client_options().tls(http::tls_options(tls).pin("localhost", pin_of(files))),
        [&](http::client& http) -> awaitable<> {
            const identity second = authority.issue("second");
            tcp_server other(http_answers("ok"), tcp_server_options().tls(second.certificate, second.key));
            for (int i = 0; i < 2; ++i) {
                auto page = co_await http.get(goal);
                CHECK(page.status() == 200);
                page = co_await http.get(other.url()); // 127.0.0.1
                CHECK(page.body() == "ok");
            }
        }
    );
}
