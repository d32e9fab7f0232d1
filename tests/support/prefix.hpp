#pragma once

// Compiled once, in front of every test: Asio and Catch2 cost three quarters of a test file's compilation.

#include "tests/support/catch.hpp"

#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>
