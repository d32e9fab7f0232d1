#include "http_client/resume.hpp"

#include "http_client/part_record.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop::http;

namespace {

headers fields(std::initializer_list<std::pair<std::string, std::string>> list) {
    headers h;
    for (const auto& [name, value] : list)
        h.add(name, value);
    return h;
}

const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string minute_before = "Sun, 06 Nov 1994 08:48:37 GMT",
                  second_less = "Sun, 06 Nov 1994 08:48:38 GMT";

file_version tagged(const std::string& tag = "\"v1\"", std::optional<std::uint64_t> total = 100) {
    file_version v;
    v.etag = tag;
    v.total = total;
    return v;
}

headers rest_of(
    std::uint64_t first, std::uint64_t last, const std::string& total, const std::string& tag = "\"v1\""
) {
    return fields(
        {{"Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + total},
         {"ETag", tag}}
    );
}

} // namespace

TEST_CASE("resume: what a range says", "[http][resume]") {
    const auto range = content_range::parse("bytes 10-99/100");
    REQUIRE(range);
    CHECK(range->first == 10);
    CHECK(range->last == 99);
    CHECK(range->total == 100U);
    CHECK(content_range::parse("Bytes 0-0/1"));
    REQUIRE(content_range::parse("bytes 1-2/*"));
    CHECK_FALSE(content_range::parse("bytes 1-2/*")->total);
    for (const char* nonsense :
         {"", "bytes", "bytes ", "bytes */100", "bytes 5-4/100", "bytes 0-100/100", "bytes 0-9/10x",
          "bytes 0-9/", "bytes 0-9", "bytes=0-9/10", "lines 0-9/10", "bytes -9/10", "bytes 0-/10",
          "bytes 0 - 9/10", "bytes 0-9/99999999999999999999", "bytes 99999999999999999999-1/2",
          "bytes 0-9223372036854775808/*", "bytes +1-2/3"}) {
        INFO(nonsense);
        CHECK_FALSE(content_range::parse(nonsense));
    }
}

TEST_CASE("resume: what proves a version", "[http][resume]") {
    CHECK(file_version::of(fields({{"ETag", "\"a\""}})).etag == "\"a\"");
    for (const char* weak : {"W/\"a\"", "a", "\"\"", "\"", "\"a", "\"a\"b\"", "\"a b\"", "w/\"a\"", ""}) {
        INFO(weak);
        // Neither a weak tag nor the date beside it
        CHECK_FALSE(file_version::of(
                        fields({{"ETag", weak}, {"Last-Modified", minute_before}, {"Date", date}})
        ).provable());
    }
    CHECK_FALSE(file_version::of(fields({{"ETag", "\"a\""}, {"ETag", "\"b\""}})).provable());
    CHECK_FALSE(file_version::of({}).provable());
}

TEST_CASE("resume: a date proves a version when it is old enough", "[http][resume]") {
    const auto of = [](const std::string& modified, const std::string& now) {
        return file_version::of(fields({{"Last-Modified", modified}, {"Date", now}})).if_range();
    };
    CHECK(of(minute_before, date) == minute_before);
    CHECK(of(second_less, date) == "");
    CHECK(of("yesterday or so", date) == "");
    CHECK(of(date, minute_before) == "");
    CHECK(of(minute_before, "") == "");
    CHECK_FALSE(file_version::of(fields({{"Last-Modified", minute_before}})).provable());
}

TEST_CASE("resume: the length is that of Content-Length, if nothing overrules it", "[http][resume]") {
    CHECK(told_length(fields({{"Content-Length", "12"}})) == 12U);
    CHECK_FALSE(told_length(fields({{"Content-Length", "12"}, {"Transfer-Encoding", "chunked"}})));
    CHECK_FALSE(told_length(fields({{"Content-Length", "12"}, {"Content-Length", "13"}})));
    CHECK_FALSE(told_length(fields({{"Content-Length", "12a"}})));
    CHECK_FALSE(told_length({}));
}

TEST_CASE("resume: the rest is asked for from where it begins", "[http][resume]") {
    const auto asked = rest_request::make(40, tagged());
    REQUIRE(asked);
    CHECK(asked->range() == "bytes=40-");
    CHECK(asked->if_range() == "\"v1\"");
    CHECK_FALSE(rest_request::make(0, tagged()));
    CHECK_FALSE(rest_request::make(40, file_version()));
    CHECK_FALSE(rest_request::make(101, tagged()));
    // All is there, or may be: one byte more than nothing has to be asked for
    CHECK(rest_request::make(100, tagged())->range() == "bytes=99-");
    CHECK(rest_request::make(40, tagged("\"v1\"", std::nullopt))->range() == "bytes=39-");
}

TEST_CASE("resume: only the rest of the same version is taken", "[http][resume]") {
    const auto asked = rest_request::make(40, tagged());
    const auto use = [&](int status, const headers& h) { return use_of(status, h, asked); };
    CHECK(use(206, rest_of(40, 99, "100")) == body_use::rest);
    CHECK(use(206, rest_of(40, 60, "100")) == body_use::rest); // a part of it: short, which shows in the end
    CHECK(use(206, rest_of(41, 99, "100")) == body_use::anew);
    CHECK(use(206, rest_of(39, 99, "100")) == body_use::anew);
    CHECK(use(206, rest_of(0, 99, "100")) == body_use::anew);
    CHECK(use(206, rest_of(40, 99, "101")) == body_use::anew);
    CHECK(use(206, rest_of(40, 99, "*")) == body_use::anew);
    CHECK(use(206, rest_of(40, 99, "100", "\"v2\"")) == body_use::anew);
    CHECK(use(206, rest_of(40, 99, "100", "W/\"v1\"")) == body_use::anew);
    CHECK(use(206, fields({{"Content-Range", "bytes 40-99/100"}})) == body_use::anew);
    CHECK(use(206, fields({{"ETag", "\"v1\""}})) == body_use::anew);
    auto longer = rest_of(40, 99, "100");
    longer.add("Content-Length", "61");
    CHECK(use(206, longer) == body_use::anew);
    CHECK(use(200, fields({{"ETag", "\"v2\""}})) == body_use::whole);
    CHECK(use(416, fields({{"Content-Range", "bytes */40"}})) == body_use::anew);
    CHECK(use(404, {}) == body_use::none);
    CHECK(use(304, {}) == body_use::none);
    CHECK(use_of(206, rest_of(40, 99, "100"), std::nullopt) == body_use::wrong);
    CHECK(use_of(416, {}, std::nullopt) == body_use::none);
}

TEST_CASE("resume: by date, the rest has to show the same", "[http][resume]") {
    file_version v;
    v.last_modified = minute_before;
    v.total = 100;
    const auto asked = rest_request::make(40, v);
    CHECK(asked->if_range() == minute_before);
    const auto with = [&](const std::string& modified) {
        return fields({{"Content-Range", "bytes 40-99/100"}, {"Last-Modified", modified}});
    };
    CHECK(use_of(206, with(minute_before), asked) == body_use::rest);
    CHECK(use_of(206, with(second_less), asked) == body_use::anew);
    CHECK(use_of(206, fields({{"Content-Range", "bytes 40-99/100"}}), asked) == body_use::anew);
}

TEST_CASE("resume: a record comes back as it was", "[http][resume]") {
    part_record r;
    r.url = "abc";
    r.from = "def";
    r.version = tagged("\"a=b end \"");
    r.version.last_modified = minute_before;
    r.boot = "this";
    r.synced = 7;
    const auto again = part_record::parse(r.text());
    REQUIRE(again);
    CHECK(again->text() == r.text());
    CHECK(again->url == "abc");
    CHECK(again->from == "def");
    CHECK(again->version.etag == "\"a=b end \"");
    CHECK(again->version.last_modified == minute_before);
    CHECK(again->version.total == 100U);
    CHECK(again->synced == 7);
}

TEST_CASE("resume: half a record is none", "[http][resume]") {
    part_record r;
    r.url = "abc";
    r.version = tagged();
    const std::string text = r.text();
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK_FALSE(part_record::parse(text.substr(0, size)));
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] ^= 1;
        CHECK_FALSE(part_record::parse(changed));
    }
}

TEST_CASE("resume: how much of a part can be trusted", "[http][resume]") {
    part_record r;
    r.url = "url";
    r.version = tagged();
    r.boot = "one";
    r.synced = 30;
    CHECK(r.usable(40, "url", "one") == 40);
    CHECK(r.usable(40, "another", "one") == 0);
    CHECK(r.usable(101, "url", "one") == 0);
    CHECK(r.usable(40, "url", "two") == 30); // the machine was started anew
    CHECK(r.usable(20, "url", "two") == 20);
    r.boot.clear();
    CHECK(r.usable(40, "url", "") == 30);
    r.version = file_version();
    CHECK(r.usable(40, "url", "one") == 0);
}
