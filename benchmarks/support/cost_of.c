// cost_of TIMES PROGRAM [ARGUMENT…]: what a program costs from its exec to its exit, as the kernel counts it;
// each figure is the median of so many runs. In C and small, for a child's peak of memory begins at its
// parent's.

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

enum { wall, cpu, faults, peak, figures };
static const char* const names[figures] = {"wall", "cpu", "page faults", "peak memory"};
static const char* const units[figures] = {"us", "us", "", "KiB"};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double microseconds(struct timeval t) {
    return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static void run_once(char** command, double* cost) {
    pid_t child;
    int status = 0;
    struct rusage used;
    const double start = now();
    const int failed = posix_spawn(&child, command[0], NULL, NULL, command, environ);
    if (failed) {
        fprintf(stderr, "%s: %s\n", command[0], strerror(failed));
        exit(2);
    }
    if (wait4(child, &status, 0, &used) != child || status != 0) {
        fprintf(stderr, "%s failed: status %d\n", command[0], status);
        exit(2);
    }
    cost[wall] = now() - start;
    cost[cpu] = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    cost[faults] = (double)(used.ru_minflt + used.ru_majflt);
    cost[peak] = (double)used.ru_maxrss;
}

static int ascending(const void* a, const void* b) {
    const double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

int main(int argc, char** argv) {
    const int times = argc > 2 ? atoi(argv[1]) : 0;
    if (times < 1) {
        fprintf(stderr, "usage: cost_of TIMES PROGRAM [ARGUMENT…]\n");
        return 2;
    }
    double* costs = malloc(sizeof(double) * figures * (size_t)times);
    double one[figures];
    for (int i = 0; i < times; ++i) {
        run_once(argv + 2, one);
        for (int f = 0; f < figures; ++f)
            costs[f * times + i] = one[f];
    }
    for (int f = 0; f < figures; ++f) {
        qsort(costs + f * times, (size_t)times, sizeof(double), ascending);
        printf("%s\t%s\t%.1f\n", names[f], units[f], costs[f * times + times / 2]);
    }
    free(costs);
    return 0;
}
