#pragma once

/// The HTTP client, and the loop it runs on.

#include <oneloop/core.hpp>
#include <oneloop/http/body_reader.hpp>
#include <oneloop/http/client.hpp>
#include <oneloop/http/download.hpp>
#include <oneloop/http/error.hpp>
#include <oneloop/http/fetcher.hpp>
#include <oneloop/http/headers.hpp>
#include <oneloop/http/options.hpp>
#include <oneloop/http/response.hpp>
#include <oneloop/http/trace.hpp>
#include <oneloop/http/transport.hpp>
#include <oneloop/http/upload.hpp>
