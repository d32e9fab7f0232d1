#pragma once

#include "tests/interop/capabilities.hpp"
#include "tests/interop/server.hpp"
#include <oneloop/http.hpp>

#include <map>
#include <string>
#include <vector>

namespace oneloop::testing {

/// All capabilities tried with one server: a row of the table.
class trial {
public:
    /// `packages` are those whose versions are told; all have to be installed.
    trial(std::string name, std::vector<std::string> packages);

    /// One more program, which is not installed as a package.
    trial& and_of(const std::string& version) { return versions_ = version + ", " + versions_, *this; }
    trial& client(http::client_options o) { return client_ = std::move(o), *this; }
    /// Over HTTP/2, which else is off.
    trial& http2();
    trial& with(const std::vector<capability>& all) { return capabilities_ = &all, *this; }
    /// Every capability with a client, and so with a connection, of its own. Otherwise they share one.
    trial& apart() { return apart_ = true, *this; }
    /// A limit of the server or of libcurl: it has to fail, with `part` in what it says, and the table tells
    /// `why`.
    trial& known(const std::string& capability, std::string part, std::string why) {
        known_[capability] = limit(std::move(part), std::move(why));
        return *this;
    }

    /// It works, and the table tells this of it.
    trial& remark(const std::string& capability, std::string what) {
        return remarks_[capability] = std::move(what), *this;
    }

    /// Waits until the server answers (GET /hello, or what else is there), tries everything, and writes the
    /// row.
    void run(const packaged_server& server, const std::string& site, const std::string& hello = "/hello");

private:
    struct limit {
        limit() = default;
        limit(std::string p, std::string w) : part(std::move(p)), why(std::move(w)) {}
        std::string part, why;
    };
    awaitable<> try_all(std::string site, std::string hello);
    std::string cell(const std::string& capability, const std::string& failure) const;

    std::string name_, versions_;
    bool http2_ = false, apart_ = false;
    http::client_options client_;
    const std::vector<capability>* capabilities_ = &oneloop::testing::capabilities();
    std::map<std::string, limit> known_;
    std::map<std::string, std::string> remarks_;
    std::vector<std::string> cells_;
};

/// A row for the script `table`: the name, the versions, and a line "capability<TAB>what came of it" for
/// each.
void write_row(const std::string& name, const std::string& versions, const std::vector<std::string>& cells);

} // namespace oneloop::testing
