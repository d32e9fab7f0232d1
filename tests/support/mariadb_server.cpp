#include "tests/support/mariadb_server.hpp"

#include <errmsg.h>
#include <mysql.h>

#include <mutex>
#include <stdexcept>

namespace oneloop::testing {
namespace {

constexpr const char* setup = R"(create database oneloop;
create user 'oneloop'@'%' identified by 'secret';
grant all on oneloop.* to 'oneloop'@'%';
)";

struct server_error : std::runtime_error {
    explicit server_error(MYSQL* client)
        : std::runtime_error("mariadbd says: " + std::string(mysql_error(client))),
          number(mysql_errno(client)) {}
    unsigned number;
};

struct closes {
    void operator()(MYSQL* client) const { mysql_close(client); }
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

// root over the socket: let in even when max_connections others are there.
class connection {
public:
    explicit connection(const std::filesystem::path& path) {
        static std::once_flag first; // the library's own way to do this at first use is not safe with threads
        std::call_once(first, [] { mysql_library_init(0, nullptr, nullptr); });
        client_.reset(mysql_init(nullptr));
        const unsigned patience = 20;
        const my_bool none = 0; // over a socket of our own
        for (auto limit : {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT})
            mysql_options(client_.get(), limit, &patience);
        mysql_options(client_.get(), MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &none);
        if (!mysql_real_connect(
                client_.get(), nullptr, "root", nullptr, "oneloop", 0, path.c_str(), CLIENT_MULTI_STATEMENTS
            ))
            throw server_error(client_.get());
    }

    std::vector<mariadb_server::row> execute(const std::string& sql) {
        std::vector<mariadb_server::row> rows;
        int status = mysql_real_query(client_.get(), sql.data(), sql.size());
        for (; status == 0; status = mysql_next_result(client_.get()))
            rows = take_result();
        if (status > 0) // -1: there are no more
            throw server_error(client_.get());
        return rows;
    }

private:
    std::vector<mariadb_server::row> take_result() {
        std::unique_ptr<MYSQL_RES, closes> result(mysql_store_result(client_.get()));
        if (mysql_errno(client_.get()))
            throw server_error(client_.get());
        std::vector<mariadb_server::row> rows;
        if (!result) // a statement without rows
            return rows;
        while (MYSQL_ROW fields = mysql_fetch_row(result.get())) {
            const unsigned long* lengths = mysql_fetch_lengths(result.get());
            auto& values = rows.emplace_back();
            for (unsigned i = 0; i < mysql_num_fields(result.get()); ++i)
                values.push_back(fields[i] ? std::string(fields[i], lengths[i]) : "NULL");
        }
        return rows;
    }

    std::unique_ptr<MYSQL, closes> client_;
};

} // namespace

mariadb_server::mariadb_server(const mariadb_options& options)
    : command_{ONELOOP_MARIADB_START, dir_.path().string(), std::to_string(port())} {
    command_.insert(command_.end(), options.config_.begin(), options.config_.end());
    dir_.write("setup.sql", setup);
    start();
}

// Nobody needs what is stored.
mariadb_server::~mariadb_server() {
    if (process_)
        process_->signal_group(SIGKILL);
}

void mariadb_server::start() {
    process_ = std::make_unique<process>(command_);
    // There is nothing to wait for but that its socket appears, or that it ends.
    while (!process_->ends_within(std::chrono::milliseconds(2))) {
        try {
            execute("do 0");
            return;
        } catch (const server_error& e) {
            if (e.number != CR_CONNECTION_ERROR)
                throw;
        }
    }
    throw std::runtime_error("mariadbd has not started; its log: " + log());
}

void mariadb_server::kill() {
    process_->signal_group(SIGKILL);
    process_->wait();
}

void mariadb_server::kill_and_restart() {
    kill();
    start();
}

void mariadb_server::restart() {
    process_->stop();
    start();
}

std::vector<mariadb_server::row> mariadb_server::execute(const std::string& sql) const {
    return connection(socket_path()).execute(sql);
}

// root is nobody but execute(), whose earlier connections the server may still be about to close.
std::vector<mariadb_server::row> mariadb_server::processlist() const {
    return execute(
        "select id, user, db, command, info from information_schema.processlist "
        "where user not in ('root', 'system user', 'event_scheduler') order by id"
    );
}

std::string mariadb_server::url() const {
    return "mysql://oneloop:secret@127.0.0.1:" + std::to_string(port()) + "/oneloop";
}

} // namespace oneloop::testing
