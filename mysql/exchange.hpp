#pragma once

#include "mysql/result_store.hpp"
#include "mysql/stepper.hpp"
#include <oneloop/error.hpp>
#include <oneloop/mysql/options.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace oneloop::mysql {

/// Adds where a statement ended, and what became of it.
failure tell_progress(const stepper&, failure);

/// One statement and its answer: sends it, reads the rows one by one into memory of our own, and whatever
/// else comes to its end. On the loop. How, is a matter of the protocol: text_exchange, prepared_exchange.
class exchange : public std::enable_shared_from_this<exchange> {
public:
    /// A failure without a code: the rows are there. `sound` is false when the connection cannot be used
    /// again.
    using told = std::function<void(failure, rows, bool sound)>;

    virtual ~exchange() = default;
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    virtual void start() = 0;

    /// Before the handle is closed; nobody is told any more.
    virtual void abandon() noexcept;

protected:
    exchange(executor loop, stepper&, std::uint64_t max_result, told);

    /// Of several results the first one with columns is kept.
    void begin_rows(const MYSQL_FIELD*, unsigned count);

    /// Until `took_row` gives false, without keeping the loop from everything else.
    void read_rows();
    virtual int fetch_start() = 0;
    virtual int fetch_cont(int what) = 0;
    virtual bool took_row() = 0;

    /// One turn later: a server may have a hundred thousand results ready, and each would be a call in a
    /// call.
    void soon(std::function<void()> next);

    /// False, and all is over, if the row was too much.
    bool keep(const char* const* values, const unsigned long* lengths, unsigned count);

    failure refused(unsigned number, const char* text) const;
    void finish(failure, bool sound);

    MYSQL* handle() const noexcept { return stepper_.get(); }

    stepper& stepper_;
    std::shared_ptr<detail::result_store> store_ = std::make_shared<detail::result_store>();

private:
    executor loop_;
    const std::uint64_t max_result_;
    told done_;
    bool keeps_rows_ = true;
    std::uint64_t bytes_ = 0;
};

} // namespace oneloop::mysql
