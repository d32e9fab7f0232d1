#pragma once

#include "http_client/curl_include.hpp"
#include <oneloop/error.hpp>

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oneloop::http {

struct slist_closer {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using slist = std::unique_ptr<curl_slist, slist_closer>;

/// Appends one line, or throws bad_alloc.
void append(slist& list, const std::string& line);

/// A place in one of the lists that multi keeps; who ends leaves them.
template <class Which>
using place_in = boost::intrusive::list_base_hook<
    boost::intrusive::tag<Which>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
struct running_ones;
struct waiting_ones;
struct unpaused_ones;
struct early_ones;
struct lane;

/// libcurl has no "never" for connecting: in milliseconds, what nobody waits for.
constexpr long limit_that_is_none = 24L * 3600 * 1000;

/// One easy handle, used for one request after another: making and resetting handles costs a fifth of a small
/// request, so what is the same for all requests is set once, and what is not is set each time, "off"
/// included.
class easy : public place_in<running_ones>,
             public place_in<waiting_ones>,
             public place_in<unpaused_ones>,
             public place_in<early_ones> {
public:
    /// What is worth a file, or to be read in pieces, is taken for as large as this, too.
    static constexpr std::uint64_t large_body = std::uint64_t{1} << 20;

    easy();
    ~easy();
    easy(const easy&) = delete;
    easy& operator=(const easy&) = delete;

    CURL* handle() const noexcept { return handle_; }

    /// Throws `error` if libcurl refuses: an option this libcurl was built without.
    template <class Value>
    void set(CURLoption option, Value value) {
        check(curl_easy_setopt(handle_, option, value), option);
    }

    template <class Value>
    Value info(CURLINFO which) const {
        Value value{};
        curl_easy_getinfo(handle_, which, &value);
        return value;
    }

    /// What libcurl says of the failure beside its code; empty if nothing.
    std::string error_text() const { return errors_.data(); }
    void clear_error_text() noexcept { errors_[0] = '\0'; }

    /// The header fields, each a line as CURLOPT_HTTPHEADER takes it, with a line feed.
    void set_fields(std::string lines);

    /// libcurl takes a buffer for each request, and gives it back. A large body needs a large one to be fast;
    /// to a small body that costs more than all its header fields.
    void expect_body(std::uint64_t bytes);
    /// Bytes that libcurl reads, and unpacks, in one go at most.
    void read_at_once(long bytes);

    /// libcurl forgets the addresses that requests came with after a minute. It looks for old ones after
    /// every request, at all that it has, which after a thousand names costs as much as a request: so have it
    /// look only now and then. (Each request brings its own, so an old one is never used.)
    void forget_addresses_now_and_then();

    /// Whose handle it is.
    static easy& of(CURL* handle) {
        easy* self = nullptr;
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, &self);
        return *self;
    }

    class transfer* serves = nullptr;       // at the moment; libcurl's callbacks get the handle
    lane* works_in = nullptr;               // from multi::add to remove
    bool begun = false;                     // libcurl knows of it
    bool connected = false;                 // it has a connection and sends its request
    bool large = false;                     // its body, as far as anybody knows
    curl_socket_t socket = CURL_SOCKET_BAD; // that libcurl last waited for
    slist resolve;                          // libcurl reads it while the request runs

    // What it was told last, where telling it again costs
    bool plain_get = true, compressed = false, digest = false;
    std::optional<bool> usual_fields; // those of a GET without its own, with compression or without
    bool verified = true, certificate = false, pinned = false, proxied = false, http2 = false,
         own_cookie = false, fresh = false;

    std::shared_ptr<void> jar; // must outlive the handle

    std::uint64_t last_body = 0; // its size: the best guess at the next one's

private:
    static void check(CURLcode code, CURLoption option);

    CURL* handle_;
    std::string fields_;
    long buffer_size_ = 0;
    unsigned requests_ = 0;
    slist headers_;
    std::array<char, CURL_ERROR_SIZE> errors_{};
};

} // namespace oneloop::http
