#include "mysql/verdict.hpp"

#include "core/words.hpp"
#include "mysql/mysql_include.hpp"
#include <oneloop/mysql/error.hpp>

namespace oneloop::mysql {
namespace {

// The server's last words before it closes a connection.
enum : unsigned { shutting_down = 1053, killed = 1927, idle_for_too_long = 4031 };

bool is_of_client(unsigned number) noexcept {
    return (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
           (number >= CER_MIN_ERROR && number <= CER_MAX_ERROR);
}

// The library names the way to log in and neither why it is refused nor what can be done.
std::string in_our_words(unsigned number, const std::string& text) {
    switch (number) {
        case CR_PLUGIN_NOT_ALLOWED:
            return "the server asks for a way to log in that would show it the password, or that is safe "
                   "over "
                   "verified TLS only: " +
                   text;
        case CR_AUTH_PLUGIN_CANNOT_LOAD:
            return "the server asks for a way to log in that is not installed here: " + text;
        default:
            return text;
    }
}

} // namespace

failure verdict(unsigned number, const std::string& said) {
    const std::string text = printable(said);
    if (number == 0) // the library failed and does not know why
        number = CR_UNKNOWN_ERROR;
    const int value = static_cast<int>(number);
    if (!is_of_client(number))
        return failure(error_code(value, server_category()))
            .ended(outcome::answered)
            .because("the server says: " + text + " (" + std::to_string(number) + ")");
    return failure(error_code(value, client_category()))
        .because(in_our_words(number, text) + " (" + std::to_string(number) + ")");
}

bool connection_lives_on(unsigned number) noexcept {
    return number != 0 && !is_of_client(number) && number != shutting_down && number != killed &&
           number != idle_for_too_long;
}

phase phase_of_login(unsigned number, phase so_far) noexcept {
    if (!is_of_client(number))
        return phase::auth;
    switch (number) {
        case CR_UNKNOWN_HOST:
            return phase::resolve;
        case CR_SOCKET_CREATE_ERROR:
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_IPSOCK_ERROR:
            return phase::connect;
        case CR_SSL_CONNECTION_ERROR:
            return phase::tls;
        case CR_AUTH_PLUGIN_CANNOT_LOAD:
        case CR_AUTH_PLUGIN_ERR:
        case CR_PLUGIN_NOT_ALLOWED:
        case CR_SECURE_AUTH:
            return phase::auth;
        default: // a connection that could not be made has its own numbers
            return so_far == phase::connect ? phase::auth : so_far;
    }
}

} // namespace oneloop::mysql
