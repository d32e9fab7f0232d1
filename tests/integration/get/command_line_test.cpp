#include "tests/integration/get/tool.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace oneloop::testing;
using strings = std::vector<std::string>;

TEST_CASE("get tells a wrong command line in one line") {
    temp_dir dir;
    const auto list = dir.write("list", "nonsense\n");
    const std::string hex(64, 'a');
    const strings words = GENERATE_COPY(
        strings{"--frob", "http://h/"}, strings{"-x", "http://h/"}, strings{"http://h/", "-o"},
        strings{"-o", "file", "http://h/", "http://h/"}, strings{"-o", "file", "http://h/", "-"},
        strings{"--sha256", hex, "http://h/", "http://h/"}, strings{"--sha256", "12", "http://h/"},
        strings{"--checksums", "/no/such/file", "http://h/"}, strings{"--checksums", list, "http://h/"},
        strings{"-j", "0", "http://h/"}, strings{"-j", "1x", "http://h/"},
        strings{"--rate", "-1", "http://h/"}, strings{"--timeout", "soon", "http://h/"},
        strings{"--header", "nothing", "http://h/"}, strings{"--header", "a b: c", "http://h/"},
        strings{"-d", "/no/such/directory", "http://h/"}, strings{"--proxy", "gopher://h", "http://h/"},
        strings{"--cacert", "/no/such/file", "http://h/"}
    );
    const tool_run run(tool_run::with_tool({}, words));
    INFO(words[0] << " " << words[1] << ": " << run.text);
    CHECK(run.status == exited(2));
    CHECK(run.text.starts_with("get: "));
    CHECK(run.text.ends_with("; see get --help\n"));
    CHECK(std::ranges::count(run.text, '\n') == 1);
}

TEST_CASE("get without a URL on a terminal says so") {
    const tool_run run(strings{"/usr/bin/script", "-qec", ONELOOP_GET, "/dev/null"});
    CHECK(run.text == "get: there is no URL; see get --help\r\n");
    CHECK(run.status == exited(2));
}

TEST_CASE("get tells how it is used, and its version") {
    const tool_run help(tool_run::with_tool({"--help"}, {"-j", "0"}));
    CHECK(help.text.starts_with("usage: get "));
    CHECK(help.status == exited(0));
    const tool_run version(tool_run::with_tool({"--version"}, {}));
    CHECK(version.text.starts_with("get "));
    CHECK(version.status == exited(0));
}
