#pragma once

/// Names to addresses without ever blocking the loop. The clients have a resolver each; a program may use one
/// too.

#include <oneloop/detail/completion.hpp>
#include <oneloop/resolver_options.hpp>
#include <oneloop/token.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace oneloop {

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
/// Sharing one among the clients of a loop (`resolve_with` of their options) makes one look-up serve them
/// all: `auto names = std::make_shared<resolver>(loop);`
///
/// What comes first counts: an address as text, `override_name`, the hosts file, `localhost` and what ends in
/// `.localhost` (the loopback addresses, RFC 6761), what is remembered, the DNS. Names in `.onion` do not
/// exist (RFC 7686). A name is asked for as IPv4 and as IPv6 at once; see `family_wait` for a server that
/// answers only one. An answer with another id, from another server or to another question is dropped, what
/// is no DNS message is a failure of that server, one that was cut short is asked for again over TCP, and
/// addresses of a name other than the one asked for are not taken.
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
        std::size_t cached = 0;      ///< names in the cache, those included whose time is over
        std::size_t in_flight = 0;   ///< names that are being looked up
        std::size_t waiting = 0;     ///< operations that wait for them
        std::size_t on_the_wire = 0; ///< questions that were sent and are not answered
        // Since the beginning:
        std::size_t queries = 0;       ///< look-ups that were started
        std::size_t questions = 0;     ///< to the DNS, for one name and one family each, without repetitions
                                       ///< by c-ares; calls of getaddrinfo
        std::size_t hits = 0;          ///< operations answered from the cache
        std::size_t negative_hits = 0; ///< those of them that were told "no such name" or "no address"
        std::size_t local = 0;         ///< answered by an override, the hosts file or as localhost
        std::size_t joined = 0;        ///< operations that joined a look-up in flight
        std::size_t negative = 0;      ///< look-ups that ended with "no such name" or "no address"
        std::size_t failures = 0;      ///< look-ups that failed otherwise, without the timeouts
        std::size_t timeouts = 0;      ///< look-ups whose time was over
        std::size_t refused = 0;       ///< operations for which a limit left no room
    };

    /// Call it on the resolver's executor.
    statistics stats() const;

private:
    executor loop_;
    std::shared_ptr<detail::resolver_engine> engine_;
};

} // namespace oneloop
