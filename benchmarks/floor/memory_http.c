// What a multi handle of libcurl takes with one easy handle after a request, its connection kept.
//   floor_memory_http COUNT URL

#include "benchmarks/support/memory.h"

#include <curl/curl.h>

static size_t ignore(char* data, size_t size, size_t n, void* to) {
    (void)data, (void)to;
    return size * n;
}

static void make(const char* url) {
    int running = 1, left = 0;
    long status = 0;
    CURLM* multi = curl_multi_init();
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_multi_add_handle(multi, easy);
    while (running)
        if (curl_multi_perform(multi, &running) || (running && curl_multi_poll(multi, NULL, 0, 1000, NULL)))
            exit(1);
    while (curl_multi_info_read(multi, &left))
        ;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        exit(1);
    curl_multi_remove_handle(multi, easy);
}

int main(int argc, char** argv) {
    const int first = 10, count = argc == 3 ? atoi(argv[1]) : 0;
    struct memory before = {0, 0};
    if (count < 1 || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 2;
    for (int made = 0; made < first + count; ++made) {
        if (made == first)
            before = memory_now();
        make(argv[2]);
    }
    memory_print(before, memory_now(), count);
    _Exit(0);
}
