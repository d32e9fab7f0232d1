#include "redis/codec.hpp"

#include "redis/reply_builder.hpp"
#include <oneloop/redis/error.hpp>

#include <unistd.h>

#include <array>
#include <new>
#include <vector>

namespace oneloop::redis {

namespace {

void answered(redisAsyncContext*, void* reply, void* who) noexcept {
    auto* taker = static_cast<reply_taker*>(who);
    if (reply)
        taker->take(take_value(reply));
    else
        taker->lost();
}

failure protocol_error(std::string why) {
    return failure(oneloop::errc::protocol_violation).because(std::move(why));
}

} // namespace

codec::codec(std::size_t max_reply) : scanner_(max_reply) {
    context_ = redisAsyncConnectUnix("/dev/null/nothing");
    if (!context_)
        throw std::bad_alloc();
    redisContext& c = context_->c;
    if (!c.reader || !c.obuf) {
        redisAsyncFree(context_);
        throw std::bad_alloc();
    }
    if (c.fd >= 0) {
        ::close(c.fd);
        c.fd = -1;
    }
    c.err = context_->err = 0;
    c.errstr[0] = '\0';
    context_->errstr = nullptr;
    c.flags |= REDIS_CONNECTED;
    c.reader->fn = &reply_functions;
    context_->ev.data = this;
    context_->ev.cleanup = &codec::cleaned_up;
}

codec::~codec() {
    if (context_)
        redisAsyncFree(context_);
}

// hiredis is about to free the context, on its own account or because we asked.
void codec::cleaned_up(void* data) noexcept {
    auto* self = static_cast<codec*>(data);
    const redisContext& c = self->context_->c;
    if (c.err != 0)
        self->last_words_ = c.errstr;
    self->context_ = nullptr;
}

bool codec::push(const request& what, reply_taker& who) {
    if (!context_)
        return false;
    // Most commands are short
    constexpr std::size_t few = 16;
    std::array<const char*, few> few_texts;
    std::array<std::size_t, few> few_lengths;
    std::vector<const char*> many_texts;
    std::vector<std::size_t> many_lengths;
    const char** texts = few_texts.data();
    std::size_t* lengths = few_lengths.data();
    if (what.size() > few) {
        many_texts.resize(what.size());
        many_lengths.resize(what.size());
        texts = many_texts.data();
        lengths = many_lengths.data();
    }
    for (std::size_t i = 0; i < what.size(); ++i) {
        texts[i] = what.at(i).data();
        lengths[i] = what.at(i).size();
    }
    if (redisAsyncCommandArgv(context_, &answered, &who, static_cast<int>(what.size()), texts, lengths) !=
        REDIS_OK)
        return false;
    scanner_.expect(1);
    return true;
}

std::string_view codec::output() const noexcept {
    return context_ ? std::string_view(context_->c.obuf, sdslen(context_->c.obuf)) : std::string_view();
}

void codec::sent() noexcept {
    constexpr std::size_t worth_keeping = 1 << 20;
    if (!context_)
        return;
    sds& out = context_->c.obuf;
    if (sdsalloc(out) > worth_keeping)
        if (sds small = sdsempty()) {
            sdsfree(out);
            out = small;
        }
    sdssetlen(out, 0);
    out[0] = '\0';
}

failure codec::feed(std::string_view bytes) {
    switch (scanner_.scan(bytes)) {
        case reply_scanner::fault::none:
            break;
        case reply_scanner::fault::unasked:
            if (scanner_.problem().empty())
                return protocol_error("the server sent a reply that nobody had asked for");
            return failure(code_of(scanner_.problem())).because(scanner_.problem());
        case reply_scanner::fault::protocol:
            return protocol_error(scanner_.problem());
        case reply_scanner::fault::too_large:
            return failure(oneloop::errc::too_large).because(scanner_.problem());
    }
    if (!context_ || redisReaderFeed(context_->c.reader, bytes.data(), bytes.size()) != REDIS_OK)
        return failure(make_error_code(boost::system::errc::not_enough_memory));
    redisProcessCallbacks(context_);
    if (!context_)
        return protocol_error(last_words_);
    return {};
}

} // namespace oneloop::redis
