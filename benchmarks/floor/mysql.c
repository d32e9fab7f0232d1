// One row, by libmariadb: mysql HOST PORT USER PASSWORD DATABASE

#include <mysql.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    if (argc != 6)
        return 2;
    MYSQL* db = mysql_init(NULL);
    const unsigned port = (unsigned)atoi(argv[2]);
    if (!mysql_real_connect(db, argv[1], argv[3], argv[4], argv[5], port, NULL, 0) ||
        mysql_query(db, "SELECT 1"))
        return 1;
    MYSQL_RES* rows = mysql_store_result(db);
    MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
    const int good = row && row[0] && atoi(row[0]) == 1;
    mysql_free_result(rows);
    mysql_close(db);
    mysql_library_end();
    return good ? 0 : 1;
}
