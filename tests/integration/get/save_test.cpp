#include "http_client/sha256.hpp"
#include "tests/integration/get/tool.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop;
using namespace oneloop::testing;
using strings = std::vector<std::string>;

TEST_CASE("get saves what comes, and tells what does not") {
    nginx server;
    server.serve("a.txt", "first");
    server.serve("b.txt", "second!");
    temp_dir dir;
    const tool_run run(
        dir, {server.url("/a.txt"), server.url("/status/404"), server.url("/b.txt?x=/y"), "nonsense"}
    );
    INFO(run.text);
    CHECK(run.status == exited(1));
    CHECK(run.says("a.txt: 5 B\n"));
    CHECK(run.says("b.txt: 7 B\n"));
    CHECK(run.says("failed: " + server.url("/status/404") + ": status 404\n"));
    CHECK(run.says("failed: GET nonsense: "));
    CHECK(run.says("2 files, 12 B in "));
    CHECK(run.says("; 2 failed\n"));
    CHECK_FALSE(run.says("\x1b")); // not a terminal
    CHECK(names_in(dir.path()) == strings{"a.txt", "b.txt"});
    CHECK(read_file(dir / "b.txt") == "second!");
}

TEST_CASE("get saves under the name that it is told, and says nothing when it shall be quiet") {
    nginx server;
    server.serve("a.txt", "first");
    temp_dir dir;
    dir.write("mine", "older");
    const tool_run run(dir, {"-q", "-o", dir / "mine", server.url("/a.txt")});
    CHECK(run.text == "");
    CHECK(run.status == exited(0));
    CHECK(read_file(dir / "mine") == "first");
}

TEST_CASE("get reads URLs from standard input") {
    nginx server;
    strings names;
    std::string lines = "# a list\r\n\n  " + server.url("/0") + " \r\n";
    for (int i = 0; i < 100; ++i) {
        names.push_back(std::to_string(i));
        server.serve(names.back(), names.back());
        if (i > 0)
            lines += server.url("/" + names.back()) + (i < 99 ? "\n" : ""); // the last line has no end
    }
    std::ranges::sort(names);
    temp_dir dir, lists;
    const auto list = lists.write("list", lines).string();
    const std::string dash = GENERATE("", " -");
    const tool_run run(strings{
        "/bin/sh", "-c", "cat \"$1\" | \"$2\" -j 7 -d \"$3\"" + dash, "sh", list, ONELOOP_GET, dir.path()});
    INFO(run.text);
    CHECK(run.status == exited(0));
    CHECK(names_in(dir.path()) == names);
    CHECK(read_file(dir / "99") == "99");
    CHECK(most_at_once(server.requests(100)) <= 7);
}

TEST_CASE("get goes on where a download was cut off, and leaves alone what is there") {
    const std::string body = pattern(1000), tag = "ETag: \"v1\"\r\n";
    const auto server = answers_in_turn(
        {cut_answer("200 OK", tag, body, 400),
         answer_with("206 Partial", tag + "Content-Range: bytes 400-999/1000\r\n", body.substr(400))}
    );
    temp_dir dir;
    const strings words{"--resume", "--retries", "0", server.url("/file")};
    const tool_run cut(dir, words);
    INFO(cut.text);
    CHECK(cut.status == exited(1));
    CHECK(names_in(dir.path()).size() == 2); // the part and its proof
    const tool_run rest(dir, words);
    INFO(rest.text);
    CHECK(rest.status == exited(0));
    CHECK(rest.says("file: 400 B were there, and 600 B\n"));
    CHECK(names_in(dir.path()) == strings{"file"});
    CHECK(read_file(dir / "file") == body);
    const tool_run again(dir, words);
    CHECK(again.status == exited(0));
    CHECK(again.says("file: there already\n"));
    CHECK(server.requests().size() == 2);
}

TEST_CASE("get knows a file again whose name it had to change") {
    nginx server;
    server.serve("a.part", "text");
    temp_dir dir;
    for (const char* said : {"a_part: 4 B\n", "a_part: there already\n"}) {
        const tool_run run(dir, {"--resume", server.url("/a.part")});
        INFO(run.text);
        CHECK(run.says(said));
    }
    CHECK(names_in(dir.path()) == strings{"a_part"});
}

TEST_CASE("get takes no file for that of another URL in the same run") {
    nginx server;
    server.serve("1/file", "first");
    server.serve("other", "other");
    server.serve("2/file", "second");
    temp_dir dir;
    // Two begin at once: the third when the first is there
    const strings words{"--resume",           "-j", "1", server.url("/1/file"), server.url("/other"),
                        server.url("/2/file")};
    const tool_run run(dir, words);
    INFO(run.text);
    CHECK(names_in(dir.path()) == strings{"file", "file-1", "other"});
    const tool_run again(dir, words);
    CHECK(again.says("; 3 there already\n"));
    CHECK(names_in(dir.path()) == strings{"file", "file-1", "other"});
}

TEST_CASE("get saves what has no proof of its end only where it is told to") {
    const auto server = answers_in_turn(strings(2, "HTTP/1.0 200 OK\r\n\r\ntext"));
    temp_dir dir;
    const tool_run refused(dir, {server.url("/file")});
    INFO(refused.text);
    CHECK(refused.status == exited(1));
    CHECK(refused.says("nothing proves that the body is whole"));
    CHECK(names_in(dir.path()).empty());
    const tool_run accepted(dir, {"--accept-unproven-end", server.url("/file")});
    CHECK(accepted.status == exited(0));
    CHECK(read_file(dir / "file") == "text");
}

TEST_CASE("get tries again what broke") {
    const auto server = answers_in_turn({answer_with("503 Busy", "", ""), answer_with("200 OK", "", "yes")});
    temp_dir dir;
    const tool_run run(dir, {"--retries", "1", server.url("/file")});
    INFO(run.text);
    CHECK(run.status == exited(0));
    CHECK(read_file(dir / "file") == "yes");
}

TEST_CASE("get keeps no file with a wrong checksum") {
    nginx server;
    server.serve("good", "good");
    server.serve("a b", "bad");
    server.serve("free", "free");
    temp_dir dir, lists;
    const auto sums = lists.write(
        "sums", http::sha256::of("good") + "  ./there/good\n" + http::sha256::of("other") + " *a b\n"
    );
    const tool_run run(
        dir, {"--checksums", sums, server.url("/good"), server.url("/a%20b"), server.url("/free")}
    );
    INFO(run.text);
    CHECK(run.status == exited(1));
    CHECK(run.says("SHA-256"));
    CHECK(run.says("no \"free\" in "));
    CHECK(names_in(dir.path()) == strings{"good"});

    const tool_run one(dir, {"--sha256", http::sha256::of("other"), server.url("/a%20b")});
    CHECK(one.status == exited(1));
    CHECK(names_in(dir.path()) == strings{"good"});
}

TEST_CASE("get tells the server what it is told, and keeps a log") {
    const auto server = answers_in_turn({answer_with("200 OK", "", "yes")});
    temp_dir dir;
    const tool_run run(
        dir, {"-v", "--header", "X-Key: blue sky", "--user-agent", "tester", server.url("/file")}
    );
    INFO(run.text);
    CHECK(run.says("GET " + server.url("/file") + " -> 200, 3 bytes"));
    REQUIRE(server.requests().size() == 1);
    const std::string asked = server.requests()[0].bytes;
    CHECK(asked.find("X-Key: blue sky\r\n") != std::string::npos);
    CHECK(asked.find("User-Agent: tester\r\n") != std::string::npos);
}
