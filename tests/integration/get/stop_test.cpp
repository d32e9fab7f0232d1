#include "tests/integration/get/tool.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop::testing;
using strings = std::vector<std::string>;

namespace {

std::uintmax_t bytes_in_part(const temp_dir& dir) {
    std::error_code gone;
    for (const auto& name : names_in(dir.path()))
        if (name.ends_with(".part"))
            if (const auto size = std::filesystem::file_size(dir / name, gone); !gone)
                return size;
    return 0;
}

// All that is left to read.
std::string rest_of(process& child) {
    std::string text;
    for (std::string line; !(line = child.read_line()).empty();)
        text += line + "\n";
    return text;
}

} // namespace

TEST_CASE("Ctrl-C ends get at once, and what came is kept where it is asked for") {
    const bool resume = GENERATE(true, false);
    nginx server; // which takes minutes to send this
    server.serve("slow/file", pattern(20'000'000));
    temp_dir dir;
    strings words{server.url("/slow/file")};
    if (resume)
        words.push_back("--resume");
    process child(tool_run::with_tool({"-d", dir.path()}, words), process_options().with_errors());
    while (bytes_in_part(dir) == 0)
        REQUIRE_FALSE(child.ends_within(std::chrono::milliseconds(20)));
    child.signal(SIGINT);
    CHECK(child.wait() == exited(130));
    const std::string said = rest_of(child);
    INFO(said);
    CHECK(said.find("0 files, ") != std::string::npos);
    CHECK(said.find("; 1 stopped\n") != std::string::npos);
    CHECK((said.find("give the same command again") != std::string::npos) == resume);
    CHECK((bytes_in_part(dir) > 0) == resume);
    CHECK(names_in(dir.path()).size() == (resume ? 2 : 0)); // the part and its proof
}

TEST_CASE("Ctrl-C ends get while it waits for URLs") {
    nginx server;
    server.serve("file", "yes");
    temp_dir dir;
    process child(tool_run::with_tool({"-d", dir.path()}, {}));
    child.write(server.url("/file") + "\n");
    CHECK(child.read_line() == "file: 3 B"); // it has not waited for the end of the input
    child.signal(SIGINT);
    CHECK(child.wait() == exited(130));
}
