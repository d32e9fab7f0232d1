#include "mysql/result_store.hpp"
#include <oneloop/error.hpp>
#include <oneloop/mysql/rows.hpp>

#include <algorithm>

namespace oneloop::mysql {
namespace {

[[noreturn]] void refuse(const std::string& doing, const std::string& why) {
    throw error(failure(errc::invalid_argument).doing(doing).because(why));
}

std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all.empty() ? "none" : all;
}

} // namespace

namespace detail {

void throw_null(std::string_view wanted) {
    refuse("field::as", "NULL is not " + std::string(wanted) + "; a std::optional takes it");
}

// The value itself may be a secret.
void throw_not_a(std::string_view wanted, std::string_view text) {
    refuse(
        "field::as", "a value of " + std::to_string(text.size()) + " bytes is not " + std::string(wanted) +
                         ", or does not fit into it"
    );
}

} // namespace detail

std::size_t row::size() const noexcept {
    return store_->columns.size();
}

field row::operator[](std::size_t place) const {
    if (place >= store_->columns.size())
        refuse(
            "row[" + std::to_string(place) + "]",
            "the row has " + std::to_string(store_->columns.size()) + " columns, counted from 0"
        );
    return store_->value(block_, place);
}

field row::operator[](std::string_view name) const {
    const auto found = std::ranges::find(store_->columns, name);
    if (found == store_->columns.end())
        refuse("row[\"" + std::string(name) + "\"]", "no such column; there are: " + listed(store_->columns));
    return store_->value(block_, static_cast<std::size_t>(found - store_->columns.begin()));
}

std::size_t rows::size() const noexcept {
    return store_ ? store_->rows.size() : 0;
}

const std::vector<std::string>& rows::columns() const noexcept {
    static const std::vector<std::string> none;
    return store_ ? store_->columns : none;
}

row rows::operator[](std::size_t place) const {
    if (place >= size())
        refuse("rows[" + std::to_string(place) + "]", "there are " + std::to_string(size()) + " rows");
    return {store_.get(), store_->rows[place]};
}

rows::iterator rows::begin() const noexcept {
    return store_ ? iterator(store_.get(), store_->rows.data()) : iterator();
}

rows::iterator rows::end() const noexcept {
    return store_ ? iterator(store_.get(), store_->rows.data() + store_->rows.size()) : iterator();
}

std::uint64_t rows::affected_rows() const noexcept {
    return store_ ? store_->affected_rows : 0;
}
std::uint64_t rows::last_insert_id() const noexcept {
    return store_ ? store_->last_insert_id : 0;
}
unsigned rows::warnings() const noexcept {
    return store_ ? store_->warnings : 0;
}

} // namespace oneloop::mysql
