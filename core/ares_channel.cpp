#include "core/ares_channel.hpp"

#include "core/ares_include.hpp"
#include "core/sigpipe.hpp"
#include <oneloop/resolver.hpp>

#include <boost/asio/post.hpp>

#include <sys/time.h>

#include <array>

namespace oneloop {
namespace {

constexpr int class_internet = 1;

// One turn of the loop may bring hundreds of answers; the others on the loop shall not wait for all of them.
constexpr int most_told_at_once = 32;

void check(int status, const char* what) {
    if (status != ARES_SUCCESS)
        throw boost::system::system_error(error_code(status, resolver_category()), what);
}

bool is_server(ares_channeldata* channel, const std::string& server) {
    return ::ares_set_servers_ports_csv(channel, server.c_str()) == ARES_SUCCESS;
}

// Older versions of c-ares hand the message over with these only, and say ENODATA where it has no records.
bool is_answer(int status) {
    return status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
}

dns_answer read_answer(
    int status, std::span<const unsigned char> message, const std::string& name, dns_type type
) {
    dns_answer out;
    if (is_answer(status)) {
        auto records = read_dns_answer(message, name, type);
        if (!records)
            status = ARES_EBADRESP;
        else if (status == ARES_SUCCESS && records->addresses.empty())
            status = ARES_ENODATA; // an alias that leads nowhere
        if (records) {
            out.addresses = std::move(records->addresses);
            out.ttl = status == ARES_SUCCESS ? records->ttl : records->negative_ttl;
        }
    }
    if (status == ARES_SUCCESS)
        return out;
    out.addresses.clear();
    out.code = error_code(status, resolver_category());
    out.no_such_name = status == ARES_ENOTFOUND;
    out.no_address = status == ARES_ENODATA;
    out.gave_up = status == ARES_ETIMEOUT;
    return out;
}

} // namespace

struct ares_channel::question {
    ares_channel* channel;
    std::string name;
    dns_type type;
    told tell;
    dns_answer answer;
};

ares_channel::ares_channel(const executor& loop, const settings& how)
    : loop_(loop), sockets_(std::make_shared<poll_set>(loop)), timer_(loop) {
    ignore_sigpipe(); // a question over TCP is written without MSG_NOSIGNAL
    check(init_ares(), "ares_library_init");
    open(how);
}

void ares_channel::open(const settings& how) {
    std::array<char, 2> dns_only{"b"};
    std::array<char, 10> no_file{"/dev/null"};
    ares_options options{};
    // HOSTALIASES in the environment could send any name elsewhere. Sockets are close-on-exec by c-ares' own
    // doing.
    options.flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH;
    options.lookups = dns_only.data();
    options.resolvconf_path = no_file.data();
    options.ndomains = 0;
    // Each server once; then the resolver asks anew, until its own limit, and lets others go first. So what
    // is silent does not keep the places of what is not.
    options.tries = 1;
    options.timeout = static_cast<int>(how.patience.count());
    options.sock_state_cb = &ares_channel::on_state;
    options.sock_state_cb_data = this;
    int given = ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_DOMAINS | ARES_OPT_TRIES |
                ARES_OPT_TIMEOUTMS | ARES_OPT_SOCK_STATE_CB |
                (how.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE);
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0; // the cache is ours
    given |= ARES_OPT_QUERY_CACHE;
#endif
    check(::ares_init_options(&channel_, &options, given), "ares_init_options");
    try {
        set_servers(how);
    } catch (...) {
        ::ares_destroy(channel_);
        throw;
    }
}

void ares_channel::set_servers(const settings& how) {
    std::string list;
    for (const std::string& server : how.servers)
        if (!how.forgiving || is_server(channel_, server))
            list += (list.empty() ? "" : ",") + server;
    const int status = ::ares_set_servers_ports_csv(channel_, list.c_str());
    check(
        list.empty() ? int(ARES_EBADSTR) : status,
        how.forgiving ? "the DNS servers of resolv.conf" : "the DNS servers of resolver_options"
    );
}

ares_channel::~ares_channel() {
    ::ares_destroy(channel_); // answers what is left, which is told to nobody
    sockets_->rest();
}

void ares_channel::ask(const std::string& name, dns_type type, told tell) {
    auto asked = std::make_unique<question>();
    asked->channel = this;
    asked->name = name;
    asked->type = type;
    asked->tell = std::move(tell);
    ++unanswered_;
    ::ares_query(
        channel_, name.c_str(), class_internet, static_cast<int>(type), &ares_channel::on_answer,
        asked.release()
    );
    work();
    if (!answered_.empty()) // on the spot: no socket, no memory
        settle_soon();
}

void ares_channel::cancel() {
    ::ares_cancel(channel_);
    answered_.clear();
    rest();
}

void ares_channel::on_state(void* self, int fd, int wants_read, int wants_write) noexcept {
    poll_set& sockets = *static_cast<ares_channel*>(self)->sockets_;
    if (!wants_read && !wants_write)
        sockets.closing(fd); // c-ares says so right before it closes the socket, and at no other time
    else
        sockets.want(fd, (wants_read ? readable : 0U) | (wants_write ? writable : 0U));
}

void ares_channel::on_answer(void* asked, int status, int, unsigned char* message, int size) noexcept {
    std::unique_ptr<question> known(static_cast<question*>(asked));
    ares_channel& self = *known->channel;
    --self.unanswered_;
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
        return;
    const auto bytes = static_cast<std::size_t>(message ? size : 0);
    known->answer = read_answer(status, {message, bytes}, known->name, known->type);
    self.answered_.push_back(std::move(known));
}

void ares_channel::process(int fd, unsigned what) {
    ::ares_process_fd(
        channel_, what & readable ? fd : ARES_SOCKET_BAD, what & writable ? fd : ARES_SOCKET_BAD
    );
    settle();
}

// After every call into c-ares. Who is told may ask the next question, or let go of the channel.
void ares_channel::settle() {
    const auto keep = shared_from_this();
    for (int told = 0; !answered_.empty(); ++told) {
        if (told == most_told_at_once) {
            settle_soon();
            break;
        }
        const auto next = std::move(answered_.front());
        answered_.pop_front();
        next->tell(std::move(next->answer));
    }
    if (unanswered_ == 0 && answered_.empty())
        rest();
    else
        work();
}

void ares_channel::settle_soon() {
    if (std::exchange(settling_soon_, true))
        return;
    boost::asio::post(loop_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self)
            return;
        self->settling_soon_ = false;
        self->settle();
    });
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
