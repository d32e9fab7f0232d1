#pragma once

/// The MySQL protocol by the packet, for servers that no real one can be made to be.

#include "tests/support/tcp_server.hpp"

#include <string>

namespace oneloop::testing {

inline std::string packet(unsigned sequence, const std::string& body) {
    std::string p;
    for (int shift : {0, 8, 16})
        p += static_cast<char>(body.size() >> shift & 0xff);
    return p + static_cast<char>(sequence) + body;
}

/// What a server says first: protocol 4.1 with plug-ins for the login, no TLS.
inline std::string greeting() {
    using namespace std::string_literals;
    return packet(
        0, "\x0a"s + "5.5.5-10.11.0-MariaDB\0"s + "\x01\0\0\0"s + "saltsalt\0"s + "\x08\xa2"s + "\x2d"s +
               "\x02\0"s + "\x08\0"s + "\x15"s + std::string(10, '\0') + "saltsaltsalt\0"s +
               "mysql_native_password\0"s
    );
}

inline std::string ok(unsigned sequence) {
    return packet(sequence, std::string("\0\0\0\x02\0\0\0", 7));
}

/// Lets everybody in.
inline script rude_login() {
    return script().send(greeting()).expect("mysql_native_password").send(ok(2));
}

/// A result with the one column "v", and no rows yet.
inline std::string column_v() {
    using namespace std::string_literals;
    return packet(1, "\x01") +
           packet(
               2,
               "\x03"
               "def\0\0\0\x01v\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"s
           ) +
           packet(3, "\xfe\0\0\x02\0"s);
}

inline std::string text_result(const std::string& value) {
    using namespace std::string_literals;
    return column_v() + packet(4, static_cast<char>(value.size()) + value) + packet(5, "\xfe\0\0\x02\0"s);
}

} // namespace oneloop::testing
