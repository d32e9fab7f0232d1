#pragma once

#include <oneloop/detail/completion.hpp>
#include <oneloop/detail/pending.hpp>
#include <oneloop/token.hpp>

#include <memory>
#include <string>
#include <vector>

namespace oneloop::testing {

/// A client as the modules' clients are built, without a server: it answers "because of " and the question,
/// fails with a whole story when asked "fail", and answers "never" never.
class oracle {
public:
    explicit oracle(executor loop) : loop_(loop), engine_(std::make_shared<engine>(loop)) {}

    template <class Token = throwing_t>
    [[nodiscard]] auto ask(std::string question, Token&& token = {}) {
        using start = void (*)(const std::shared_ptr<engine>&, detail::completion<std::string>, std::string);
        return boost::asio::async_initiate<Token, void(error_code, std::string)>(
            detail::initiation<engine, start, std::string>(loop_, engine_, &engine::ask), token,
            std::move(question)
        );
    }

    template <class Token = throwing_t>
    [[nodiscard]] auto tell(std::string news, Token&& token = {}) {
        using start = void (*)(const std::shared_ptr<engine>&, detail::completion<>, std::string);
        return boost::asio::async_initiate<Token, void(error_code)>(
            detail::initiation<engine, start>(loop_, engine_, &engine::tell), token, std::move(news)
        );
    }

    /// Answers even those who asked "never".
    void fail_all() {
        for (const auto& k : engine_->waiting)
            k->handler.fail(engine::story());
    }

    int asked() const noexcept { return engine_->asked; }

private:
    struct engine {
        explicit engine(executor l) : loop(std::move(l)) {}

        static failure story() {
            return failure(errc::timed_out)
                .in(phase::first_byte)
                .limit("patience 1 s")
                .ended(outcome::in_doubt)
                .doing("asking");
        }
        static void ask(
            const std::shared_ptr<engine>& self, detail::completion<std::string> done, std::string what
        ) {
            ++self->asked;
            if (what == "fail")
                done.fail(story());
            else if (what == "never")
                self->keep(std::move(done));
            else
                done.succeed("because of " + what);
        }
        static void tell(const std::shared_ptr<engine>&, detail::completion<> done, std::string what) {
            what == "fail" ? done.fail(story()) : done.succeed();
        }

        struct kept final : detail::pending {
            kept(const executor& loop, detail::completion<std::string> h)
                : pending(detail::pending_registry::of(loop)), handler(std::move(h)) {}
            void abandon() noexcept override { auto dies_here = std::move(handler); }
            detail::completion<std::string> handler;
        };
        void keep(detail::completion<std::string> done) {
            auto k = std::make_shared<kept>(loop, std::move(done));
            waiting.push_back(k);
            if (auto slot = k->handler.slot(); slot.is_connected())
                slot.assign([k](boost::asio::cancellation_type) {
                    auto alive = k; // completing clears the slot, and this function with it
                    alive->handler.fail(cancelled());
                });
        }

        executor loop;
        std::vector<std::shared_ptr<kept>> waiting;
        int asked = 0;
    };

    executor loop_;
    std::shared_ptr<engine> engine_;
};

} // namespace oneloop::testing
