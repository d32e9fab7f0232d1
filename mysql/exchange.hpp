#pragma once

#include "mysql/result_store.hpp"
#include "mysql/stepper.hpp"
#include <oneloop/error.hpp>
#include <oneloop/mysql/options.hpp>

#include <functional>
#include <memory>
#include <string>

namespace oneloop::mysql {

/// Adds where a statement ended, and what became of it.
failure tell_progress(const stepper&, failure);

/// One statement and its answer: sends it, reads the rows one by one into memory of our own, and whatever
/// else comes to its end. On the loop.
class exchange : public std::enable_shared_from_this<exchange> {
public:
    /// A failure without a code: the rows are there. `sound` is false when the connection cannot be used
    /// again.
    using told = std::function<void(failure, rows, bool sound)>;

    /// The statement has to stay until the end.
    exchange(executor loop, stepper&, const std::string& sql, std::uint64_t max_result, told);

    void start();

    /// Before the handle is closed; nobody is told any more.
    void abandon() noexcept;

private:
    void read_answer();
    void answered();
    void fetch();
    bool took_row();
    void end_of_rows();
    void next_result();
    void take_counts();
    void failed();
    void finish(failure, bool sound);

    executor loop_;
    stepper& stepper_;
    const std::string& sql_;
    const std::uint64_t max_result_;
    told done_;
    std::shared_ptr<detail::result_store> store_ = std::make_shared<detail::result_store>();
    bool keeps_rows_ = true; // of the first result with columns
    std::uint64_t bytes_ = 0;
    MYSQL_RES* result_ = nullptr;
    MYSQL_ROW row_ = nullptr;
    int failed_ = 0;
    my_bool unread_ = 0;
};

} // namespace oneloop::mysql
