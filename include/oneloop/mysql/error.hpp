#pragma once

#include <oneloop/error.hpp>

namespace oneloop::mysql {

/// Codes with the numbers of the server's own errors (1064: a mistake in the SQL). All are
/// `condition::server`; the failure's text is what the server said.
const boost::system::error_category& server_category() noexcept;

/// Codes with the numbers of the client library (CR_…, 2000 to 2999 and 5000 to 5999). They equal
/// condition::network (2002, 2003, 2006, 2013 …), condition::tls (2026), condition::resolve (2005),
/// condition::limit (2020) or condition::protocol (2012, 2014, 2027, and 2059 to 2061 and 5010 for a way to
/// log in that is not trusted).
const boost::system::error_category& client_category() noexcept;

} // namespace oneloop::mysql
