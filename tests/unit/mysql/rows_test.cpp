#include "mysql/result_store.hpp"
#include "tests/support/catch.hpp"
#include <oneloop/error.hpp>

using namespace oneloop;
using namespace oneloop::mysql;
using oneloop::testing::containing;

namespace {

using value = std::optional<std::string>;

rows make(std::vector<std::string> columns, const std::vector<std::vector<value>>& content) {
    auto store = std::make_shared<mysql::detail::result_store>();
    store->columns = std::move(columns);
    for (const auto& values : content) {
        std::vector<const char*> texts;
        std::vector<unsigned long> lengths;
        for (const auto& v : values) {
            texts.push_back(v ? v->data() : nullptr);
            lengths.push_back(v ? v->size() : 0);
        }
        store->add(texts.data(), lengths.data());
    }
    return rows(std::move(store));
}

field one(value v) {
    static std::vector<rows> kept;
    kept.push_back(make({"v"}, {{std::move(v)}}));
    return kept.back()[0][0];
}

template <class Function>
std::string refusal(Function f) {
    try {
        f();
    } catch (const error& e) {
        CHECK(e.code() == condition::argument);
        return e.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST_CASE("mysql rows: none", "[mysql]") {
    const rows none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
    CHECK(none.columns().empty());
    CHECK(none.begin() == none.end());
    CHECK(none.affected_rows() == 0);
    CHECK_THAT(refusal([&] { static_cast<void>(none[0]); }), containing("0 rows"));
    const rows columns_only = make({"a"}, {});
    CHECK(columns_only.empty());
    CHECK(columns_only.begin() == columns_only.end());
}

TEST_CASE("mysql rows: values by place and by name, NULL and empty text", "[mysql]") {
    const rows all = make(
        {"id", "Host", "id"},
        {{{"1"}, {"a"}, {"x"}}, {{"2"}, {}, {""}}, {{}, {""}, {}}, {{""}, {std::string("\0\xff", 2)}, {}}}
    );
    REQUIRE(all.size() == 4);
    CHECK(all.columns() == std::vector<std::string>{"id", "Host", "id"});
    CHECK(all[0]["id"].text() == "1");
    CHECK(all[0][2].text() == "x");
    CHECK(all[1]["Host"].is_null());
    CHECK(all[1]["Host"].text() == "");
    CHECK_FALSE(all[1][2].is_null());
    CHECK(all[1][2].text() == "");
    CHECK(all[2][0].is_null());
    CHECK(all[2][1].text() == "");
    CHECK(all[2][2].is_null());
    CHECK(all[3][1].text() == std::string_view("\0\xff", 2));
    CHECK(all.front().size() == 3);

    std::size_t n = 0;
    for (const row r : all)
        CHECK(r["id"].text() == all[n++][0].text());
    CHECK(n == 4);

    CHECK_THAT(refusal([&] { static_cast<void>(all[4]); }), containing("4 rows"));
    CHECK_THAT(refusal([&] { static_cast<void>(all[0][3]); }), containing("3 columns"));
    CHECK_THAT(refusal([&] { static_cast<void>(all[0]["host"]); }), containing("id, Host, id"));
}

TEST_CASE("mysql rows: views outlive a move, copies share", "[mysql]") {
    rows first = make({"v"}, {{{"seven"}}});
    const field f = first[0][0];
    const rows second = std::move(first);
    const rows third = second;
    CHECK(f.text() == "seven");
    CHECK(third[0][0].text().data() == f.text().data());
}

TEST_CASE("mysql rows: large values and many rows lie where they were put", "[mysql]") {
    const std::string large(3'000'000, 'L');
    std::vector<std::vector<value>> content;
    for (int i = 0; i < 5'000; ++i)
        content.push_back({{std::to_string(i)}, i % 1000 == 7 ? value(large) : value()});
    const rows all = make({"i", "v"}, content);
    REQUIRE(all.size() == 5'000);
    for (std::size_t i = 0; i < all.size(); ++i) {
        REQUIRE(all[i][0].as<std::size_t>() == i);
        REQUIRE(all[i][1].is_null() == (i % 1000 != 7));
    }
    CHECK(all[3'007][1].text() == large);
}

TEST_CASE("mysql rows: conversions", "[mysql]") {
    CHECK(one({"42"}).as<int>() == 42);
    CHECK(one({"-42"}).as<std::int64_t>() == -42);
    CHECK(one({"18446744073709551615"}).as<std::uint64_t>() == 18446744073709551615U);
    CHECK(one({"-128"}).as<std::int8_t>() == -128);
    CHECK(one({"0.25"}).as<double>() == 0.25);
    CHECK(one({"1e3"}).as<float>() == 1000.0F);
    CHECK(one({"1"}).as<bool>());
    CHECK_FALSE(one({"0"}).as<bool>());
    CHECK(one({"text"}).as<std::string>() == "text");
    CHECK(one({"text"}).as<std::string_view>() == "text");
    CHECK(one({"7"}).as<std::optional<int>>() == 7);
    CHECK(one({}).as<std::optional<int>>() == std::nullopt);
    CHECK(one({}).as<std::optional<std::string>>() == std::nullopt);
    CHECK(one({""}).as<std::optional<std::string>>() == "");
}

TEST_CASE("mysql rows: what cannot be converted is told, without the value", "[mysql]") {
    for (const std::string bad : {"", "secret", "12x", " 1", "1 ", "0x10", "1.5", "2147483648", "+1"}) {
        INFO(bad);
        const std::string what = refusal([&] { static_cast<void>(one(bad).as<int>()); });
        CHECK_THAT(what, containing("is not a signed integer"));
        CHECK(what.find("secret") == std::string::npos);
    }
    CHECK_THAT(
        refusal([] { static_cast<void>(one({"-1"}).as<unsigned>()); }), containing("unsigned integer")
    );
    CHECK_THAT(refusal([] { static_cast<void>(one({"128"}).as<std::int8_t>()); }), containing("fit"));
    CHECK_THAT(refusal([] { static_cast<void>(one({"x"}).as<double>()); }), containing("floating-point"));
    CHECK_THAT(refusal([] { static_cast<void>(one({}).as<int>()); }), containing("std::optional"));
    CHECK_THAT(refusal([] { static_cast<void>(one({}).as<std::string>()); }), containing("NULL"));
    CHECK_THAT(
        refusal([] { static_cast<void>(one({"x"}).as<std::optional<int>>()); }), containing("integer")
    );
}
