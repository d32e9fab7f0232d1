#pragma once

#include "mysql/exchange.hpp"

#include <string>

namespace oneloop::mysql {

/// A statement without parameters: its text goes out as it is, and values come back as text.
class text_exchange final : public exchange {
public:
    /// The statement has to stay until the end.
    text_exchange(executor loop, stepper&, const std::string& sql, std::uint64_t max_result, told);

    void start() override;
    void abandon() noexcept override;

private:
    void read_answer();
    void answered();
    int fetch_start() override;
    int fetch_cont(int what) override;
    bool took_row() override;
    void end_of_rows();
    void next_result();
    void take_counts();
    void failed();

    const std::string& sql_;
    MYSQL_RES* result_ = nullptr;
    MYSQL_ROW row_ = nullptr;
    int failed_ = 0;
    my_bool unread_ = 0;
};

} // namespace oneloop::mysql
