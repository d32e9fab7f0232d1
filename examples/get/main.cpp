// A tool: downloads many URLs at once, with progress, checksums, and parts that are gone on with.

#include "checksums.hpp"
#include "display.hpp"
#include "lines.hpp"
#include "settings.hpp"
#include "text.hpp"
#include <oneloop/http.hpp>

#include <filesystem>
#include <limits>
#include <map>

using namespace oneloop;
using namespace std::chrono_literals;

namespace {

constexpr auto forever = http::duration::max();

http::client_options options_of(const settings& s, display& shown) {
    http::client_options o;
    o.max_in_flight(s.at_once).max_in_flight_per_host(s.per_host).max_host_rate(s.rate);
    // A download may take as long as it likes while bytes come, and may wait for as long for its turn
    o.connect_timeout(s.timeout).first_byte_timeout(s.timeout).stall_timeout(s.timeout);
    o.total_timeout(forever).queue_timeout(forever).max_file(std::numeric_limits<std::uint64_t>::max());
    // Whoever asks for retries gets them: no budget shared by all
    o.retry(retry_policy().attempts(s.retries + 1).backoff(200ms, 10s).total_time(forever));
    o.max_retries_saved(1'000'000);
    for (const auto& [name, value] : s.headers)
        o.header(name, value);
    if (!s.user_agent.empty())
        o.user_agent(s.user_agent);
    if (!s.trust_file.empty())
        o.trust_file(s.trust_file);
    if (!s.proxy.empty())
        o.proxy(s.proxy);
    if (s.verbose)
        o.log([&](const std::string& text) { shown.line(stderr, text); });
    return o;
}

class tool {
public:
    explicit tool(const settings& s) : settings_(s), shown_(s.quiet) {
        if (!s.checksums.empty())
            checksums_ = checksums(s.checksums);
    }

    display& shown() { return shown_; }

    /// Gives the status to end with.
    awaitable<int> run() {
        const executor loop = co_await this_coro::executor;
        std::optional<http::client> client;
        try {
            client.emplace(loop, options_of(settings_, shown_));
        } catch (const error& e) {
            if (e.code() != condition::argument)
                throw;
            co_return wrong_use(e.what());
        }
        auto all = [this](http::client& http) { return with_bars(http); };
        co_await with_closing(std::move(*client), all); // Ctrl-C as well: what came is on the disk then
        co_return shown_.counts.failed > 0;
    }

    /// The last words.
    void end() {
        shown_.finish();
        if (shown_.counts.started > 0 && !settings_.quiet)
            shown_.line(stderr, summary(shown_.counts, shown_.seconds()));
        if (shown_.counts.stopped)
            shown_.line(
                stderr, settings_.resume
                            ? "stopped; what can be gone on with is kept: give the same command again"
                            : "stopped; what had not come whole is removed (--resume keeps it)"
            );
    }

private:
    awaitable<> with_bars(http::client& http) {
        co_await with_task_group([&](task_group& tasks) -> awaitable<> {
            auto bars = tasks.spawn_isolated(draw_bars());
            co_await save_all(http);
            bars.cancel();
        });
    }

    awaitable<> draw_bars() {
        while (shown_.has_bars()) {
            shown_.draw();
            co_await sleep_for(100ms);
        }
    }

    // A URL is read when there is room for it. A few more than may be under way: they wait in the client's
    // queue, where one that has many URLs in a row does not hold up the other hosts.
    awaitable<> save_all(http::client& http) {
        const executor loop = co_await this_coro::executor;
        semaphore room(loop, settings_.at_once + std::min<std::size_t>(settings_.at_once, 100));
        url_lines urls(settings_.urls, settings_.standard_input);
        if (!settings_.standard_input)
            shown_.all = settings_.urls.size();
        co_await with_task_group([&](task_group& downloads) -> awaitable<> {
            for (;;) {
                auto place = co_await room.acquire();
                auto url = co_await urls.next();
                if (!url) {
                    shown_.all = shown_.counts.started;
                    break;
                }
                downloads.spawn(save(http, std::move(*url), std::move(place)));
            }
        });
    }

    awaitable<> save(http::client& http, std::string url, semaphore::permit) {
        ++shown_.counts.started;
        const std::string name = settings_.file.empty() ? http::file_name_of(url) : settings_.file;
        const auto path = std::filesystem::path(settings_.file.empty() ? settings_.directory : "") / name;
        std::error_code none;
        // A file of that name that another URL has got in this run says nothing about this one
        const bool of_another = settings_.resume && begun_.contains(name) && begun_[name] != url;
        if (settings_.resume && !of_another && std::filesystem::is_regular_file(path, none)) {
            ++shown_.counts.there_already;
            say(name + ": there already");
            co_return;
        }
        const std::string original = settings_.file.empty() ? file_name(url) : name; // harmless or not
        const auto listed = checksums_.of(original);
        if (!settings_.checksums.empty() && !listed) {
            ++shown_.counts.failed; // what nobody vouches for is not saved
            shown_.line(stderr, "failed: " + url + ": no \"" + original + "\" in " + settings_.checksums);
            co_return;
        }
        if (settings_.resume)
            begun_.emplace(name, url);
        const auto bar = shown_.begin(name);
        // What is there already is not looked at again: so it has to be there after a loss of power, too
        auto how = http::download_options().resume(settings_.resume).sync(settings_.resume);
        how.accept_unproven_end(settings_.accept_unproven_end);
        how.sha256(settings_.sha256.empty() ? listed.value_or("") : settings_.sha256);
        if (shown_.has_bars())
            how.on_progress([bar](const http::download_progress& p) {
                bar->bytes = p.bytes(), bar->total = p.total(), bar->rate = p.rate();
            });
        result<http::response> answer;
        if (settings_.file.empty())
            answer = co_await http.download_into(url, settings_.directory, how, nothrow);
        else
            answer = co_await http.download(url, settings_.file, how, nothrow);
        shown_.end(bar);
        tell(answer);
    }

    void tell(const result<http::response>& answer) {
        if (answer && answer->ok()) {
            const auto bytes = answer->body_size();
            ++shown_.counts.saved;
            shown_.counts.bytes += bytes;
            std::string text = std::filesystem::path(answer->file()).filename().string() + ": ";
            if (answer->resumed_from())
                text += bytes_text(double(answer->resumed_from())) + " were there, and ";
            say(text + bytes_text(double(bytes)));
        } else if (!answer && answer.error() == condition::cancelled) {
            ++shown_.counts.stopped;
        } else {
            ++shown_.counts.failed;
            shown_.line(
                stderr, "failed: " + (answer ? answer->url() + ": status " + std::to_string(answer->status())
                                             : answer.error().message())
            );
        }
    }

    void say(const std::string& text) {
        if (!settings_.quiet)
            shown_.line(stdout, text);
    }

    const settings& settings_;
    display shown_;
    checksums checksums_;
    std::map<std::string, std::string> begun_; // the first URL of each name that was not there
};

} // namespace

int main(int argc, char** argv) {
    settings wanted;
    if (const auto ended = read_command_line(argc, argv, wanted))
        return *ended;
    try {
        tool get(wanted);
        const int status = run_main(get.run());
        get.end();
        return status;
    } catch (const std::invalid_argument& e) {
        return wrong_use(e.what());
    }
}

//> rivers.html: 2.4 KiB
//> mountains.html: 25.8 KiB
//> image1.png: 195.3 KiB
