// What a thousand of something idle take: in C, for the floors use it as well.
//
// The heap is what has been asked of malloc and not given back. Resident memory counts pages: stacks of which
// little is touched weigh less there, blocks that do not fill a page more.

#pragma once

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct memory {
    double heap;
    double resident;
};

static inline struct memory memory_now(void) {
    malloc_trim(0); // what is free goes back to the kernel, in every arena
    const struct mallinfo2 info = mallinfo2();
    long pages = 0;
    FILE* file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        abort();
    fclose(file);
    struct memory now;
    now.heap = (double)(info.uordblks + info.hblkhd);
    now.resident = (double)pages * (double)sysconf(_SC_PAGESIZE);
    return now;
}

static inline void memory_print(struct memory before, struct memory after, int count) {
    printf("heap\tB\t%.0f\n", (after.heap - before.heap) / count);
    printf("resident\tB\t%.0f\n", (after.resident - before.resident) / count);
    fflush(stdout);
}
