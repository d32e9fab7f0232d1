#pragma once

/// What the clients share and every program needs: the loop, tasks, time limits, threads, errors, and
/// what tasks share: semaphores, channels, futures.

#include <oneloop/as_completed.hpp>
#include <oneloop/awaitable.hpp>
#include <oneloop/backoff.hpp>
#include <oneloop/blocking.hpp>
#include <oneloop/channel.hpp>
#include <oneloop/cleanup.hpp>
#include <oneloop/deadline.hpp>
#include <oneloop/error.hpp>
#include <oneloop/future.hpp>
#include <oneloop/gather.hpp>
#include <oneloop/generator.hpp>
#include <oneloop/pool.hpp>
#include <oneloop/resolver.hpp>
#include <oneloop/retry.hpp>
#include <oneloop/run.hpp>
#include <oneloop/semaphore.hpp>
#include <oneloop/sleep.hpp>
#include <oneloop/task.hpp>
#include <oneloop/timeout.hpp>
#include <oneloop/tls.hpp>
#include <oneloop/token.hpp>
#include <oneloop/wait.hpp>
