#pragma once

#include "redis/link.hpp"

namespace oneloop::redis {

/// One command: its caller, or nobody any more, or the login.
class link::entry final : public reply_taker, public deadline_timer::entry {
public:
    entry(link& l, request r) : owner(l), what(std::move(r)) {}

    void take(value v) noexcept override { owner.replied(*this, std::move(v)); }
    void lost() noexcept override {} // the link tells everybody itself

    link& owner;
    request what;
    std::shared_ptr<detail::value_operation> who;
    bool login = false, sent = false;
    entry_list::iterator place;
};

} // namespace oneloop::redis
