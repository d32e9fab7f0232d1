#pragma once

#include <oneloop/redis/commands.hpp>

namespace oneloop::redis {

/// Ends a command with the answer that came. An answer of very many parts is converted, and freed, on a
/// thread of `default_pool()`: a map of some hundred thousand entries would keep the loop for longer than
/// anybody should. `who` may be nobody.
void settle(
    const executor& loop, std::shared_ptr<detail::value_operation> who, value answer, const request& to
);

} // namespace oneloop::redis
