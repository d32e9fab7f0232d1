// A loop, and a coroutine that does nothing.

#include <oneloop/run.hpp>

using namespace oneloop;

awaitable<> program() {
    co_return;
}

int main() {
    run(program());
}
