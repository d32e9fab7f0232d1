#pragma once

/// What servers of MariaDB and MySQL send, and what only rude ones do, for tcp_server:
///
///     script rude = mysql::login().expect(mysql::packet).send(mysql::packets(1, {mysql::ok(),
///     mysql::ok()}));
///
/// Functions that are named after what a packet says give the packet's content; packets() adds the heads,
/// which count. A client's command has the number 0, so its answer begins with 1.

#include "tests/support/tcp_server.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oneloop::testing::mysql {

/// A number of so many bytes, the lowest first.
inline std::string number(std::uint64_t n, int bytes) {
    std::string all;
    for (; bytes > 0; --bytes, n >>= 8)
        all += static_cast<char>(n & 0xff);
    return all;
}

/// One packet of a client: `script().expect(mysql::packet)`. Its content begins with the fifth byte.
inline std::size_t packet(std::string_view read) {
    if (read.size() < 4)
        return 0;
    auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(read[i])}; };
    const std::size_t length = 4 + (byte(0) | byte(1) << 8 | byte(2) << 16);
    return read.size() < length ? 0 : length;
}

/// Contents with their heads, counted from `first`.
inline std::string packets(std::size_t first, const std::vector<std::string>& contents) {
    std::string all;
    for (const auto& content : contents)
        all += number(content.size(), 3) + number(first++, 1) + content;
    return all;
}

/// Text with its length before it.
inline std::string text(const std::string& bytes) {
    if (bytes.size() < 251)
        return number(bytes.size(), 1) + bytes;
    return "\xfd" + number(bytes.size(), 3) + bytes;
}

// --- contents -------------------------------------------------------------------------------------------

class greeting_options {
public:
    greeting_options() = default;
    greeting_options& version(std::string v) { return version_ = std::move(v), *this; }
    greeting_options& plugin(std::string name) { return plugin_ = std::move(name), *this; }
    /// Says that the server can do TLS, which no script can.
    greeting_options& claims_tls() { return capabilities_ |= 0x800, *this; }

    std::string version_ = "5.5.5-10.11.6-MariaDB", plugin_ = "mysql_native_password";
    // Protocol 4.1 with plugins, transactions, several statements and results, LOCAL INFILE; EOF packets.
    std::uint32_t capabilities_ = 0x001f'a28f;
};

/// The server's first packet; without TLS if nothing else is said.
inline std::string greeting(const greeting_options& options = {}) {
    const std::string zero(1, '\0');
    return "\x0a" + options.version_ + zero + number(7, 4) + "scramble" + zero +
           number(options.capabilities_ & 0xffff, 2) + "\x2d" + number(2, 2) +
           number(options.capabilities_ >> 16, 2) + number(21, 1) + std::string(10, '\0') + "twelve bytes" +
           zero + options.plugin_ + zero;
}

inline std::string ok(std::uint8_t affected = 0, std::uint8_t insert_id = 0) {
    return number(0, 1) + number(affected, 1) + number(insert_id, 1) + number(2, 2) + number(0, 2);
}
inline std::string error(std::uint16_t code, const std::string& state, const std::string& message) {
    return "\xff" + number(code, 2) + "#" + state + message;
}
/// The end of the columns, and of the rows. `more` results follow.
inline std::string eof(bool more = false) {
    return "\xfe" + number(0, 2) + number(more ? 10 : 2, 2);
}
inline std::string column(const std::string& name) {
    return text("def") + text("") + text("t") + text("t") + text(name) + text(name) + "\x0c" + number(45, 2) +
           number(1024, 4) + "\xfd" + number(0, 5);
}
inline std::string row(const std::vector<std::optional<std::string>>& values) {
    std::string all;
    for (const auto& value : values)
        all += value ? text(*value) : "\xfb";
    return all;
}
/// The contents of all packets of a result with rows of text.
inline std::vector<std::string> result(
    const std::vector<std::string>& columns, const std::vector<std::vector<std::optional<std::string>>>& rows
) {
    std::vector<std::string> all{number(columns.size(), 1)};
    for (const auto& name : columns)
        all.push_back(column(name));
    all.push_back(eof());
    for (const auto& values : rows)
        all.push_back(row(values));
    all.push_back(eof());
    return all;
}
/// Asks the client for its password in another way: mysql_clear_password, dialog.
inline std::string auth_switch(const std::string& plugin) {
    return "\xfe" + plugin + std::string(1, '\0') + "another scramble 123" + std::string(1, '\0');
}
/// Asks for a file of the client's.
inline std::string local_infile(const std::string& file) {
    return "\xfb" + file;
}

// --- scripts --------------------------------------------------------------------------------------------

/// Greets, and lets any user in with any password. What follows is up to the test.
inline script login(const greeting_options& options = {}) {
    return script().send(packets(0, {greeting(options)})).expect(packet).send(packets(2, {ok()}));
}
/// login(), and then this answer to the first command.
inline script answers(const std::vector<std::string>& contents) {
    return login().expect(packet).send(packets(1, contents)).hang();
}
/// No greeting ever.
inline script silence() {
    return script().hang();
}
/// Closes in the midst of the greeting.
inline script half_greeting() {
    const std::string all = packets(0, {greeting()});
    return script().send(all.substr(0, all.size() / 2));
}
/// An error in place of a greeting, as when there are too many connections.
inline script refusal(std::uint16_t code = 1040, const std::string& message = "Too many connections") {
    return script().send(packets(0, {error(code, "08004", message)}));
}
/// Wants the password in another way, and lets any in.
inline script switches_to(const std::string& plugin) {
    script s;
    s.send(packets(0, {greeting()})).expect(packet).send(packets(2, {auth_switch(plugin)}));
    return s.expect(packet).send(packets(4, {ok()})).hang();
}
/// A command's answer with a number that is not its turn.
inline script wrong_number(const std::vector<std::string>& contents = {ok()}) {
    return login().expect(packet).send(packets(5, contents)).hang();
}
/// A packet more than the answer has.
inline script one_too_many(std::vector<std::string> contents = {ok()}) {
    contents.push_back(ok());
    return answers(contents);
}
inline script half_then_close(const std::vector<std::string>& contents) {
    const std::string all = packets(1, contents);
    return login().expect(packet).send(all.substr(0, all.size() / 2));
}
/// A result whose only row says that it is of 16 MB, and then has no end.
inline script huge_packet() {
    const std::string begin = packets(1, {number(1, 1), column("c"), eof()});
    const std::string row_head = number(0xfffffe, 3) + number(4, 1) + "\xfd" + number(0xfffffa, 3);
    return login().expect(packet).send(begin + row_head).flood(std::string(64 * 1024, 'x'));
}
/// A result with rows for ever. 256 packets and their numbers begin again.
inline script endless_rows() {
    const std::string begin = packets(1, {number(1, 1), column("c"), eof()});
    const std::vector<std::string> rows(256, row({"value"}));
    return login().expect(packet).send(begin).flood(packets(4, rows));
}

} // namespace oneloop::testing::mysql
