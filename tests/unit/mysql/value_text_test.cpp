#include "mysql/value_text.hpp"

#include "mysql/binary_row.hpp"
#include "tests/support/catch.hpp"
#include <oneloop/mysql/parameters.hpp>

using namespace oneloop::mysql;

namespace {

std::string real(double d, unsigned decimals = not_fixed) {
    std::string text;
    append_double(text, d, decimals);
    return text;
}

// The value of a row with one column whose packet is this, or "none".
std::string only(enum_field_types type, std::string packet) {
    MYSQL_FIELD about{};
    about.type = type;
    binary_row row;
    row.begin(&about, 1);
    // In memory of its own, so that a look behind the end is found
    std::vector<unsigned char> bytes(packet.begin(), packet.end());
    bytes.shrink_to_fit();
    unsigned char* at = bytes.data();
    const unsigned char* const end = at + bytes.size();
    row.expect();
    row.take(0, &at, end);
    if (!row.render())
        return "none";
    CHECK(at == end);
    return std::string(row.values()[0], row.lengths()[0]);
}

} // namespace

TEST_CASE("mysql value: floating point as servers write it", "[mysql]") {
    CHECK(real(0) == "0");
    CHECK(real(-0.0) == "-0");
    CHECK(real(0.1) == "0.1");
    CHECK(real(-1234.5) == "-1234.5");
    CHECK(real(100) == "100");
    CHECK(real(999999999999999) == "999999999999999");
    CHECK(real(1e15) == "1e15");
    CHECK(real(1234567890123456.5) == "1234567890123456.5");
    CHECK(real(1e-15) == "0.000000000000001");
    CHECK(real(1.5e-16) == "1.5e-16");
    CHECK(real(-1.7976931348623157e308) == "-1.7976931348623157e308");
    CHECK(real(2.5, 3) == "2.500");
    CHECK(real(1.7976931348623157e308, 30).size() == 340);
    std::string f;
    append_float(f, 123456.789f, not_fixed);
    CHECK(f == "123457");
}

TEST_CASE("mysql value: a row that is none is found before it is looked at", "[mysql]") {
    CHECK(
        only(
            MYSQL_TYPE_STRING,
            "\x03"
            "abc"
        ) == "abc"
    );
    CHECK(only(MYSQL_TYPE_LONG, std::string("\xff\xff\xff\xff", 4)) == "-1");
    CHECK(only(MYSQL_TYPE_DATE, std::string("\x04\xe8\x07\x02\x1d", 5)) == "2024-02-29");
    CHECK(
        only(
            MYSQL_TYPE_STRING,
            "\x04"
            "abc"
        ) == "none"
    );
    CHECK(only(MYSQL_TYPE_STRING, "\xfc\x01") == "none");
    CHECK(only(MYSQL_TYPE_STRING, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff") == "none");
    CHECK(only(MYSQL_TYPE_LONGLONG, "1234567") == "none");
    CHECK(only(MYSQL_TYPE_DOUBLE, "1234567") == "none");
    CHECK(
        only(
            MYSQL_TYPE_DATE,
            "\x03"
            "abc"
        ) == "none"
    );
    CHECK(
        only(
            MYSQL_TYPE_DATETIME,
            "\x0c"
            "abcdefghijkl"
        ) == "none"
    );
    CHECK(
        only(
            MYSQL_TYPE_TIME,
            "\x05"
            "abcde"
        ) == "none"
    );
}

TEST_CASE("mysql parameter: what may be one", "[mysql]") {
    static_assert(parameter<const char*> && parameter<const char(&)[4]> && parameter<std::string&&>);
    static_assert(parameter<std::vector<std::byte>&> && parameter<std::span<std::byte>>);
    static_assert(parameter<bool> && parameter<unsigned char> && parameter<long double>);
    static_assert(parameter<std::nullptr_t> && parameter<const std::nullopt_t&>);
    static_assert(parameter<std::optional<std::string_view>> && parameter<const std::optional<int>&>);
    static_assert(!parameter<char> && !parameter<char8_t> && !parameter<wchar_t> && !parameter<void*>);
    static_assert(!parameter<std::optional<char>> && !parameter<std::optional<std::optional<int>>>);
    parameters two;
    two.add(std::vector<std::byte>()).add(std::optional<int>());
    CHECK(std::get<parameters::bytes>(two.all()[0]).kept().empty());
    CHECK(std::holds_alternative<std::nullptr_t>(two.all()[1]));
}
