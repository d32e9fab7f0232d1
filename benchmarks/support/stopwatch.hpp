#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdio>

/// From its construction on, the time that passes and the CPU time of this process: all its threads, in the
/// program and in the kernel, those of io_uring included.
class stopwatch {
public:
    void print(double operations) const {
        const double wall = seconds(std::chrono::steady_clock::now() - start_);
        std::printf("cpu\tus/op\t%.3f\n", (cpu_now() - cpu_) * 1e6 / operations);
        std::printf("rate\top/s\t%.0f\n", operations / wall);
    }

private:
    static double seconds(std::chrono::duration<double> d) { return d.count(); }
    static double seconds(timeval t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    }
    static double cpu_now() {
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        return seconds(used.ru_utime) + seconds(used.ru_stime);
    }

    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double cpu_ = cpu_now();
};
