#pragma once

#include "http_client/target.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace oneloop::http {

/// URLs that were asked for lately, taken apart: taking one apart costs a tenth of a small request, and a
/// program that talks to one service asks for few. Each text has one place; the last that belongs there
/// stays.
class kept_targets {
public:
    static constexpr std::size_t places = 64;
    static constexpr std::size_t longest = 256; // what is longer is hardly ever asked for twice

    const target* find(const std::string& url) const noexcept {
        const auto& kept = places_[index(url)];
        return kept && kept->url == url ? &kept->what : nullptr;
    }

    /// Nothing with a password in it is kept.
    void keep(const std::string& url, const target& what) {
        if (url.size() > longest || url.find('@') != std::string::npos)
            return;
        auto& kept = places_[index(url)];
        if (kept)
            *kept = {url, what};
        else
            kept = std::make_unique<place>(place{url, what});
    }

private:
    struct place {
        std::string url;
        target what;
    };
    static std::size_t index(const std::string& url) noexcept {
        return std::hash<std::string>()(url) % places;
    }

    std::array<std::unique_ptr<place>, places> places_;
};

} // namespace oneloop::http
