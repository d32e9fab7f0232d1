// What a redisAsyncContext takes that is connected, logged in and idle.
//   floor_memory_redis COUNT HOST PORT PASSWORD

#include "benchmarks/support/memory.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>

static void answered(redisAsyncContext* redis, void* reply, void* done) {
    (void)redis;
    *(int*)done = reply && ((redisReply*)reply)->type == REDIS_REPLY_STATUS ? 1 : -1;
}

static void make(const char* host, int port, const char* password) {
    int done = 0;
    redisAsyncContext* redis = redisAsyncConnect(host, port);
    if (!redis || redis->err)
        exit(1);
    struct pollfd wait = {redis->c.fd, POLLOUT, 0};
    redisAsyncCommand(redis, answered, &done, "AUTH %s", password);
    while (!done) {
        if (poll(&wait, 1, 5000) != 1)
            exit(1);
        if (wait.revents & POLLOUT)
            redisAsyncHandleWrite(redis); // the first time it only finds that it is connected
        else
            redisAsyncHandleRead(redis);
        wait.events = redis->c.obuf[0] ? POLLOUT : POLLIN;
    }
    if (done < 0)
        exit(1);
}

int main(int argc, char** argv) {
    const int first = 10, count = argc == 5 ? atoi(argv[1]) : 0;
    struct memory before = {0, 0};
    if (count < 1)
        return 2;
    for (int made = 0; made < first + count; ++made) {
        if (made == first)
            before = memory_now();
        make(argv[2], atoi(argv[3]), argv[4]);
    }
    memory_print(before, memory_now(), count);
    _Exit(0);
}
