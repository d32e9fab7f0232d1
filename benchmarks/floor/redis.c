// One value, of the key "value", by hiredis: redis HOST PORT PASSWORD

#include <hiredis/hiredis.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    redisContext* redis = redisConnect(argv[1], atoi(argv[2]));
    if (!redis || redis->err)
        return 1;
    redisReply* login = redisCommand(redis, "AUTH %s", argv[3]);
    redisReply* value = redisCommand(redis, "GET %s", "value");
    const int good = login && login->type == REDIS_REPLY_STATUS && value &&
                     value->type == REDIS_REPLY_STRING && value->len == 100;
    freeReplyObject(login);
    freeReplyObject(value);
    redisFree(redis);
    return good ? 0 : 1;
}
