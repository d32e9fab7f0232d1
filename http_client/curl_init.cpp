#include "http_client/curl_include.hpp"

#include <cstdlib>
#include <mutex>
#include <stdexcept>

namespace oneloop::http {

// glibc gives the free end of the heap back to the kernel when it is larger than 128 KiB, and takes it again
// page by page: with bodies of 64 KiB that is a third of what a request costs. Once a large block was mapped
// and given back, it keeps twice as much, unless the program has chosen (mallopt(3), M_MMAP_THRESHOLD). This
// block is never written to, so it takes no memory.
static void have_malloc_keep_some() {
    constexpr std::size_t block = std::size_t{4} << 20;
    void* volatile seen = std::malloc(block); // volatile, or the compiler leaves out the pair
    std::free(seen);
}

void init_curl() {
    static std::once_flag once;
    std::call_once(once, [] {
        have_malloc_keep_some();
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw std::runtime_error("libcurl could not be set up");
    });
}

} // namespace oneloop::http
