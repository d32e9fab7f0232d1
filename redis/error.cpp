#include <oneloop/redis/error.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace oneloop::redis {

namespace {

struct word {
    std::string_view prefix;
    errc code;
};

constexpr std::array words{
    word{"WRONGTYPE", errc::wrong_type},
    word{"NOAUTH", errc::no_auth},
    word{"WRONGPASS", errc::wrong_pass},
    word{"NOPERM", errc::no_perm},
    word{"LOADING", errc::loading},
    word{"BUSY", errc::busy},
    word{"READONLY", errc::read_only},
    word{"OOM", errc::out_of_memory},
    word{"NOSCRIPT", errc::no_script},
    word{"EXECABORT", errc::exec_abort},
    word{"MISCONF", errc::misconfigured},
    word{"MASTERDOWN", errc::master_down},
    word{"MOVED", errc::moved},
    word{"ASK", errc::ask},
    word{"CROSSSLOT", errc::cross_slot},
    word{"TRYAGAIN", errc::try_again},
    word{"CLUSTERDOWN", errc::cluster_down},
    word{"BUSYKEY", errc::busy_key},
    word{"BUSYGROUP", errc::busy_group},
    word{"NOGROUP", errc::no_group},
    word{"max number of clients reached", errc::too_many_clients},
};

class redis_category final : public boost::system::error_category {
public:
    constexpr redis_category() : error_category(0x6f6e656c6f6f7020) {}
    const char* name() const noexcept override { return "redis"; }
    std::string message(int value) const override {
        if (static_cast<errc>(value) == errc::unexpected_reply)
            return "the answer is of another kind than was asked for";
        for (const word& w : words)
            if (static_cast<int>(w.code) == value)
                return std::string(w.prefix);
        return "the server answered with an error";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        return static_cast<errc>(value) == errc::unexpected_reply ? condition::argument : condition::server;
    }
};

constexpr redis_category the_category;

} // namespace

const boost::system::error_category& category() noexcept {
    return the_category;
}

error_code code_of(std::string_view text) noexcept {
    if (text.starts_with("ERR max number of clients"))
        return errc::too_many_clients;
    const auto first = text.substr(0, text.find(' '));
    for (const word& w : words)
        if (first == w.prefix)
            return w.code;
    return errc::other;
}

} // namespace oneloop::redis
