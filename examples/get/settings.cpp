#include "settings.hpp"

#include "text.hpp"

#include <getopt.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace {

const char* const usage = R"(usage: get [OPTION]... [URL]...
Downloads all the URLs at once, and more from standard input, one in a line, for the URL "-" or when there is
none. What is half here never has the name of a file.

  -o, --output FILE      the name of the file (one URL), which is replaced
  -d, --directory DIR    where files go, with names made from their URLs (.); none is ever overwritten
  -j, --jobs N           downloads at once (32)
      --per-host N       ... from one host (8)
      --rate N           requests to a host in a second (no limit)
  -c, --resume           keep what came of a download that fails, go on from there, and leave alone a URL
                         whose file is there already
      --retries N        try again so often what failed and may pass (2); what broke in the middle of a file
                         only with --resume
      --timeout SECONDS  give up when nothing happens for so long (30)
      --sha256 HEX       what the file must have (one URL)
      --checksums FILE   the same for every file by its name, as sha256sum writes them; what is not in there
                         is not saved
      --accept-unproven-end
                         save also what the server tells neither the length nor the end of: it may be cut off
      --header "N: V"    one more header field; may be given again
      --user-agent NAME  instead of oneloop's
      --cacert FILE      certificates to trust instead of the system's
      --proxy URL        http, https, socks5 or socks5h
  -q, --quiet            only failures
  -v, --verbose          a line with times for every request
      --help, --version

Status: 0 when all came, 1 when something failed, 2 for a wrong command line; 130 after Ctrl-C.
)";

enum : int {
    per_host = 256,
    rate,
    retries,
    limit,
    sha256,
    checksums,
    unproven,
    header,
    agent,
    cacert,
    proxy,
    help,
    version
};

const option long_options[] = {
    {"output", required_argument, nullptr, 'o'},
    {"directory", required_argument, nullptr, 'd'},
    {"jobs", required_argument, nullptr, 'j'},
    {"per-host", required_argument, nullptr, per_host},
    {"rate", required_argument, nullptr, rate},
    {"resume", no_argument, nullptr, 'c'},
    {"retries", required_argument, nullptr, retries},
    {"timeout", required_argument, nullptr, limit},
    {"sha256", required_argument, nullptr, sha256},
    {"checksums", required_argument, nullptr, checksums},
    {"accept-unproven-end", no_argument, nullptr, unproven},
    {"header", required_argument, nullptr, header},
    {"user-agent", required_argument, nullptr, agent},
    {"cacert", required_argument, nullptr, cacert},
    {"proxy", required_argument, nullptr, proxy},
    {"quiet", no_argument, nullptr, 'q'},
    {"verbose", no_argument, nullptr, 'v'},
    {"help", no_argument, nullptr, help},
    {"version", no_argument, nullptr, version},
    {}};

template <class Number>
Number number(std::string_view option, std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
        throw std::invalid_argument(
            std::string(option) + " takes a number from " + in_short(double(least)) + " to " +
            in_short(double(most)) + ", not \"" + std::string(text) + '"'
        );
    return value;
}

std::pair<std::string, std::string> field(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == text.npos || colon == 0)
        throw std::invalid_argument("--header takes \"Name: value\", not \"" + std::string(text) + '"');
    const auto value = text.find_first_not_of(" \t", colon + 1);
    return {std::string(text.substr(0, colon)), std::string(value == text.npos ? "" : text.substr(value))};
}

void set(settings& s, int option, const char* value) {
    switch (option) {
        case 'o':
            s.file = value;
            break;
        case 'd':
            s.directory = value;
            break;
        case 'j':
            s.at_once = number<std::size_t>("--jobs", value, 1, 10'000);
            break;
        case 'c':
            s.resume = true;
            break;
        case 'q':
            s.quiet = true;
            break;
        case 'v':
            s.verbose = true;
            break;
        case per_host:
            s.per_host = number<std::size_t>("--per-host", value, 1, 10'000);
            break;
        case rate:
            s.rate = number<double>("--rate", value, 0.001, 1e6);
            break;
        case retries:
            s.retries = number("--retries", value, 0, 1000);
            break;
        case limit:
            s.timeout = std::chrono::seconds(number("--timeout", value, 1, 1'000'000));
            break;
        case sha256:
            s.sha256 = value;
            break;
        case checksums:
            s.checksums = value;
            break;
        case unproven:
            s.accept_unproven_end = true;
            break;
        case header:
            s.headers.push_back(field(value));
            break;
        case agent:
            s.user_agent = value;
            break;
        case cacert:
            s.trust_file = value;
            break;
        case proxy:
            s.proxy = value;
            break;
        default: // there is no other
            break;
    }
}

void check(settings& s) {
    if (s.urls.empty() && !s.standard_input) {
        if (::isatty(STDIN_FILENO))
            throw std::invalid_argument("there is no URL");
        s.standard_input = true;
    }
    const bool one = s.urls.size() == 1 && !s.standard_input;
    if (!one && !s.file.empty())
        throw std::invalid_argument("--output is for one URL; --directory is for many");
    if (!one && !s.sha256.empty())
        throw std::invalid_argument("--sha256 is for one URL; --checksums is for many");
    if (!s.sha256.empty() && !is_sha256(s.sha256))
        throw std::invalid_argument("--sha256 takes 64 hexadecimal digits");
    if (std::error_code none; !std::filesystem::is_directory(s.directory, none))
        throw std::invalid_argument("there is no directory \"" + s.directory + '"');
}

} // namespace

int wrong_use(const std::string& why) {
    std::fprintf(stderr, "get: %s; see get --help\n", printable(why).c_str());
    return 2;
}

std::optional<int> read_command_line(int argc, char** argv, settings& into) {
    ::opterr = 0; // we say it ourselves
    try {
        for (int option; (option = ::getopt_long(argc, argv, ":o:d:j:cqv", long_options, nullptr)) != -1;) {
            const std::string given = argv[::optind - 1];
            if (option == help)
                return std::fputs(usage, stdout) < 0;
            if (option == version)
                return std::puts("get " GET_VERSION ", with oneloop") < 0;
            if (option == ':')
                throw std::invalid_argument(given + " needs a value");
            if (option == '?')
                throw std::invalid_argument("there is no option " + given);
            set(into, option, ::optarg);
        }
        for (int i = ::optind; i < argc; ++i)
            if (std::string_view(argv[i]) == "-")
                into.standard_input = true;
            else
                into.urls.emplace_back(argv[i]);
        check(into);
    } catch (const std::invalid_argument& e) {
        return wrong_use(e.what());
    }
    return std::nullopt;
}
