// GETs by libcurl's multi interface and an epoll, as its documentation has it: what our client is measured
// against. Each transfer at once has an easy handle that is used again; each answer's status and length are
// checked, and its body is in memory as a whole.
//   floor_http_get AT_ONCE OPERATIONS BYTES URL [NAMES]
// With NAMES each URL is another one, and so many host names take turns, all at the address of URL, whose
// path ends in "?".
//
// Frozen: this file was reviewed, and is not changed to make a goal hold. A change of it is a change of what
// the goals mean, and needs all of them to be measured anew.

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

struct slot {
    CURL* easy;
    char *body, url[256];
    size_t size, room;
};

static CURLM* multi;
static int epoll, names;
static long started, ended, wanted, bytes;
static double timer = -1; // when libcurl wants to be called; below 0: not at all
static const char* url;
static char host[64], port[8], path[128];

static void fail(const char* what) {
    fprintf(stderr, "floor_http_get: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* data, void* known) {
    static char yes;
    struct epoll_event event = {0, {.fd = fd}};
    (void)easy, (void)data;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
        curl_multi_assign(multi, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event))
        fail("epoll_ctl");
    curl_multi_assign(multi, fd, &yes);
    return 0;
}

static int on_timer(CURLM* m, long milliseconds, void* data) {
    (void)m, (void)data;
    timer = milliseconds < 0 ? -1 : now() + (double)milliseconds / 1e3;
    return 0;
}

static size_t on_body(char* data, size_t size, size_t n, void* to) {
    struct slot* s = to;
    n *= size;
    if (s->size + n > s->room) {
        s->room = s->room * 2 > s->size + n ? s->room * 2 : s->size + n;
        s->body = realloc(s->body, s->room);
        if (!s->body)
            fail("no memory");
    }
    memcpy(s->body + s->size, data, n);
    s->size += n;
    return n;
}

static void start(struct slot* s) {
    s->size = 0;
    if (names) {
        snprintf(s->url, sizeof s->url, "http://n%ld.bench:%s/%s%ld", started % names, port, path, started);
        curl_easy_setopt(s->easy, CURLOPT_URL, s->url);
    } else {
        curl_easy_setopt(s->easy, CURLOPT_URL, url);
    }
    ++started;
    if (curl_multi_add_handle(multi, s->easy))
        fail("curl_multi_add_handle");
}

static void drain(void) {
    CURLMsg* message;
    int left = 0;
    while ((message = curl_multi_info_read(multi, &left))) {
        CURL* easy = message->easy_handle;
        struct slot* s = NULL;
        long status = 0;
        if (message->data.result != CURLE_OK)
            fail(curl_easy_strerror(message->data.result));
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &s);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200 || s->size != (size_t)bytes)
            fail("not the page");
        curl_multi_remove_handle(multi, easy);
        ++ended;
        if (started < wanted)
            start(s);
    }
}

static void run(struct slot* slots, int at_once, long operations) {
    struct epoll_event events[64];
    int running = 0;
    const long end = ended + operations;
    wanted = end;
    for (int i = 0; i < at_once && started < wanted; ++i)
        start(&slots[i]);
    while (ended < end) {
        const double left = timer < 0 ? -1 : timer - now();
        const int count = epoll_wait(
            epoll, events, 64,
            timer < 0   ? -1
            : left <= 0 ? 0
                        : (int)(left * 1e3) + 1
        );
        for (int i = 0; i < count; ++i) {
            const uint32_t e = events[i].events;
            const int what = (e & EPOLLIN ? CURL_CSELECT_IN : 0) | (e & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                             (e & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, events[i].data.fd, what, &running);
        }
        if (timer >= 0 && timer <= now()) {
            timer = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        drain();
    }
}

int main(int argc, char** argv) {
    const int at_once = argc > 4 ? atoi(argv[1]) : 0;
    const long operations = argc > 4 ? atol(argv[2]) : 0;
    if (at_once < 1 || operations < 1 || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 2;
    bytes = atol(argv[3]);
    url = argv[4];
    names = argc > 5 ? atoi(argv[5]) : 0;
    if (names && sscanf(url, "http://%63[^:/]:%7[0-9]/%127s", host, port, path) != 3)
        return 2;

    multi = curl_multi_init();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    struct curl_slist* addresses = NULL;
    if (names) {
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)names); // one for each, as a crawler has it
        for (int i = 0; i < names; ++i) {
            char line[128];
            snprintf(line, sizeof line, "n%d.bench:%s:%s", i, port, host);
            addresses = curl_slist_append(addresses, line);
        }
    }
    struct slot* slots = calloc((size_t)at_once, sizeof *slots);
    for (int i = 0; i < at_once; ++i) {
        CURL* easy = slots[i].easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &slots[i]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &slots[i]);
        if (names)
            curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses);
    }

    run(slots, at_once, operations / 10 + at_once); // unmeasured
    const double cpu_before = cpu(), before = now();
    run(slots, at_once, operations);
    printf("cpu\tus/op\t%.3f\n", (cpu() - cpu_before) * 1e6 / (double)operations);
    printf("rate\top/s\t%.0f\n", (double)operations / (now() - before));
    fflush(stdout);
    _Exit(0);
}
