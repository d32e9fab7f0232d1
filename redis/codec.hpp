#pragma once

#include "redis/hiredis_include.hpp"
#include "redis/reply_scanner.hpp"
#include <oneloop/error.hpp>
#include <oneloop/redis/request.hpp>
#include <oneloop/redis/value.hpp>

#include <string_view>

namespace oneloop::redis {

/// Who waits for the reply to one command.
class reply_taker {
public:
    virtual void take(value) noexcept = 0;
    virtual void lost() noexcept = 0; ///< there will be no reply

protected:
    ~reply_taker() = default;
};

/// Commands to bytes and bytes to replies: a hiredis context without a socket of its own. hiredis formats the
/// commands, queues who waits, parses and matches; the bytes are moved by whoever owns this. So they may come
/// by any transport, and it is known which have gone out.
///
/// How a context comes to be without a socket: it is told to connect to a path that cannot exist, its error
/// is cleared and it is declared connected. That works with 0.14 and 1.x and needs nothing of hiredis but
/// what it exports. Replies are given to callbacks by redisProcessCallbacks(), as its own adapters do after
/// reading.
class codec {
public:
    explicit codec(std::size_t max_reply); ///< throws std::bad_alloc
    ~codec();                              ///< whoever still waits has lost
    codec(const codec&) = delete;
    codec& operator=(const codec&) = delete;

    /// Formats a command behind those in output(). False if hiredis has broken off.
    bool push(const request& what, reply_taker& who);

    /// What is to be sent. Stays where it is until sent() or the next push().
    std::string_view output() const noexcept;
    void sent() noexcept;

    /// Gives the replies that are complete now to those who wait for them. A failure ends it: no reply will
    /// come any more. Must not be called, nor the codec be destroyed, by a taker.
    failure feed(std::string_view bytes);

    std::size_t owed() const noexcept { return scanner_.owed(); }
    /// The next reply has begun to come.
    bool midway() const noexcept { return scanner_.midway(); }
    /// Something has begun to come that nobody asked for.
    bool suspicious() const noexcept { return scanner_.suspicious(); }

private:
    static void cleaned_up(void* self) noexcept;

    reply_scanner scanner_;
    redisAsyncContext* context_ = nullptr; // null after hiredis has freed it
    std::string last_words_;               // why it did
};

} // namespace oneloop::redis
