#include "core/ares_include.hpp"
#include <oneloop/resolver.hpp>

namespace oneloop {
namespace {

class ares_category final : public boost::system::error_category {
public:
    constexpr ares_category() : error_category(0x6f6e656c6f6f7061) {}
    const char* name() const noexcept override { return "oneloop.resolver"; }
    std::string message(int value) const override { return ::ares_strerror(value); }
    boost::system::error_condition default_error_condition(int value) const noexcept override {
        switch (value) {
            case ARES_SUCCESS:
                return {};
            case ARES_ETIMEOUT:
                return condition::timeout;
            case ARES_ECANCELLED:
                return condition::cancelled;
            default:
                return condition::resolve;
        }
    }
};

constexpr ares_category category;

} // namespace

const boost::system::error_category& resolver_category() noexcept {
    return category;
}

} // namespace oneloop
