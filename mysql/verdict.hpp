#pragma once

#include <oneloop/error.hpp>

#include <string>

namespace oneloop::mysql {

/// What libmariadb tells of a failure, in our words. Numbers from 2000 to 2999 and from 5000 to 5999 are the
/// client library's own, on every server; all others came from the server, whose text is kept.
failure verdict(unsigned number, const std::string& text);

/// The server has answered, and the connection is as good as before.
bool connection_lives_on(unsigned number) noexcept;

/// Where a login failed that ended with this number.
phase phase_of_login(unsigned number, phase so_far) noexcept;

} // namespace oneloop::mysql
