#include "http_client/tls_setup.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace oneloop;
using http::tls_options;
using http::tls_setup;
using oneloop::testing::containing;

namespace {

const std::string key = "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=";

std::string refusal(const tls_options& options) {
    try {
        tls_setup setup(options);
    } catch (const error& e) {
        CHECK(e.code() == condition::argument);
        return e.what();
    }
    FAIL("taken");
    return {};
}

} // namespace

TEST_CASE("tls options: files that cannot be read are named", "[tls]") {
    const oneloop::testing::temp_dir dir;
    const std::string file = dir.write("file", "x").string(), gone = (dir / "gone").string();
    CHECK_THAT(refusal(tls_options().trust_file(gone)), containing("trust_file " + gone + ": No such file"));
    CHECK_THAT(refusal(tls_options().trust_file(dir.path().string())), containing("Is a directory"));
    CHECK_THAT(refusal(tls_options().trust_directory(gone)), containing("trust_directory " + gone));
    CHECK_THAT(refusal(tls_options().trust_directory(file)), containing("Not a directory"));
    CHECK_THAT(refusal(tls_options().certificate(gone)), containing("certificate " + gone));
    CHECK_THAT(refusal(tls_options().certificate(file, gone)), containing("key of the certificate " + gone));
    CHECK_THAT(refusal(tls_options().certificate("", file)), containing("without a certificate"));
    CHECK_THAT(refusal(tls_options().trust_file(file).trust_text("x")), containing("exclude each other"));
}

TEST_CASE("tls options: NUL and line breaks are refused everywhere", "[tls][security]") {
    const oneloop::testing::temp_dir dir;
    const std::string file = dir.write("file", "x").string();
    for (const std::string& bad : {std::string("\0", 1), std::string("\r"), std::string("\n")}) {
        CHECK_THAT(refusal(tls_options().trust_file(file + bad)), containing("trust_file"));
        CHECK_THAT(refusal(tls_options().trust_directory(file + bad)), containing("trust_directory"));
        CHECK_THAT(refusal(tls_options().certificate(file + bad)), containing("certificate"));
        CHECK_THAT(refusal(tls_options().certificate(file, file + bad)), containing("key"));
        CHECK_THAT(refusal(tls_options().certificate(file, file, "s3cret" + bad)), containing("passphrase"));
        CHECK_THAT(refusal(tls_options().pin("a" + bad, key)), containing("pin"));
        CHECK_THAT(refusal(tls_options().pin("a", key + bad)), containing("pin"));
    }
    CHECK_THAT(refusal(tls_options().trust_text(std::string("a\0b", 3))), containing("trust_text"));
}

TEST_CASE("tls options: a pin that is none is refused", "[tls][security]") {
    for (const std::string bad :
         {"", "sha256//", "YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=", "sha256//abc=",
          "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwEA", "/etc/key.pem",
          "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQ;jAa3HWY3tvRMwE="})
        CHECK_THAT(refusal(tls_options().pin("a", bad)), containing("44 characters"));
    for (const std::string bad : {"", "a:443", "a/b", "u@a", "https://a", "b\u00fccher", "*.a", "a?b"}) {
        INFO(bad);
        CHECK_THAT(refusal(tls_options().pin(bad, key)), containing("name of a host"));
    }
    tls_setup fine(tls_options().pin("Example.ORG.", key).pin("::1", key).pin("[::1]", key).pin("127.1", key)
    );
}
