#pragma once

namespace oneloop {

/// True while nobody has taken the signal for a purpose of their own, ignoring it included.
bool has_default_action(int signal_number) noexcept;

/// libcurl told not to touch signals, hiredis' write() and OpenSSL's all raise SIGPIPE when the peer has
/// closed, and its default action ends the process. Done once; a handler of the program's own is left in
/// place.
void ignore_sigpipe() noexcept;

} // namespace oneloop
