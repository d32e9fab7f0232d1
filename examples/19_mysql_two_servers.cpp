// The same on two servers at once: two queries of one second each take one second.

#include <oneloop/mysql.hpp>

#include <iostream>

using namespace oneloop;

awaitable<> users_of(std::string name, std::string url) {
    auto db = co_await mysql::connect(co_await this_coro::executor, mysql::options::from_url(url));
    co_await db.query("SELECT SLEEP(1)");
    auto users = co_await db.query("SELECT Host, User FROM user");
    std::cout << name << ": " << users.size() << " rows, columns " << users.columns()[0] << " and "
              << users.columns()[1] << "\n";
    co_await db.close();
}

awaitable<> program(std::string first, std::string second) {
    co_await gather(users_of("first", first), users_of("second", second));
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: 19_mysql_two_servers URL URL\n";
        return 2;
    }
    return run_main(program(argv[1], argv[2]));
}
