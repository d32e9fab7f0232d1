#include "core/known_names.hpp"

#include "tests/support/catch.hpp"

using namespace oneloop;
using strings = std::vector<std::string>;

namespace {

strings texts(const std::optional<dns_answer>& answer) {
    REQUIRE(answer);
    strings out;
    for (const auto& a : answer->addresses)
        out.push_back(a.to_string());
    return out;
}

hosts_file hosts(const std::string& text) {
    hosts_file out;
    out.feed(text);
    out.finish();
    return out;
}

constexpr auto any = address_order::system;

} // namespace

TEST_CASE("an override is found however the name is written", "[known_names]") {
    const auto options = resolver_options()
                             .override_name("DB.Example.", "192.0.2.1", "2001:db8::1")
                             .override_name("none.example");
    CHECK(texts(overridden("db.example", options)) == strings{"192.0.2.1", "2001:db8::1"});
    CHECK(texts(overridden("db.example.", options)) == strings{"192.0.2.1", "2001:db8::1"});
    CHECK(overridden("none.example", options)->no_such_name);
    CHECK_FALSE(overridden("x.db.example", options));
    const auto v6 =
        resolver_options().override_name("db.example", "192.0.2.1").order(address_order::ipv6_only);
    CHECK(overridden("db.example", v6)->no_address);
}

TEST_CASE("what is no address or no name is refused where it is written", "[known_names]") {
    CHECK_THROWS_AS(resolver_options().override_name("db.example", "db2.example"), error);
    CHECK_THROWS_AS(resolver_options().override_name("a b", "192.0.2.1"), error);
}

TEST_CASE("the hosts file comes before localhost, and a family that it lacks is asked for", "[known_names]") {
    const auto file = hosts("127.0.0.5 localhost\n192.0.2.1 db\n");
    CHECK(texts(known_locally("localhost", file, any)) == strings{"127.0.0.5"});
    CHECK(texts(known_locally("localhost.", hosts(""), any)) == strings{"127.0.0.1", "::1"});
    CHECK(texts(known_locally("a.localhost", hosts(""), any)) == strings{"127.0.0.1", "::1"});
    CHECK(texts(known_locally("db.", file, any)) == strings{"192.0.2.1"});
    CHECK_FALSE(known_locally("db", file, address_order::ipv6_only));
    CHECK_FALSE(known_locally("notlocalhost", file, any));
    CHECK(known_locally("a.onion", file, any)->no_such_name);
    CHECK_FALSE(known_locally("onions", file, any));
}
