// Apache httpd: files, its own compression, and a CGI program.
#include "tests/interop/trial.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"

#include <unistd.h>

#include <cstdlib>

using namespace oneloop;
using namespace oneloop::testing;
namespace fs = std::filesystem;

namespace {

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t i = 0; (i = text.find(what, i)) != std::string::npos; i += by.size())
        text.replace(i, what.size(), by);
}

// Run by root it works as another user, who has to get at everything.
void open_for_all(const fs::path& dir) {
    fs::permissions(dir, fs::perms::all);
    for (const auto& file : fs::recursive_directory_iterator(dir))
        fs::permissions(file.path(), fs::perms(0755));
}

packaged_server::command apache(const std::string& port, const temp_dir& dir, const std::string& more = {}) {
    dir.write("www/hello", "hello\n");
    dir.write("www/large", numbered_lines(8 << 20));
    for (const std::string name : {"gzip", "br"})
        dir.write("www/" + name, numbered_lines(128 << 10));
    for (const std::string name : {"cgi_app.py", "contents.py"})
        dir.write("cgi/" + name, read_file(apps() / name));
    auto conf = read_file(apps() / "apache.conf");
    replace_all(conf, "@DIR@", dir.path().string());
    replace_all(conf, "@PORT@", port);
    replace_all(conf, "@MODULES@", "/usr/lib/apache2/modules");
    replace_all(conf, "@USER@", ::geteuid() == 0 ? "User nobody\nGroup nogroup" : "");
    dir.write("apache.conf", conf + more);
    open_for_all(dir.path());
    return {"/usr/sbin/apache2", "-f", (dir / "apache.conf").string(), "-DFOREGROUND"};
}

} // namespace

TEST_CASE("Apache httpd", "[interop]") {
    const packaged_server server(packaged_server::binds([](const std::string& port, const temp_dir& dir) {
        return apache(port, dir);
    }));
    trial("Apache httpd", {"apache2-bin"}).run(server, server.url());
}

TEST_CASE("Apache httpd over TLS", "[interop]") {
    const temp_dir keys;
    const certificate_authority authority(keys.path());
    const auto files = authority.issue("server");
    const packaged_server server(packaged_server::binds([&](const std::string& port, const temp_dir& dir) {
        return apache(
            port, dir,
            "Protocols h2 http/1.1\nSSLEngine on\nSSLSessionCache none\nSSLCertificateFile " +
                files.certificate.string() + "\nSSLCertificateKeyFile " + files.key.string() + "\n"
        );
    }));
    const auto trusting = http::client_options().trust_file(authority.certificate().string());
    trial("Apache httpd over TLS, HTTP/1.1", {"apache2-bin"})
        .client(trusting)
        .run(server, server.url("https"));
    trial("Apache httpd over TLS, HTTP/2", {"apache2-bin"})
        .client(trusting)
        .http2()
        .run(server, server.url("https"));
}
