#include "core/system_lookup.hpp"

#include "core/ares_include.hpp"
#include <oneloop/resolver.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace oneloop {
namespace {

namespace asio = boost::asio;

blocking_pool& pool_of_the_process() {
    static blocking_pool pool(8);
    return pool;
}

dns_answer failed_with(int code) {
    if (code == EAI_NONAME)
        return no_such_name();
#ifdef EAI_NODATA
    if (code == EAI_NODATA)
        return no_address();
#endif
    dns_answer out;
    out.code = error_code(ARES_ESERVFAIL, resolver_category());
    out.reason = std::string("getaddrinfo: ") + ::gai_strerror(code);
    return out;
}

// On a thread of the pool.
dns_answer ask_the_system(const std::string& name, int family) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM; // one node for each address
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); code != 0)
        return failed_with(code);
    dns_answer out;
    for (const addrinfo* node = list; node; node = node->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (node->ai_addrlen > endpoint.capacity())
            continue;
        std::memcpy(endpoint.data(), node->ai_addr, node->ai_addrlen);
        endpoint.resize(node->ai_addrlen);
        const auto address = endpoint.address();
        if (std::ranges::find(out.addresses, address) == out.addresses.end())
            out.addresses.push_back(address);
    }
    ::freeaddrinfo(list);
    return out.addresses.empty() ? no_address() : out;
}

awaitable<dns_answer> on_a_thread(blocking_pool& pool, std::string name, int family) {
    co_return co_await run_blocking(pool, &ask_the_system, std::move(name), family);
}

dns_answer could_not_run(const std::exception_ptr& why) {
    dns_answer out;
    out.code = error_code(ARES_ESERVFAIL, resolver_category());
    try {
        std::rethrow_exception(why);
    } catch (const std::exception& e) {
        out.reason = e.what();
    } catch (...) {
        out.reason = "getaddrinfo could not be run";
    }
    return out;
}

} // namespace

system_lookup::system_lookup(executor loop, blocking_pool* pool, int family, told tell)
    : loop_(std::move(loop)),
      pool_(pool ? *pool : pool_of_the_process()),
      family_(family),
      tell_(std::move(tell)) {}

void system_lookup::ask(const std::string& name) {
    const auto [place, is_new] = running_.emplace(name, nullptr);
    if (!is_new)
        return;
    const signal stop = place->second = std::make_shared<asio::cancellation_signal>();
    ++calls_;
    auto done = [weak = weak_from_this(), stop, name](const std::exception_ptr& why, dns_answer answer) {
        if (const auto self = weak.lock())
            self->ended(name, why, std::move(answer));
    };
    asio::co_spawn(
        loop_, on_a_thread(pool_, name, family_), asio::bind_cancellation_slot(stop->slot(), std::move(done))
    );
}

void system_lookup::ended(const std::string& name, const std::exception_ptr& why, dns_answer answer) {
    if (running_.erase(name) > 0)
        tell_(name, why ? could_not_run(why) : std::move(answer));
}

void system_lookup::stop() {
    for (const auto& [name, stop] : std::exchange(running_, {}))
        stop->emit(asio::cancellation_type::terminal);
}

} // namespace oneloop
