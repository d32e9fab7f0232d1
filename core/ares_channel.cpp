#include "core/ares_channel.hpp"

#include "core/ares_include.hpp"
#include "core/sigpipe.hpp"
#include <oneloop/resolver.hpp>

#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace oneloop {
namespace {

namespace ip = boost::asio::ip;

// c-ares reads the hosts file anew for every question, on the spot: not more often than this for one name.
constexpr std::chrono::seconds hosts_file_ttl(1);

void check(int status, const char* what) {
    if (status != ARES_SUCCESS)
        throw boost::system::system_error(error_code(status, resolver_category()), what);
}

// False for a family that is none of ours.
bool read_address(const sockaddr* from, ip::address& to) {
    if (from->sa_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(from);
        to = ip::address_v4(ntohl(v4->sin_addr.s_addr));
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(from);
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6->sin6_addr, bytes.size());
    to = ip::address_v6(bytes, v6->sin6_scope_id);
    return true;
}

// The answer is good for as long as all that it was put together from: every address and every alias on the
// way.
void read_answer(const ares_addrinfo& from, dns_answer& to) {
    int seconds = std::numeric_limits<int>::max();
    for (const auto* alias = from.cnames; alias; alias = alias->next)
        seconds = std::min(seconds, alias->ttl);
    for (const auto* node = from.nodes; node; node = node->ai_next) {
        ip::address address;
        if (!read_address(node->ai_addr, address))
            continue;
        seconds = std::min(seconds, node->ai_ttl);
        if (std::ranges::find(to.addresses, address) == to.addresses.end())
            to.addresses.push_back(address);
    }
    to.ttl = std::chrono::seconds(std::max(seconds, 0));
}

} // namespace

std::string dns_reason(const error_code& code) {
    switch (code.value()) {
        case ARES_ENOTFOUND:
            return "no such host";
        case ARES_ENODATA:
            return "the host has no address";
        case ARES_ESERVFAIL:
            return "the DNS server failed";
        case ARES_EREFUSED:
            return "the DNS server refused to answer";
        case ARES_ECONNREFUSED:
            return "no DNS server could be reached, or all failed"; // 1.18 tells them not apart
        default:
            return code.message();
    }
}

struct ares_channel::question {
    ares_channel* channel;
    std::string name;
    dns_answer answer;
};

ares_channel::ares_channel(const executor& loop, const settings& how, answer_function tell)
    : sockets_(std::make_shared<poll_set>(loop)), timer_(loop), tell_(std::move(tell)) {
    ignore_sigpipe(); // a question over TCP is written without MSG_NOSIGNAL
    check(init_ares(), "ares_library_init");
    open(how);
}

void ares_channel::open(const settings& how) {
    std::array<char, 3> hosts_file_then_dns{"fb"};
    ares_options options{};
    // HOSTALIASES in the environment could send any name elsewhere. Sockets are close-on-exec by c-ares' own
    // doing.
    options.flags = ARES_FLAG_NOALIASES;
    options.lookups = hosts_file_then_dns.data();
    // Tried twice, and asked anew by the resolver until its own limit: a server that never answers for IPv6
    // then costs a part of that limit, and not the addresses of IPv4 too.
    options.tries = 2;
    options.timeout = static_cast<int>(how.patience.count());
    options.sock_state_cb = &ares_channel::on_state;
    options.sock_state_cb_data = this;
    int given =
        ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0; // the cache is ours
    given |= ARES_OPT_QUERY_CACHE;
#endif
    check(::ares_init_options(&channel_, &options, given), "ares_init_options");
    if (how.servers.empty())
        return;
    std::string list;
    for (const std::string& server : how.servers)
        list += (list.empty() ? "" : ",") + server;
    if (const int status = ::ares_set_servers_ports_csv(channel_, list.c_str()); status != ARES_SUCCESS) {
        ::ares_destroy(channel_);
        check(status, "the DNS servers of resolver_options");
    }
}

ares_channel::~ares_channel() {
    ::ares_destroy(channel_); // answers what is left, which is told to nobody
    sockets_->rest();
}

void ares_channel::ask(std::string name) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM; // one node for each address
    auto asked = std::make_unique<question>();
    asked->channel = this;
    asked->name = std::move(name);
    const std::string text =
        asked->name; // the question may be answered, and gone, when c-ares still reads it
    ++unanswered_;
    being_asked_ = asked.release();
    ::ares_getaddrinfo(channel_, text.c_str(), nullptr, &hints, &ares_channel::on_answer, being_asked_);
    being_asked_ = nullptr;
    settle();
}

void ares_channel::cancel() {
    ::ares_cancel(channel_);
    settle();
}

void ares_channel::on_state(void* self, int fd, int wants_read, int wants_write) noexcept {
    poll_set& sockets = *static_cast<ares_channel*>(self)->sockets_;
    if (!wants_read && !wants_write)
        sockets.closing(fd); // c-ares says so right before it closes the socket, and at no other time
    else
        sockets.want(fd, (wants_read ? readable : 0U) | (wants_write ? writable : 0U));
}

void ares_channel::on_answer(void* asked, int status, int, ares_addrinfo* result) noexcept {
    std::unique_ptr<question> known(static_cast<question*>(asked));
    const std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owned(result, &::ares_freeaddrinfo);
    ares_channel& self = *known->channel;
    --self.unanswered_;
    if (status == ARES_EDESTRUCTION)
        return;
    dns_answer& answer = known->answer;
    if (result && status == ARES_SUCCESS) {
        read_answer(*result, answer);
        if (self.being_asked_ == known.get())
            answer.ttl = hosts_file_ttl;
    }
    if (status == ARES_SUCCESS && answer.addresses.empty())
        status = ARES_ENODATA;
    if (status != ARES_SUCCESS)
        answer.code = error_code(status, resolver_category());
    answer.no_such_name = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    answer.gave_up = status == ARES_ETIMEOUT;
    self.answered_.push_back(std::move(known));
}

void ares_channel::process(int fd, unsigned what) {
    ::ares_process_fd(
        channel_, what & readable ? fd : ARES_SOCKET_BAD, what & writable ? fd : ARES_SOCKET_BAD
    );
    settle();
}

// After every call into c-ares.
void ares_channel::settle() {
    if (telling_)
        return; // a question that was asked by somebody being told
    telling_ = true;
    while (!answered_.empty()) {
        const auto next = std::move(answered_.front());
        answered_.pop_front();
        tell_(next->name, std::move(next->answer));
    }
    telling_ = false;
    if (unanswered_ == 0)
        rest();
    else
        work();
}

void ares_channel::work() {
    if (!working_)
        sockets_->run([weak = weak_from_this()](int fd, unsigned what) {
            if (const auto self = weak.lock())
                self->process(fd, what);
        });
    working_ = true;
    timeval left{};
    if (!::ares_timeout(channel_, nullptr, &left))
        return;
    const auto at = std::chrono::steady_clock::now() + std::chrono::seconds(left.tv_sec) +
                    std::chrono::microseconds(left.tv_usec);
    if (timer_runs_ && timer_.expiry() <= at)
        return; // to wake up too early now and then costs less than a new timer for every datagram
    timer_runs_ = true;
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this()](error_code stopped) {
        const auto self = weak.lock();
        if (stopped || !self)
            return;
        self->timer_runs_ = false;
        self->process(ARES_SOCKET_BAD, not_ready);
    });
}

void ares_channel::rest() {
    if (!working_)
        return;
    working_ = timer_runs_ = false;
    sockets_->rest();
    timer_.cancel();
}

} // namespace oneloop
