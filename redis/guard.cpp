#include "redis/guard.hpp"

#include "core/words.hpp"
#include <oneloop/redis/error.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace oneloop::redis {

namespace {

constexpr char capital(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return capital(x) == capital(y);
    });
}

enum class rule {
    breaks,      // refused everywhere
    session,     // changes what the connection is: refused where it is shared
    transaction, // the same, and the state it leads to is known
    waits        // keeps everybody behind it waiting: refused where it is shared
};

struct entry {
    std::string_view name;
    rule what;
    std::string_view instead;
};

constexpr std::string_view pubsub =
    "subscriptions need a connection of their own, which oneloop does not have yet";
constexpr std::string_view by_options = "set it in redis::options, for every connection";
constexpr std::string_view by_pool = "borrow a connection from a redis::pool for it";

constexpr std::array rules{
    entry{"SUBSCRIBE", rule::breaks, pubsub},
    entry{"PSUBSCRIBE", rule::breaks, pubsub},
    entry{"SSUBSCRIBE", rule::breaks, pubsub},
    entry{"UNSUBSCRIBE", rule::breaks, pubsub},
    entry{"PUNSUBSCRIBE", rule::breaks, pubsub},
    entry{"SUNSUBSCRIBE", rule::breaks, pubsub},
    entry{"MONITOR", rule::breaks, "it answers without end"},
    entry{"PMONITOR", rule::breaks, "hiredis takes it for MONITOR"},
    entry{"SYNC", rule::breaks, "it is for replicas"},
    entry{"PSYNC", rule::breaks, "it is for replicas"},
    entry{"REPLCONF", rule::breaks, "it is for replicas, and not always answered"},
    entry{"HELLO", rule::breaks, "oneloop speaks RESP2, and logs in by redis::options"},
    entry{"SCRIPT", rule::breaks, "DEBUG only"},
    entry{"RESET", rule::breaks, "close the connection in its place"},
    entry{"QUIT", rule::breaks, "call close() in its place"},
    entry{"AUTH", rule::session, by_options},
    entry{"SELECT", rule::session, by_options},
    entry{"CLIENT", rule::session, by_pool},
    entry{"READONLY", rule::session, by_pool},
    entry{"READWRITE", rule::session, by_pool},
    entry{"ASKING", rule::session, by_pool},
    entry{"MULTI", rule::transaction, by_pool},
    entry{"EXEC", rule::transaction, by_pool},
    entry{"DISCARD", rule::transaction, by_pool},
    entry{"WATCH", rule::transaction, by_pool},
    entry{"UNWATCH", rule::transaction, by_pool},
    entry{"BLPOP", rule::waits, by_pool},
    entry{"BRPOP", rule::waits, by_pool},
    entry{"BRPOPLPUSH", rule::waits, by_pool},
    entry{"BLMOVE", rule::waits, by_pool},
    entry{"BLMPOP", rule::waits, by_pool},
    entry{"BZPOPMIN", rule::waits, by_pool},
    entry{"BZPOPMAX", rule::waits, by_pool},
    entry{"BZMPOP", rule::waits, by_pool},
    entry{"WAIT", rule::waits, by_pool},
    entry{"WAITAOF", rule::waits, by_pool},
    entry{"XREAD", rule::waits, by_pool},
    entry{"XREADGROUP", rule::waits, by_pool},
};

const entry* rule_for(std::string_view name) noexcept {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const entry& e) { return same_word(e.name, name); });
    return found == rules.end() ? nullptr : &*found;
}

bool has_word(const request& what, std::string_view word) noexcept {
    for (std::size_t i = 1; i < what.size(); ++i)
        if (same_word(what.at(i), word))
            return true;
    return false;
}

// Of the many CLIENT commands, those that only look.
bool only_looks(const request& client) noexcept {
    static constexpr std::array harmless{"ID",       "INFO",         "LIST", "GETNAME",
                                         "GETREDIR", "TRACKINGINFO", "HELP", "KILL"};
    return client.size() > 1 && std::any_of(harmless.begin(), harmless.end(), [&](std::string_view word) {
               return same_word(client.at(1), word);
           });
}

} // namespace

std::string refuse(const request& what, usage how) {
    if (what.name().empty())
        return "the name of the command is empty";
    if (what.name().find_first_of(std::string_view(" \r\n\t\0", 5)) != std::string_view::npos)
        return "the name of a command is one word; further words are arguments";
    const entry* found = rule_for(what.name());
    if (!found)
        return {};
    const std::string name(found->name);
    if (name == "CLIENT") {
        if (what.size() > 1 && same_word(what.at(1), "REPLY"))
            return "CLIENT REPLY would give one caller another's answers";
        if (only_looks(what))
            return {};
    }
    if (name == "SCRIPT") // its debugger would answer everybody
        return what.size() > 1 && same_word(what.at(1), "DEBUG") ? "SCRIPT DEBUG cannot be sent as a command"
                                                                 : "";
    if (found->what == rule::breaks)
        return name + " cannot be sent as a command: " + std::string(found->instead);
    if (how == usage::lent)
        return {};
    if (found->what == rule::waits) {
        if ((name == "XREAD" || name == "XREADGROUP") && !has_word(what, "BLOCK"))
            return {};
        return name + " would keep everybody else on this connection waiting: " + std::string(found->instead);
    }
    return name + " would change the connection for everybody who shares it: " + std::string(found->instead);
}

void session_state::sent(const request& what) noexcept {
    const entry* found = rule_for(what.name());
    if (!found)
        return;
    if (found->what == rule::session) {
        changed_ = changed_ || found->name != "CLIENT" || !only_looks(what);
    } else if (found->what == rule::transaction) {
        if (found->name == "MULTI")
            transaction_ = true;
        else if (found->name == "WATCH")
            watching_ = true;
        else if (found->name != "UNWATCH")
            transaction_ = watching_ = false;
        else if (!transaction_) // inside of a transaction it is only queued
            watching_ = false;
    }
}

void session_state::refused(const request& what, const error_code& why) noexcept {
    const entry* found = rule_for(what.name());
    if (found && found->what == rule::transaction && why != errc::exec_abort)
        changed_ = true;
}

std::string shown(const request& what) {
    static constexpr std::array secretive{"AUTH",    "HELLO",  "ACL",      "CONFIG", "MIGRATE", "EVAL",
                                          "EVAL_RO", "SCRIPT", "FUNCTION", "ECHO",   "CLIENT"};
    // refuse() has more to say to a name of several words; they may be a whole command, password and all
    const auto name = what.name().substr(0, what.name().find_first_of(" \r\n\t"));
    std::string s = printable(name, 40);
    const bool secret = std::any_of(secretive.begin(), secretive.end(), [&](std::string_view word) {
        return same_word(name, word);
    });
    return what.size() > 1 && !secret ? s + " " + printable(what.at(1), 40) : s;
}

std::string shown_error(std::string_view text) {
    return printable(text.substr(0, text.find(", with args beginning with")));
}

} // namespace oneloop::redis
