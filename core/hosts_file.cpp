#include "core/hosts_file.hpp"

#include "core/host_name.hpp"
#include "core/text_fields.hpp"

#include <boost/system/error_code.hpp>

#include <algorithm>

namespace oneloop {

void hosts_file::feed(std::string_view piece) {
    for (;;) {
        const auto end = piece.find('\n');
        if (end == piece.npos)
            break;
        if (begun_.empty()) {
            read_line(piece.substr(0, end));
        } else {
            begun_ += piece.substr(0, end);
            read_line(begun_);
            begun_.clear();
        }
        piece.remove_prefix(end + 1);
    }
    begun_ += piece;
}

void hosts_file::finish() {
    read_line(begun_);
    begun_.clear();
}

const hosts_file::addresses* hosts_file::find(const std::string& name) const {
    const auto known = by_name_.find(name);
    return known == by_name_.end() ? nullptr : &known->second;
}

// A line that cannot be understood is as good as none, as with every other reader of this file.
void hosts_file::read_line(std::string_view line) {
    line = line.substr(0, line.find('#'));
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(next_field(line), no_address);
    if (no_address)
        return;
    for (auto field = next_field(line); !field.empty(); field = next_field(line)) {
        std::string name = normal_host_name(std::string(field));
        if (name.ends_with('.'))
            name.pop_back();
        addresses& known = by_name_[std::move(name)];
        if (std::ranges::find(known, address) == known.end())
            known.push_back(address);
    }
}

} // namespace oneloop
