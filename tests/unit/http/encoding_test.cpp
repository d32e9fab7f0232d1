#include "http_client/encoding.hpp"

#include "tests/support/catch.hpp"
#include <oneloop/http/body.hpp>

using namespace oneloop;

TEST_CASE("encoding: what is no letter, digit or -._~ is percent-encoded", "[encoding]") {
    CHECK(http::percent_encoded("") == "");
    CHECK(http::percent_encoded("azAZ09-._~") == "azAZ09-._~");
    CHECK(http::percent_encoded("`{@[/: +&=%") == "%60%7B%40%5B%2F%3A%20%2B%26%3D%25");
    CHECK(http::percent_encoded(std::string("\0\r\n\x7f", 4)) == "%00%0D%0A%7F");
    CHECK(http::percent_encoded("\x80\xc3\xbc\xff") == "%80%C3%BC%FF");
}

TEST_CASE("encoding: a field of a form may be as large as memory", "[encoding]") {
    const http::body filled = http::form().field("f", std::string(25 << 20, '\xff'));
    CHECK(filled.bytes().size() == 2 + 3 * (std::size_t{25} << 20));
    CHECK(filled.bytes().starts_with("f=%FF%FF"));
    CHECK(filled.bytes().ends_with("%FF"));
}

TEST_CASE("encoding: the names of a form's parts stay between their quotes", "[encoding]") {
    const std::string name("a\"\r\n\0\x1b\x7f ü", 10);
    const http::body form = http::multipart().file(name, name, "bytes");
    const std::string safe = "\"a%22%0D%0A%00%1B%7F ü\"";
    using oneloop::testing::containing;
    CHECK_THAT(
        std::string(form.bytes()),
        containing("form-data; name=" + safe + "; filename=" + safe + "\r\nContent-Type: ")
    );
}
