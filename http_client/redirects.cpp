#include "http_client/redirects.hpp"

#include <algorithm>
#include <array>

namespace oneloop::http {
namespace {

constexpr std::array safe_elsewhere{
    std::string_view("accept"),           std::string_view("accept-encoding"),
    std::string_view("accept-language"),  std::string_view("cache-control"),
    std::string_view("content-encoding"), std::string_view("content-language"),
    std::string_view("content-type"),     std::string_view("if-modified-since"),
    std::string_view("if-none-match"),    std::string_view("if-range"),
    std::string_view("pragma"),           std::string_view("range"),
    std::string_view("user-agent"),
};

constexpr std::array of_a_body{
    std::string_view("content-encoding"),  std::string_view("content-language"),
    std::string_view("content-length"),    std::string_view("content-location"),
    std::string_view("content-type"),      std::string_view("digest"),
    std::string_view("transfer-encoding"),
};

template <class Names>
bool among(const Names& names, std::string_view name) {
    return std::ranges::any_of(names, [&](std::string_view known) {
        return headers::same_name(known, name);
    });
}

template <class Wanted>
headers those(const headers& all, Wanted wanted) {
    headers kept;
    for (const auto& [name, value] : all)
        if (wanted(name))
            kept.add(name, value);
    return kept;
}

} // namespace

bool redirect::is_one(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

redirect::redirect(int status, std::string_view method) noexcept : method_(method), keeps_body_(true) {
    const bool becomes_get =
        (status == 303 && method != "HEAD") || ((status == 301 || status == 302) && method == "POST");
    if (becomes_get) {
        method_ = "GET";
        keeps_body_ = false;
    }
}

headers for_another_origin(const headers& all) {
    return those(all, [](std::string_view name) { return among(safe_elsewhere, name); });
}

headers without_body_fields(const headers& all) {
    return those(all, [](std::string_view name) { return !among(of_a_body, name); });
}

} // namespace oneloop::http
