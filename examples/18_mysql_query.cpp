// A query and its rows: connect with a URL, ask who may log in to the server, print each row, close.

#include <oneloop/mysql.hpp>

#include <iostream>

using namespace oneloop;

awaitable<> program(std::string url) {
    auto db = co_await mysql::connect(co_await this_coro::executor, mysql::options::from_url(url));
    auto users = co_await db.query("SELECT Host, User FROM user");
    for (const auto& row : users)
        std::cout << row["User"].text() << "@" << row["Host"].text() << "\n";
    std::cout << users.size() << " rows\n";
    co_await db.close();
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: 18_mysql_query mysql://user:password@host:port/mysql\n";
        return 2;
    }
    return run_main(program(argv[1]));
}
