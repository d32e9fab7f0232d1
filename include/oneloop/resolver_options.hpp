#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop {

class blocking_pool;

/// In which order a name's addresses are given, that is tried. The clients try one after the other, each for
/// its share of the time that is left to connect.
enum class address_order {
    system, ///< as RFC 6724 says, by the routes that this machine has: what it cannot reach comes last
    ipv4_first,
    ipv6_first,
    ipv4_only, ///< IPv6 is not even asked for
    ipv6_only
};

/// The ways and the limits of a resolver. Each is set by the function of its name, which gives back the
/// options, and read by the same function without an argument: `resolver r(loop,
/// resolver_options().timeout(2s));`
class resolver_options {
public:
    using duration = std::chrono::steady_clock::duration;
    using address_list = std::vector<boost::asio::ip::address>;

    resolver_options() = default;

    /// For one look-up with all its repetitions, the time in the queue included, from 1 ms. Everybody who
    /// asks for a name that is being looked up already shares what is left of it.
    resolver_options& timeout(duration d) { return timeout_ = d, *this; }
    duration timeout() const noexcept { return timeout_; }

    /// When the addresses of one family are there and nothing is heard of the other: for how long that is
    /// waited for. What was found by then is the answer, and is not remembered for longer than
    /// `negative_ttl`, so that the other family is asked for again soon.
    resolver_options& family_wait(duration d) { return family_wait_ = d, *this; }
    duration family_wait() const noexcept { return family_wait_; }

    resolver_options& order(address_order o) { return order_ = o, *this; }
    address_order order() const noexcept { return order_; }

    // What is remembered

    /// How many names are remembered; 0 for none. The one that was not asked for the longest time goes first.
    resolver_options& max_cached_names(std::size_t n) { return max_cached_names_ = n, *this; }
    std::size_t max_cached_names() const noexcept { return max_cached_names_; }

    /// The longest that addresses are remembered, whatever the server allows. What it does not allow to be
    /// remembered (a TTL of 0) never is. The TTL of an answer is the shortest of all its addresses and
    /// aliases.
    resolver_options& max_ttl(duration d) { return max_ttl_ = d, *this; }
    duration max_ttl() const noexcept { return max_ttl_; }

    /// How long "no such name" and "no address" are remembered where the server does not say (by a SOA
    /// record, as RFC 2308 has it; most do); 0 for never, whatever it says. A server that failed or did not
    /// answer is asked again at once.
    resolver_options& negative_ttl(duration d) { return negative_ttl_ = d, *this; }
    duration negative_ttl() const noexcept { return negative_ttl_; }

    /// The longest that they are remembered, whatever the server says.
    resolver_options& max_negative_ttl(duration d) { return max_negative_ttl_ = d, *this; }
    duration max_negative_ttl() const noexcept { return max_negative_ttl_; }

    // How much at once

    /// Names that are being looked up at once. One more is refused with errc::queue_full.
    resolver_options& max_in_flight(std::size_t n) { return max_in_flight_ = n, *this; }
    std::size_t max_in_flight() const noexcept { return max_in_flight_; }

    /// Operations that wait, for whichever name. One more is refused with errc::queue_full.
    resolver_options& max_waiting(std::size_t n) { return max_waiting_ = n, *this; }
    std::size_t max_waiting() const noexcept { return max_waiting_; }

    /// Questions that are sent and not answered yet, from 1; a name is two (IPv4 and IPv6). Those beyond wait
    /// for their turn, within the time of their look-up; one that gets no answer in a tenth of `timeout`
    /// waits again, behind the others. More do not make it faster: when all answers come at once, those
    /// beyond some hundred are lost in the socket's buffer, and have to be asked for again.
    resolver_options& max_questions(std::size_t n) { return max_questions_ = n, *this; }
    std::size_t max_questions() const noexcept { return max_questions_; }

    // Who is asked

    /// Adds a DNS server: "192.0.2.1", "192.0.2.1:5353" or "[2001:db8::1]:53". They are asked in this order,
    /// and if there is none, the system's are.
    resolver_options& server(std::string which) { return servers_.push_back(std::move(which)), *this; }
    resolver_options& servers(std::vector<std::string> list) { return servers_ = std::move(list), *this; }
    const std::vector<std::string>& servers() const noexcept { return servers_; }

    /// Where the system's servers and search domains are written; an empty path for none (then a server on
    /// this machine is asked, unless `server` names others). Whether the file has changed is looked at when
    /// somebody asks for a name, at most once a second; if so, what is remembered is forgotten, and the next
    /// question goes to the new servers. Questions under way are answered by the old ones, and where they are
    /// silent asked again of the new.
    resolver_options& resolv_conf(std::string path) { return resolv_conf_ = std::move(path), *this; }
    const std::string& resolv_conf() const noexcept { return resolv_conf_; }

    /// Domains to look for a name in, in place of the system's: all at once, none, or one more. A name with a
    /// dot at the end is never searched.
    ///
    /// A name with at least `ndots` dots is asked for as it is first, and in the search domains only when it
    /// does not exist. That is 1 here, whatever resolv.conf says: programs that talk to the whole internet
    /// should not ask for `example.org.<domain>` first, five times for each name where Kubernetes has put
    /// `ndots:5`. `system_ndots` takes what resolv.conf says. A crawler should have no search domains at all:
    /// what does not exist is asked for only once then, and never found under somebody's wildcard.
    resolver_options& search_domains(std::vector<std::string> list) {
        return search_ = std::move(list), *this;
    }
    resolver_options& no_search_domains() { return search_domains(std::vector<std::string>()); }
    resolver_options& search_domain(std::string domain) {
        if (!search_)
            search_.emplace();
        return search_->push_back(std::move(domain)), *this;
    }
    /// None: the system's.
    const std::optional<std::vector<std::string>>& search_domains() const noexcept { return search_; }

    static constexpr std::size_t system_ndots = static_cast<std::size_t>(-1);
    resolver_options& ndots(std::size_t n) { return ndots_ = n, *this; }
    std::size_t ndots() const noexcept { return ndots_; }

    // What is known without asking

    /// The hosts file, which comes before the DNS; an empty path for none. Read at the first question, and
    /// again when it has changed, which is looked at as with `resolv_conf`. One of many megabytes is read
    /// piece by piece, while others use the loop.
    resolver_options& hosts_file(std::string path) { return hosts_file_ = std::move(path), *this; }
    const std::string& hosts_file() const noexcept { return hosts_file_; }

    /// The addresses of a name, at every port, as text or as `ip::address`: `override_name("db.example",
    /// "192.0.2.1", "2001:db8::1")`. It comes before all else; without addresses the name does not exist.
    /// Throws oneloop::error where a text is no address.
    ///
    /// (MySQL over TLS with a verified certificate looks the name up itself, so there it has no effect.)
    template <class... Addresses>
    resolver_options& override_name(std::string name, const Addresses&... list) {
        address_list all;
        (all.push_back(to_address(list)), ...);
        return override_name(std::move(name), std::move(all));
    }
    resolver_options& override_name(std::string name, address_list list);
    /// By the name in small letters without a dot at the end.
    const std::map<std::string, address_list>& overrides() const noexcept { return overrides_; }

    // The system's way

    /// Asks getaddrinfo instead of the DNS, for those who need NSS (LDAP, mDNS …). It blocks, so it runs on
    /// threads: of `pool`, which has to live until the program's end, or at least until its last function has
    /// ended, or of one for all resolvers of the process, with 8 threads. Everything else is the same (cache,
    /// limits, overrides, one look-up at once for each name), but the hosts file, the servers and the search
    /// domains are the system's affair. It does not tell for how long an answer is good: `system_ttl`.
    ///
    /// It cannot be stopped: after a timeout its thread goes on, and the loop has work, until it gives up
    /// (some ten seconds) or the resolver is destroyed. While all threads hang, other names wait.
    resolver_options& use_getaddrinfo() { return use_getaddrinfo_ = true, *this; }
    resolver_options& use_getaddrinfo(blocking_pool& pool) {
        getaddrinfo_pool_ = &pool;
        return use_getaddrinfo();
    }
    bool uses_getaddrinfo() const noexcept { return use_getaddrinfo_; }
    /// Null: that of the process.
    blocking_pool* getaddrinfo_pool() const noexcept { return getaddrinfo_pool_; }

    /// How long what getaddrinfo found is remembered; 0 for not at all.
    resolver_options& system_ttl(duration d) { return system_ttl_ = d, *this; }
    duration system_ttl() const noexcept { return system_ttl_; }

private:
    static boost::asio::ip::address to_address(const boost::asio::ip::address& a) { return a; }
    static boost::asio::ip::address to_address(std::string_view text);

    duration timeout_ = std::chrono::seconds(5);
    duration family_wait_ = std::chrono::milliseconds(500);
    address_order order_ = address_order::system;
    std::size_t max_cached_names_ = 10'000;
    duration max_ttl_ = std::chrono::hours(1);
    duration negative_ttl_ = std::chrono::seconds(5);
    duration max_negative_ttl_ = std::chrono::minutes(5);
    std::size_t max_in_flight_ = 1'000;
    std::size_t max_waiting_ = 100'000;
    std::size_t max_questions_ = 400;
    std::vector<std::string> servers_;
    std::string resolv_conf_ = "/etc/resolv.conf", hosts_file_ = "/etc/hosts";
    std::optional<std::vector<std::string>> search_;
    std::size_t ndots_ = 1;
    std::map<std::string, address_list> overrides_;
    bool use_getaddrinfo_ = false;
    blocking_pool* getaddrinfo_pool_ = nullptr;
    duration system_ttl_ = std::chrono::seconds(30);
};

} // namespace oneloop
