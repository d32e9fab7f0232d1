#include "mysql/mysql_include.hpp"
#include <oneloop/mysql/error.hpp>

namespace oneloop::mysql {
namespace {

class server_codes final : public boost::system::error_category {
public:
    constexpr server_codes() : error_category(0x6f6e656c6f6f7020) {}
    const char* name() const noexcept override { return "mysql.server"; }
    std::string message(int value) const override {
        return "error " + std::to_string(value) + " of the server";
    }
    boost::system::error_condition default_error_condition(int) const noexcept override {
        return condition::server;
    }
};

class client_codes final : public boost::system::error_category {
public:
    constexpr client_codes() : error_category(0x6f6e656c6f6f7021) {}
    const char* name() const noexcept override { return "mysql.client"; }
    std::string message(int value) const override {
        return "error " + std::to_string(value) + " of the MySQL client library";
    }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (value) {
            case CR_SOCKET_CREATE_ERROR:
            case CR_CONNECTION_ERROR:
            case CR_CONN_HOST_ERROR:
            case CR_IPSOCK_ERROR:
            case CR_SERVER_GONE_ERROR:
            case CR_SERVER_LOST:
            case CR_SERVER_LOST_EXTENDED:
            case CR_ERR_NET_READ:
            case CR_ERR_NET_WRITE:
                return condition::network;
            case CR_UNKNOWN_HOST:
                return condition::resolve;
            case CR_SSL_CONNECTION_ERROR:
                return condition::tls;
            case CR_NET_PACKET_TOO_LARGE:
            case CR_OUT_OF_MEMORY:
                return condition::limit;
            case CR_UNKNOWN_ERROR: // a row that does not fit into its packet
            case CR_VERSION_ERROR:
            case CR_SERVER_HANDSHAKE_ERR:
            case CR_COMMANDS_OUT_OF_SYNC:
            case CR_MALFORMED_PACKET:
            case CR_SECURE_AUTH:
            case CR_AUTH_PLUGIN_CANNOT_LOAD:
            case CR_AUTH_PLUGIN_ERR:
            case CR_PLUGIN_NOT_ALLOWED:
            case CR_ERR_NET_UNCOMPRESS:
                return condition::protocol;
            default:
                return {value, *this}; // a fault of ours or of the build, and no portable word for it
        }
    }
};

constexpr server_codes server;
constexpr client_codes client;

} // namespace

const boost::system::error_category& server_category() noexcept {
    return server;
}
const boost::system::error_category& client_category() noexcept {
    return client;
}

} // namespace oneloop::mysql
