#pragma once

#include <oneloop/error.hpp>

#include <exception>
#include <string>

namespace oneloop::http {

/// What code of the program's own threw, as the failure of the request that it works for.
inline failure failure_of(const std::exception_ptr& why, const std::string& who = "") {
    try {
        std::rethrow_exception(why);
    } catch (const error& e) {
        return e.failure();
    } catch (const boost::system::system_error& e) {
        return failure(e.code());
    } catch (const std::exception& e) {
        return failure(errc::invalid_argument).because(who + "threw: " + e.what());
    } catch (...) {
        return failure(errc::invalid_argument).because(who + "threw");
    }
}

} // namespace oneloop::http
