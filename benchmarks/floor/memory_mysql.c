// What a MYSQL takes that is connected and idle; with `nonblock`, one that could be used without blocking.
//   floor_memory_mysql block|nonblock COUNT HOST PORT USER PASSWORD DATABASE

#include "benchmarks/support/memory.h"

#include <mysql.h>
#include <string.h>

static void make(int nonblock, char** where) {
    MYSQL* db = mysql_init(NULL);
    if (nonblock)
        mysql_options(db, MYSQL_OPT_NONBLOCK, 0);
    const unsigned port = (unsigned)atoi(where[1]);
    if (!mysql_real_connect(db, where[0], where[2], where[3], where[4], port, NULL, 0) ||
        mysql_query(db, "SELECT 1"))
        exit(1);
    mysql_free_result(mysql_store_result(db));
}

int main(int argc, char** argv) {
    const int first = 10, count = argc == 8 ? atoi(argv[2]) : 0;
    struct memory before = {0, 0};
    if (count < 1)
        return 2;
    for (int made = 0; made < first + count; ++made) {
        if (made == first)
            before = memory_now();
        make(strcmp(argv[1], "nonblock") == 0, argv + 3);
    }
    memory_print(before, memory_now(), count);
    _Exit(0);
}
