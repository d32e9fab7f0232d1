#pragma once

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace oneloop {

/// What a hosts file says ("192.0.2.1 db.example db # comment"), read piece by piece: those that block
/// advertisements have hundreds of thousands of lines.
class hosts_file {
public:
    using addresses = std::vector<boost::asio::ip::address>;

    /// The next piece of the text; a line may go on in the piece after it.
    void feed(std::string_view piece);
    /// The text is over.
    void finish();

    /// Null if it does not have the name, which is in small letters and without a dot at the end. Several
    /// lines for one name add up.
    const addresses* find(const std::string& name) const;
    std::size_t size() const noexcept { return by_name_.size(); }

private:
    void read_line(std::string_view);

    std::string begun_; // a line whose end has not come yet
    std::unordered_map<std::string, addresses> by_name_;
};

} // namespace oneloop
