#include <oneloop/error.hpp>
#include <oneloop/http/transport.hpp>
#include <oneloop/sleep.hpp>

#include <algorithm>
#include <utility>

namespace oneloop::http {

void scripted_transport::answer(const std::string& method, const std::string& url, scripted what) {
    const std::string key = method + " " + url;
    const auto known = std::ranges::find(answers_, key, [](const auto& each) { return each.first; });
    if (known == answers_.end())
        answers_.push_back({key, {std::move(what)}});
    else
        known->second.push_back(std::move(what));
}

awaitable<wire_answer> scripted_transport::exchange(wire_request what) {
    const std::string key = what.method + " " + what.url;
    requests_.push_back(std::move(what));
    const auto known = std::ranges::find(answers_, key, [](const auto& each) { return each.first; });
    if (known == answers_.end())
        throw error(failure(errc::invalid_argument).doing(key).because("no answer was scripted for it"));
    scripted next = known->second.front();
    if (known->second.size() > 1)
        known->second.erase(known->second.begin());
    if (next.after_ > std::chrono::steady_clock::duration::zero())
        co_await sleep_for(next.after_);
    if (next.why_.code())
        throw error(next.why_);
    co_return std::move(next.answer_);
}

} // namespace oneloop::http
