#pragma once

#include <oneloop/error.hpp>

namespace oneloop::redis {

/// What a Redis server answers with in place of a value, by the word its answer begins with. All are
/// `condition::server`, but for the last, which is ours. The server's own words are in `failure::reason()`.
enum class errc {
    other = 1,        ///< ERR and whatever has no word below
    wrong_type,       ///< WRONGTYPE: the key holds another kind of value
    no_auth,          ///< NOAUTH: the server wants a password
    wrong_pass,       ///< WRONGPASS: user name or password are wrong
    no_perm,          ///< NOPERM: this user may not do that
    loading,          ///< LOADING: the server is reading its data; try again later
    busy,             ///< BUSY: a script is running; try again later
    read_only,        ///< READONLY: this is a replica
    out_of_memory,    ///< OOM: the server has reached its maxmemory
    no_script,        ///< NOSCRIPT: EVALSHA with a script that the server does not have
    exec_abort,       ///< EXECABORT: a command of the transaction was refused
    misconfigured,    ///< MISCONF: the server cannot save and takes no writes
    master_down,      ///< MASTERDOWN: the replica has lost its master
    moved,            ///< MOVED: another node of the cluster has this key
    ask,              ///< ASK: another node has it for now
    cross_slot,       ///< CROSSSLOT: the keys belong to different nodes
    try_again,        ///< TRYAGAIN: the keys are being moved
    cluster_down,     ///< CLUSTERDOWN
    busy_key,         ///< BUSYKEY: the key exists already
    busy_group,       ///< BUSYGROUP: the consumer group exists already
    no_group,         ///< NOGROUP: there is no such stream or consumer group
    too_many_clients, ///< "max number of clients reached"

    /// -> condition::argument. The answer is of another kind than the type that was asked for; ask for
    /// `redis::value` to see it whole. The command was carried out.
    unexpected_reply = 100
};

const boost::system::error_category& category() noexcept;

inline error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), category()};
}

/// The code for the text of an error as the server sent it, without the '-' in front.
error_code code_of(std::string_view error_text) noexcept;

} // namespace oneloop::redis

template <>
struct boost::system::is_error_code_enum<oneloop::redis::errc> : std::true_type {};
