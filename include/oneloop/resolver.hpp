#pragma once

/// Names to addresses without ever blocking the loop. The clients have a resolver each; a program may use one
/// too.

#include <oneloop/detail/completion.hpp>
#include <oneloop/token.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace oneloop {

/// The limits of a resolver. Each is set by the function of its name, which gives back the options, and read
/// by the same function without an argument: `resolver r(loop, resolver_options().timeout(2s));`
class resolver_options {
public:
    using duration = std::chrono::steady_clock::duration;

    resolver_options() = default;

    /// For one look-up with all its repetitions, from 1 ms. Everybody who asks for a name that is being
    /// looked up already shares what is left of it.
    resolver_options& timeout(duration d) { return timeout_ = d, *this; }
    duration timeout() const noexcept { return timeout_; }

    /// How many names are remembered; 0 for none. The one that was not asked for the longest time goes first.
    resolver_options& max_cached_names(std::size_t n) { return max_cached_names_ = n, *this; }
    std::size_t max_cached_names() const noexcept { return max_cached_names_; }

    /// How long "no such name" and "no address" are remembered; 0 for not at all. A server that failed or did
    /// not answer is asked again at once.
    resolver_options& negative_ttl(duration d) { return negative_ttl_ = d, *this; }
    duration negative_ttl() const noexcept { return negative_ttl_; }

    /// The longest that addresses are remembered, whatever the server allows. What it does not allow to be
    /// remembered (a TTL of 0) never is.
    resolver_options& max_ttl(duration d) { return max_ttl_ = d, *this; }
    duration max_ttl() const noexcept { return max_ttl_; }

    /// Names that are being looked up at once. One more is refused with errc::queue_full.
    resolver_options& max_in_flight(std::size_t n) { return max_in_flight_ = n, *this; }
    std::size_t max_in_flight() const noexcept { return max_in_flight_; }

    /// Adds a DNS server: "192.0.2.1", "192.0.2.1:5353" or "[2001:db8::1]:53". They are asked in this order,
    /// and if there is none, the system's are.
    resolver_options& server(std::string which) { return servers_.push_back(std::move(which)), *this; }
    resolver_options& servers(std::vector<std::string> list) { return servers_ = std::move(list), *this; }
    const std::vector<std::string>& servers() const noexcept { return servers_; }

private:
    duration timeout_ = std::chrono::seconds(5);
    std::size_t max_cached_names_ = 10'000;
    duration negative_ttl_ = std::chrono::seconds(5);
    duration max_ttl_ = std::chrono::hours(1);
    std::size_t max_in_flight_ = 1'000;
    std::vector<std::string> servers_;
};

/// Numbers of the DNS library (ARES_ENOTFOUND …). They equal condition::resolve, but for a timeout
/// (condition::timeout) and a cancelled query (condition::cancelled).
const boost::system::error_category& resolver_category() noexcept;

namespace detail {

class resolver_engine;
using addresses = std::vector<boost::asio::ip::address>;
void start_resolve(const std::shared_ptr<resolver_engine>&, completion<addresses>, std::string name);

} // namespace detail

/// Looks names up in the hosts file and the DNS, and remembers the answers for as long as they are good.
///
/// It belongs to the executor it was made with, which is single-threaded or a strand; operations may be
/// started from any thread. Environment: the resolver's usual LOCALDOMAIN and RES_OPTIONS are honoured,
/// HOSTALIASES is not.
class resolver {
public:
    explicit resolver(executor loop, resolver_options options = resolver_options());

    /// Whatever is pending completes with errc::closed.
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// The addresses of a host, in the order to try them: `auto list = co_await r.resolve("example.org");`
    ///
    /// `void(error_code, std::vector<boost::asio::ip::address>)`; the list is never empty when the code is 0.
    /// An address as text gives itself, without a question. A name is asked for once, however many wait for
    /// it. A dot at the end keeps the system's search domains away.
    ///
    /// Cancelling completes with condition::cancelled at once. The look-up goes on for those who wait for the
    /// same name and for the cache, until its timeout at most.
    ///
    /// Failures, all in phase::resolve but the last: condition::resolve (no such name, no address, the
    /// servers failed), condition::timeout, condition::argument (that cannot be a host's name),
    /// condition::closed; condition::limit in phase::queue.
    template <class Token = throwing_t>
    [[nodiscard]] auto resolve(std::string name, Token&& token = {}) {
        using start = decltype(&detail::start_resolve);
        using operation = detail::initiation<detail::resolver_engine, start, detail::addresses>;
        return boost::asio::async_initiate<Token, void(error_code, detail::addresses)>(
            operation(loop_, engine_, &detail::start_resolve), token, std::move(name)
        );
    }

    struct statistics {
        std::size_t cached = 0;    ///< names in the cache, those included whose time is over
        std::size_t in_flight = 0; ///< names that are being looked up
        std::size_t queries = 0;   ///< look-ups since the beginning
        std::size_t hits = 0;      ///< answers that came from the cache
    };

    /// Call it on the resolver's executor.
    statistics stats() const;

private:
    executor loop_;
    std::shared_ptr<detail::resolver_engine> engine_;
};

} // namespace oneloop
