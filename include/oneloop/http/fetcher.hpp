#pragma once

/// Many requests, so many at a time, and their answers in the order in which they come:
///
///     auto pages = http.fetch_each(urls, 64);
///     while (auto page = co_await pages.next())
///         if (page->ok())
///             std::cout << page->url() << ": " << page->value().status() << "\n";
///         else
///             std::cout << page->error().message() << "\n";
///
/// The URLs come from any range, or from an asynchronous source, and are asked for when there is room for
/// one: a million of them take the memory of 64.

#include <oneloop/awaitable.hpp>
#include <oneloop/error.hpp>
#include <oneloop/http/request.hpp>
#include <oneloop/http/response.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

namespace oneloop::http {

class engine;
class fetching;

/// What became of one of the requests. Each stands for itself: a failure does not end the others.
class fetched {
public:
    fetched(std::size_t index, std::string url, result<response> what)
        : index_(index), url_(std::move(url)), what_(std::move(what)) {}

    /// Which one it was: 0 for the first of the range.
    std::size_t index() const noexcept { return index_; }
    /// Its URL, as the range gave it.
    const std::string& url() const noexcept { return url_; }

    /// There is an answer, whatever its status.
    bool ok() const noexcept { return what_.has_value(); }
    /// The answer; throws the failure, if it is one.
    response& value() & { return what_.value(); }
    const response& value() const& { return what_.value(); }
    response value() && { return std::move(what_).value(); }
    /// To be asked only if not ok().
    failure error() const { return what_.error(); }

private:
    std::size_t index_;
    std::string url_;
    result<response> what_;
};

namespace detail {

/// Where the requests come from: one or the other.
class request_source {
public:
    request_source() = default;
    std::function<std::optional<request>()> now;
    std::function<awaitable<std::optional<request>>()> later;
};

template <class T>
concept request_or_url =
    std::same_as<std::remove_cvref_t<T>, request> || std::is_constructible_v<std::string, T>;

// The options are for those that come without any.
template <request_or_url T>
request as_request(T&& what, const request_options& options) {
    if constexpr (std::same_as<std::remove_cvref_t<T>, request>)
        return std::forward<T>(what);
    else
        return request(std::string(std::forward<T>(what))).options(options);
}

template <class T>
struct item_of;
template <class T>
struct item_of<awaitable<std::optional<T>>> {
    using type = T;
};
template <class Source>
concept asynchronous_source = requires(Source& s) {
    {as_request(std::declval<typename item_of<decltype(s.next())>::type>(), request_options())};
};
template <class Range>
concept range_of_requests =
    std::ranges::input_range<Range> && request_or_url<std::ranges::range_reference_t<Range>>;

template <class Source>
awaitable<std::optional<request>> next_request(
    std::shared_ptr<Source> source, std::shared_ptr<const request_options> options
) {
    std::optional<request> out;
    auto item = co_await source->next();
    if (item)
        out.emplace(as_request(std::move(*item), *options));
    co_return out;
}

template <asynchronous_source Source>
request_source source_of_items(Source items, request_options of_each) {
    auto shared = std::make_shared<Source>(std::move(items));
    auto options = std::make_shared<const request_options>(std::move(of_each));
    request_source source;
    source.later = [shared, options] { return next_request(shared, options); };
    return source;
}

template <range_of_requests Range>
request_source source_of_range(Range range, request_options options) {
    // The iterators refer to the view, which therefore stays where it is
    struct walk {
        explicit walk(Range r) : view(std::move(r)), at(std::ranges::begin(view)) {}
        Range view;
        std::ranges::iterator_t<Range> at;
        bool first = true;
    };
    request_source source;
    source.now = [w = std::make_shared<walk>(std::move(range)),
                  options = std::move(options)]() -> std::optional<request> {
        if (!std::exchange(w->first, false))
            ++w->at;
        if (w->at == std::ranges::end(w->view))
            return std::nullopt;
        return as_request(*w->at, options);
    };
    return source;
}

} // namespace detail

/// The answers, as they come. Made by `client::fetch_each`; belongs to the client's loop, where all of this
/// is called.
///
/// Its destructor cancels what is under way: each request that has not been answered costs its connection.
class fetcher {
public:
    ~fetcher();
    fetcher(fetcher&&) noexcept = default;
    fetcher& operator=(fetcher&&) noexcept;

    /// Waits for the next answer or failure; nothing when all have been given, and for ever after. The first
    /// call starts the first requests, and each one that was taken makes room for another.
    ///
    /// What the range or the source throws, this throws when it has given all that had begun. Cancelling it
    /// (or `timeout(2s, pages.next())`) takes nothing and leaves the requests running. One at a time:
    /// `condition::argument` for a second call while one waits.
    [[nodiscard]] awaitable<std::optional<fetched>> next();

private:
    friend class client;
    fetcher(const executor& loop, std::shared_ptr<engine>, detail::request_source, std::size_t in_flight);

    std::shared_ptr<fetching> inside_;
};

} // namespace oneloop::http
