#pragma once

#include "mysql/binary_row.hpp"
#include "mysql/exchange.hpp"
#include <oneloop/mysql/parameters.hpp>

#include <memory>
#include <string>
#include <vector>

namespace oneloop::mysql {

/// A statement with parameters: prepared, executed once and closed. Their values never become a part of its
/// text.
class prepared_exchange final : public exchange {
public:
    /// The statement and its parameters have to stay until the end.
    prepared_exchange(
        executor loop, stepper&, const std::string& sql, const parameters&, std::uint64_t max_result, told
    );

    void start() override;

private:
    struct closer {
        void operator()(MYSQL_STMT*) const noexcept;
    };

    void prepared();
    void execute();
    void answered();
    int fetch_start() override;
    int fetch_cont(int what) override;
    static void take_column(void* self, unsigned column, unsigned char** row) noexcept;
    const unsigned char* end_of_packet() const noexcept;
    bool took_row() override;
    void next_result();
    void take_counts();
    void failed();
    void close(failure);

    const std::string& sql_;
    const parameters& given_;
    std::vector<MYSQL_BIND> bound_;
    binary_row row_;
    std::size_t consumed_before_ = 0;
    const unsigned char* row_ends_ = nullptr;
    int failed_ = 0;
    my_bool unclosed_ = 0;

    // Freed behind the handle if it comes to that: then the library sends nothing and waits for nothing
    std::unique_ptr<MYSQL_STMT, closer> statement_;
};

} // namespace oneloop::mysql
