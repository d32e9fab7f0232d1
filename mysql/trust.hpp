#pragma once

#include "mysql/mysql_include.hpp"
#include <oneloop/mysql/options.hpp>

#include <memory>

namespace oneloop::mysql {

struct handle_closer {
    void operator()(MYSQL*) const noexcept;
};
using handle = std::unique_ptr<MYSQL, handle_closer>;

/// A handle with everything set that decides whom it trusts and what it does unasked. Null if there is no
/// memory.
handle prepare(const options&, duration connect_timeout);

} // namespace oneloop::mysql
