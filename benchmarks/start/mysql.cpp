// One row from the server that is given.

#include <oneloop/mysql.hpp>

using namespace oneloop;

awaitable<int> program(std::string url) {
    auto db = co_await mysql::connect(co_await this_coro::executor, mysql::options::from_url(url));
    auto rows = co_await db.query("SELECT 1");
    co_await db.close();
    co_return rows.size() == 1 && rows[0][0].as<int>() == 1 ? 0 : 1;
}

int main(int, char** argv) {
    return run_main(program(argv[1]));
}
