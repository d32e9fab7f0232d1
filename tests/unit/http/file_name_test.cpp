#include "http_client/file_name.hpp"

#include "http_client/sha256.hpp"
#include "tests/support/catch.hpp"

using namespace oneloop::http;

TEST_CASE("file name: the last segment of a URL", "[http][name]") {
    CHECK(name_from_url("http://host/a/b.txt") == "b.txt");
    CHECK(name_from_url("http://host/a/b.txt?x=/c#d/e") == "b.txt");
    CHECK(name_from_url("http://host/%C3%BC%20b.txt") == "ü b.txt");
    CHECK(name_from_url("http://host/100%.txt") == "100%.txt");
    CHECK(name_from_url("http://host/%4") == "%4");
    for (const char* nameless :
         {"http://host", "http://host/", "http://host/a/", "http://host/?q=a", "http://host/.."})
        CHECK(name_from_url(nameless) == "download");
}

TEST_CASE("file name: none leads out of its directory", "[http][name]") {
    CHECK(name_from_url("http://host/..%2f..%2fetc%2fpasswd") == "_.._etc_passwd");
    CHECK(name_from_url("http://host/%2e%2e") == "download");
    CHECK(name_from_url("http://host/%2e%2e%2f") == "_");
    CHECK(name_from_url("http://host/a%00b.txt") == "a_b.txt");
    CHECK(name_from_url("http://host/..%5c..%5cboot.ini") == "_.._boot.ini");
    CHECK(harmless_name("") == "download");
    CHECK(harmless_name(".") == "download");
    CHECK(harmless_name("..") == "download");
    CHECK(harmless_name("...") == "download");
    CHECK(harmless_name(".bashrc") == "bashrc");
    CHECK(harmless_name("-rf") == "rf");
    CHECK(harmless_name(" -.- a . ") == "a");
    CHECK(harmless_name("a\r\nb\tc\x7f") == "a__b_c_");
}

TEST_CASE("file name: what is no UTF-8, and what deceives the eye", "[http][name]") {
    const std::string mark = "\xef\xbf\xbd";
    CHECK(harmless_name("a\xff") == "a" + mark);
    CHECK(harmless_name("\xc3") == mark);
    CHECK(harmless_name("\xc0\xaf") == mark + mark);                    // a slash in two bytes
    CHECK(harmless_name("\xe0\x80\xaf") == mark + mark + mark);         // ... in three
    CHECK(harmless_name("\xed\xa0\x80") == mark + mark + mark);         // half of a pair
    CHECK(harmless_name("\xf4\x90\x80\x80").size() == 4 * mark.size()); // beyond the last
    CHECK(harmless_name("photo\xe2\x80\xaegpj.exe") == "photo_gpj.exe");
    CHECK(harmless_name("a\xc2\x85z") == "a_z");
    CHECK(harmless_name("\xf0\x9f\x98\x80.txt") == "\xf0\x9f\x98\x80.txt");
}

TEST_CASE("file name: none is taken for a part of ours, or for its record", "[http][name]") {
    CHECK(harmless_name("tool.bin.1a2b3c4d.part") == "tool.bin.1a2b3c4d_part");
    CHECK(harmless_name("tool.bin.1a2b3c4d.part.info") == "tool.bin.1a2b3c4d_part.info");
    CHECK(harmless_name("a.PART") == "a_PART");
    CHECK(harmless_name("a.Part.iNFO") == "a_Part.iNFO");
    CHECK(harmless_name("a.part.part") == "a.part_part");
    CHECK(harmless_name("a.part.info.part.info") == "a.part.info_part.info");
    CHECK(harmless_name("a.part. .") == "a_part"); // what is dropped at the end does not hide it
    CHECK(harmless_name("a.part/") == "a.part_");
    CHECK(
        harmless_name("a.p\xc2\xad"
                      "art") ==
        "a_p\xc2\xad"
        "art"
    ); // to some file systems a soft hyphen is nothing
    for (const char* end : {".part", ".part.info", ".PART"}) {
        // Nor once it is shortened: before, this is no ending
        const std::string shortened(longest_file_name - std::string_view(end).size(), 'n');
        const auto name = harmless_name(shortened + end + std::string(100, 'm'));
        CHECK(name.size() == longest_file_name);
        CHECK_FALSE(name.ends_with(end));
        const auto trimmed = harmless_name(shortened.substr(1) + end + " " + std::string(100, 'm'));
        CHECK(trimmed.size() == longest_file_name - 1);
        CHECK_FALSE(trimmed.ends_with(end));
    }
    CHECK(name_from_url("http://host/a%2epart") == "a_part");
    CHECK(name_from_disposition("attachment; filename=a.part") == "a_part");
    CHECK(name_from_disposition("attachment; filename*=UTF-8''a%2Epart%2Einfo") == "a_part.info");
    for (const char* other :
         {"a.parts", "part", "a.part.infos", "apart", "a.info", "part.info", "a.part.txt"})
        CHECK(harmless_name(other) == other);
    CHECK(numbered_name(harmless_name("a.part"), 1) == "a_part-1");
}

TEST_CASE("file name: not too long, its ending kept", "[http][name]") {
    const std::string fits(longest_file_name - 4, 'n');
    CHECK(harmless_name(fits + ".txt") == fits + ".txt");
    CHECK(harmless_name(fits + "n.txt") == fits + ".txt");
    CHECK(harmless_name(std::string(1000, 'n') + ".tar.gz").size() == longest_file_name);
    CHECK(harmless_name(std::string(1000, 'n') + ".tar.gz").ends_with("n.tar.gz"));
    std::string wide;
    while (wide.size() < 1000)
        wide += "ü";
    const auto cut = harmless_name("a" + wide); // an odd number of bytes: half a letter would be over
    CHECK(cut.size() <= longest_file_name);
    CHECK(cut.find('\xef') == cut.npos);
    CHECK(harmless_name(cut) == cut);
}

TEST_CASE("file name: numbered before the ending", "[http][name]") {
    CHECK(numbered_name("a.txt", 0) == "a.txt");
    CHECK(numbered_name("a.txt", 1) == "a-1.txt");
    CHECK(numbered_name("a.tar.gz", 2) == "a-2.tar.gz");
    CHECK(numbered_name("a", 3) == "a-3");
    CHECK(numbered_name("version 1.a sentence with a dot", 1) == "version 1.a sentence with a dot-1");
    CHECK(with_ending(std::string(255, 'n'), ".part").size() == 255);
    CHECK(with_ending(std::string(255, 'n'), ".part", 5).size() == 250);
    CHECK(with_ending("n", ".part") == "n.part");
}

TEST_CASE("file name: what the server calls it", "[http][name]") {
    const auto name = [](const char* field) { return name_from_disposition(field).value_or("none"); };
    CHECK(name("attachment; filename=a.txt") == "a.txt");
    CHECK(name("attachment; filename=\"a b.txt\"") == "a b.txt");
    CHECK(name("attachment; filename = \"a\\\"b.txt\" ; x=y") == "a\"b.txt");
    CHECK(name("attachment;FILENAME=a.txt") == "a.txt");
    CHECK(name("inline; filename=\"plain.txt\"; filename*=UTF-8''%c3%bc.txt") == "ü.txt");
    CHECK(name("inline; filename*=iso-8859-1'de'%fc.txt") == "ü.txt");
    CHECK(name("inline; filename*=koi8-r''%fc.txt; filename=plain.txt") == "plain.txt");
    CHECK(name("attachment; filename=\"../../etc/passwd\"") == "passwd");
    CHECK(name("attachment; filename=\"C:\\\\dir\\\\a.exe\"") == "a.exe");
    CHECK(name("attachment; filename*=UTF-8''..%2f..%2fa") == "a");
    CHECK(name("attachment; filename=\"..\"") == "download");
    CHECK(name("attachment; x=\"filename=b\"; filename=a") == "a");
    for (const char* nameless :
         {"", "attachment", "attachment;", "attachment; filename",
          "attachment; filename=", "attachment; filename=\"", "attachment; filename=\"dir/\"",
          "attachment; filename*=UTF-8'x", ";;;", "attachment; notfilename=a"})
        CHECK(name(nameless) == "none");
}

TEST_CASE("sha256: known answers", "[http][hash]") {
    CHECK(sha256::of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256 pieces;
    pieces.add("a");
    pieces.add("bc");
    CHECK(pieces.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(is_sha256(sha256::of("")));
    CHECK_FALSE(is_sha256(sha256::of("").substr(1)));
    CHECK_FALSE(is_sha256(sha256::of("").substr(1) + "g"));
    CHECK(lower_case("AbC9") == "abc9");
}
