#include "core/hosts_file.hpp"

#include "tests/support/catch.hpp"

using oneloop::hosts_file;
using strings = std::vector<std::string>;

namespace {

const std::string text =
    "# made by hand\n"
    "127.0.0.1\tlocalhost\n"
    "192.0.2.1  DB.example db   # the database\r\n"
    "2001:db8::1 db.example\n"
    "192.0.2.1 db.example\n"
    "not-an-address other.example\n"
    "192.0.2.9\n"
    "\n"
    "#192.0.2.7 off.example\n"
    "192.0.2.2 last.example.";

hosts_file read(const std::string& whole, std::size_t piece) {
    hosts_file out;
    for (std::size_t at = 0; at < whole.size(); at += piece)
        out.feed(std::string_view(whole).substr(at, piece));
    out.finish();
    return out;
}

strings found(const hosts_file& hosts, const std::string& name) {
    strings out;
    if (const auto* list = hosts.find(name))
        for (const auto& a : *list)
            out.push_back(a.to_string());
    return out;
}

} // namespace

TEST_CASE("a hosts file says the same in whatever pieces it is read", "[hosts_file]") {
    for (std::size_t piece = 1; piece < text.size() + 2; ++piece) {
        CAPTURE(piece);
        const auto hosts = read(text, piece);
        CHECK(hosts.size() == 4);
        CHECK(found(hosts, "localhost") == strings{"127.0.0.1"});
        CHECK(found(hosts, "db") == strings{"192.0.2.1"});
        CHECK(found(hosts, "db.example") == strings{"192.0.2.1", "2001:db8::1"});
        CHECK(found(hosts, "last.example") == strings{"192.0.2.2"});
    }
}

TEST_CASE("what is a comment or cannot be understood is passed over", "[hosts_file]") {
    const auto hosts = read(text, 1000);
    for (const char* name : {"off.example", "other.example", "the", "#", ""})
        CHECK_FALSE(hosts.find(name));
}
