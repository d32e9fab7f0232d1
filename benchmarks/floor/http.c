// One page from the URL that is given, by libcurl's easy interface.

#include <curl/curl.h>

static size_t count(char* data, size_t size, size_t n, void* total) {
    (void)data;
    *(size_t*)total += size * n;
    return size * n;
}

int main(int argc, char** argv) {
    size_t total = 0;
    long status = 0;
    if (argc != 2 || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 2;
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &total);
    const CURLcode done = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    curl_global_cleanup();
    return done == CURLE_OK && status == 200 && total == 1024 ? 0 : 1;
}
