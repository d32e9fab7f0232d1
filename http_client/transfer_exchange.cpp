// An attempt that a transport of the program's own carries: what libcurl's callbacks do, done to its answer.

#include "http_client/transfer.hpp"

#include <string>
#include <utility>

namespace oneloop::http {

wire_request transfer::wire() const {
    wire_request what;
    what.method = method_;
    what.url = url.shown();
    what.fields = fields_;
    if (body_ && !body_.type().empty() && !fields_.contains("Content-Type"))
        what.fields.add("Content-Type", body_.type());
    if (file)
        for (const auto& [name, value] : file->fields())
            what.fields.add(name, value);
    what.body = body_.bytes();
    return what;
}

void transfer::begin_exchange() {
    request_begun_ = true;
    outcome_ = oneloop::outcome::in_doubt;
    enter(oneloop::phase::first_byte);
}

bool transfer::take_head(const wire_answer& what) {
    std::string line = "HTTP/1.1 " + std::to_string(what.status) + "\r\n";
    bool going = header(line) != refused;
    for (const auto& [name, value] : what.fields) {
        line = name;
        line.append(": ").append(value).append("\r\n");
        going = going && header(line) != refused;
    }
    return going && header("\r\n") != refused;
}

std::optional<bool> transfer::take_body(std::string_view piece) {
    const std::size_t taken = body(piece);
    if (taken == CURL_WRITEFUNC_PAUSE)
        return std::nullopt;
    return taken != refused;
}

} // namespace oneloop::http
