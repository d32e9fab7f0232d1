#include "mysql/prepared_exchange.hpp"

#include "mysql/verdict.hpp"

#include <algorithm>
#include <utility>

namespace oneloop::mysql {

namespace {

constexpr auto no_count = static_cast<std::uint64_t>(-1);

/// One parameter as libmariadb wants it; it points to the value.
class binding {
public:
    MYSQL_BIND operator()(std::nullptr_t) const { return of(MYSQL_TYPE_NULL, nullptr, 0); }
    MYSQL_BIND operator()(const std::int64_t& n) const { return of(MYSQL_TYPE_LONGLONG, &n, sizeof n); }
    MYSQL_BIND operator()(const std::uint64_t& n) const {
        MYSQL_BIND b = of(MYSQL_TYPE_LONGLONG, &n, sizeof n);
        b.is_unsigned = 1;
        return b;
    }
    MYSQL_BIND operator()(const float& x) const { return of(MYSQL_TYPE_FLOAT, &x, sizeof x); }
    MYSQL_BIND operator()(const double& x) const { return of(MYSQL_TYPE_DOUBLE, &x, sizeof x); }
    MYSQL_BIND operator()(const std::string& s) const { return of(MYSQL_TYPE_STRING, s.data(), s.size()); }
    MYSQL_BIND operator()(const parameters::bytes& b) const {
        return of(MYSQL_TYPE_BLOB, b.kept().data(), b.kept().size());
    }

private:
    static MYSQL_BIND of(enum_field_types type, const void* value, std::size_t size) {
        MYSQL_BIND b{};
        b.buffer_type = type;
        b.buffer = const_cast<void*>(value); // only read
        b.buffer_length = size;
        return b;
    }
};

} // namespace

void prepared_exchange::closer::operator()(MYSQL_STMT* s) const noexcept {
    mysql_stmt_close(s);
}

prepared_exchange::prepared_exchange(
    executor loop, stepper& s, const std::string& sql, const parameters& given, std::uint64_t max_result,
    told done
)
    : exchange(std::move(loop), s, max_result, std::move(done)), sql_(sql), given_(given) {}

void prepared_exchange::start() {
    statement_.reset(mysql_stmt_init(handle()));
    MYSQL_STMT* const s = statement_.get();
    if (!s)
        return finish(refused(CR_OUT_OF_MEMORY, "there is no memory for a statement").in(phase::send), true);
    stepper_.begin_preparation();
    stepper_.drive(
        mysql_stmt_prepare_start(&failed_, s, sql_.data(), sql_.size()),
        [this, s](int what) { return mysql_stmt_prepare_cont(&failed_, s, what); },
        [this] {
            if (failed_)
                failed();
            else
                prepared();
        }
    );
}

void prepared_exchange::prepared() {
    const std::size_t wanted = mysql_stmt_param_count(statement_.get());
    if (wanted == given_.size())
        return execute();
    const std::string count = std::to_string(wanted), mine = std::to_string(given_.size());
    close(failure(errc::invalid_argument)
              .in(phase::send)
              .because(
                  "the statement has " + count + (wanted == 1 ? " parameter, " : " parameters, ") + mine +
                  (given_.size() == 1 ? " was given" : " were given")
              ));
}

void prepared_exchange::execute() {
    MYSQL_STMT* const s = statement_.get();
    bound_.reserve(given_.size());
    for (const auto& value : given_.all())
        bound_.push_back(std::visit(binding(), value));
    for (auto& b : bound_)
        b.length = &b.buffer_length;
    mysql_stmt_attr_set(s, STMT_ATTR_CB_USER_DATA, this);
    mysql_stmt_attr_set(s, STMT_ATTR_CB_RESULT, reinterpret_cast<const void*>(&take_column));
    if (mysql_stmt_bind_param(s, bound_.data()))
        return failed();
    stepper_.begin_statement();
    stepper_.drive(
        mysql_stmt_execute_start(&failed_, s),
        [this, s](int what) { return mysql_stmt_execute_cont(&failed_, s, what); }, [this] { answered(); }
    );
}

// Of rows that were not asked for as a whole, the library waits for each.
void prepared_exchange::answered() {
    if (failed_)
        return failed();
    if (mysql_stmt_field_count(statement_.get()) == 0 || mysql_field_count(handle()) == 0) {
        take_counts();
        return next_result();
    }
    MYSQL_RES* const about = mysql_stmt_result_metadata(statement_.get());
    if (!about)
        return failed();
    begin_rows(mysql_fetch_fields(about), mysql_num_fields(about));
    row_.begin(mysql_fetch_fields(about), mysql_num_fields(about));
    mysql_free_result(about);
    read_rows();
}

int prepared_exchange::fetch_start() {
    row_.expect();
    row_ends_ = nullptr;
    consumed_before_ = stepper_.consumed();
    return mysql_stmt_fetch_start(&failed_, statement_.get());
}

int prepared_exchange::fetch_cont(int what) {
    return mysql_stmt_fetch_cont(&failed_, statement_.get(), what);
}

// For libmariadb, which calls it for each column of a row that it has received.
void prepared_exchange::take_column(void* self, unsigned column, unsigned char** row) noexcept {
    auto& me = *static_cast<prepared_exchange*>(self);
    if (!me.row_ends_)
        me.row_ends_ = me.end_of_packet();
    me.row_.take(column, row, me.row_ends_);
}

// The library knows, and does not tell. What it has taken since is this packet: parts of up to 16 MiB, each
// with a header.
const unsigned char* prepared_exchange::end_of_packet() const noexcept {
    constexpr std::size_t header = 4, longest_part = 0xffffff;
    const NET& net = handle()->net;
    const std::size_t taken = stepper_.consumed() - consumed_before_;
    const std::size_t headers = (taken / (longest_part + header) + 1) * header;
    const auto room = static_cast<std::size_t>(net.buff_end - net.read_pos);
    return net.read_pos + (taken < headers ? 0 : std::min(taken - headers, room));
}

// False when this was the last one, or was not to be had.
bool prepared_exchange::took_row() {
    if (failed_ == 0 && row_.render())
        return keep(row_.values(), row_.lengths(), row_.size());
    if (failed_ == 0)
        finish(refused(CR_MALFORMED_PACKET, "a row that is none"), false);
    else if (failed_ == MYSQL_NO_DATA)
        take_counts(), next_result();
    else
        failed();
    return false;
}

// A CALL gives the results of its statements, and its own.
void prepared_exchange::next_result() {
    MYSQL_STMT* const s = statement_.get();
    if (!mysql_stmt_more_results(s))
        return close({});
    stepper_.drive(
        mysql_stmt_next_result_start(&failed_, s),
        [this, s](int what) { return mysql_stmt_next_result_cont(&failed_, s, what); },
        [this] { soon([this] { answered(); }); }
    );
}

void prepared_exchange::take_counts() {
    MYSQL* const m = handle();
    const std::uint64_t changed = mysql_affected_rows(m);
    store_->affected_rows = mysql_field_count(m) != 0 || changed == no_count ? 0 : changed;
    store_->last_insert_id = mysql_insert_id(m);
    store_->warnings = mysql_warning_count(m);
    // The packet that ends the rows is still there; the library has not looked into it
    const unsigned char* const last = m->net.read_pos;
    if (failed_ == MYSQL_NO_DATA && last && last[0] == 0xfe)
        store_->warnings = last[1] | unsigned{last[2]} << 8;
}

void prepared_exchange::failed() {
    const unsigned of_handle = mysql_errno(handle());
    const unsigned number = of_handle != 0 ? of_handle : mysql_stmt_errno(statement_.get());
    failure why =
        refused(number, of_handle != 0 ? mysql_error(handle()) : mysql_stmt_error(statement_.get()));
    if (connection_lives_on(number))
        close(std::move(why));
    else
        finish(std::move(why), false);
}

// The server gives no answer to this. Should it fail, the next query finds that the connection has ended.
void prepared_exchange::close(failure why) {
    MYSQL_STMT* const s = statement_.release(); // the last step frees it
    stepper_.drive(
        mysql_stmt_close_start(&unclosed_, s),
        [this, s](int what) { return mysql_stmt_close_cont(&unclosed_, s, what); },
        [this, why = std::move(why)] { finish(why, true); }
    );
}

} // namespace oneloop::mysql
