#include "core/resolv_conf.hpp"

#include "core/host_name.hpp"
#include "core/text_fields.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace oneloop {
namespace {

constexpr std::size_t most_servers = 3, most_ndots = 15;

void read_options(std::string_view rest, resolv_conf& to) {
    for (auto option = next_field(rest); !option.empty(); option = next_field(rest)) {
        if (option == "rotate")
            to.rotate = true;
        if (!option.starts_with("ndots:"))
            continue;
        option.remove_prefix(6);
        std::size_t dots = 0;
        if (std::from_chars(option.begin(), option.end(), dots).ec == std::errc())
            to.ndots = std::min(dots, most_ndots);
    }
}

// "." alone is the root, that is no domain to add at all.
std::vector<std::string> domains(std::string_view rest) {
    std::vector<std::string> out;
    for (auto field = next_field(rest); !field.empty(); field = next_field(rest)) {
        std::string domain = normal_host_name(std::string(field));
        if (domain.ends_with('.'))
            domain.pop_back();
        if (!domain.empty() && !refuse_host_name(domain))
            out.push_back(std::move(domain));
    }
    return out;
}

// An address as it is, or "[address]:port" as some other readers of this file take it. Empty for neither.
std::string written_for_ares(std::string_view server) {
    std::string_view port;
    if (server.starts_with('[')) {
        const auto end = server.find(']');
        port = server.substr(std::min(end, server.size() - 1) + 1);
        server = server.substr(1, end == server.npos ? end : end - 1);
    }
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(std::string(server), no_address);
    if (no_address)
        return {};
    return (address.is_v4() ? std::string(server) : "[" + std::string(server) + "]") + std::string(port);
}

void read_line(std::string_view line, resolv_conf& to) {
    const auto key = next_field(line);
    if (key == "options")
        return read_options(line, to);
    if (key == "search") // the last line counts
        to.search = domains(line);
    if (key == "domain") {
        const auto only = next_field(line);
        to.search = domains(only);
    }
    if (key == "nameserver" && to.servers.size() < most_servers) {
        std::string server = written_for_ares(next_field(line));
        if (!server.empty())
            to.servers.push_back(std::move(server));
    }
}

} // namespace

resolv_conf read_resolv_conf(std::string_view text, const char* local_domain, const char* res_options) {
    resolv_conf out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto comment = line.find_first_of("#;");
        if (comment != 0)
            read_line(line.substr(0, comment), out);
    }
    if (local_domain)
        out.search = domains(local_domain);
    if (res_options)
        read_options(res_options, out);
    if (out.servers.empty())
        out.servers.push_back("127.0.0.1");
    return out;
}

} // namespace oneloop
