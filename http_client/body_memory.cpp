#include "http_client/body_memory.hpp"

#include <oneloop/http/response.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

namespace oneloop::http {

std::string body_memory::take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    // The last one is the likeliest to be in the processor's cache
    const auto fits = [bytes](const std::string& s) {
        return s.capacity() >= bytes && s.capacity() / 2 <= bytes;
    };
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), fits);
    if (found == kept_.rend())
        return {};
    std::string body = std::move(*found);
    kept_.erase(std::next(found).base());
    bytes_ -= body.capacity();
    return body;
}

void body_memory::give(std::string&& body) noexcept {
    std::string dies_here = std::move(body);
    const std::lock_guard lock(mutex_);
    const std::size_t room = dies_here.capacity();
    if (!open_ || room < worth_keeping || room > most_kept)
        return;
    dies_here.clear();
    try {
        while (bytes_ + room > most_kept) { // sizes that nobody asks for any more make way
            bytes_ -= kept_.front().capacity();
            kept_.erase(kept_.begin());
        }
        kept_.push_back(std::move(dies_here));
        bytes_ += room;
    } catch (const std::bad_alloc&) { // then it is not kept
        return;
    }
}

void body_memory::open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
}

void body_memory::close() noexcept {
    std::vector<std::string> die_here;
    const std::lock_guard lock(mutex_);
    open_ = false;
    bytes_ = 0;
    die_here.swap(kept_);
}

void make_room(std::string& body, std::size_t bytes) {
    constexpr std::size_t page = std::size_t{2} << 20;
    body.reserve(bytes);
    void* first = body.data();
    std::size_t room = body.capacity();
    if (std::align(page, page, first, room)) // what cannot be had is no loss
        ::madvise(first, room / page * page, MADV_HUGEPAGE);
}

response::contents::~contents() {
    if (body.capacity() < body_memory::worth_keeping)
        return;
    if (const auto next_ones = memory.lock())
        next_ones->give(std::move(body));
}

} // namespace oneloop::http
