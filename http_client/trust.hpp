#pragma once

#include "http_client/easy.hpp"

#include <string>

namespace oneloop::http {

/// Which of libcurl's options say whom to trust: of servers, or of an https proxy.
struct trust_settings {
    CURLoption file, directory, text;
};
inline constexpr trust_settings of_servers{CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_CAINFO_BLOB};
inline constexpr trust_settings of_proxy{
    CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO_BLOB};

/// Whom to trust: the authorities in `file` and in `directory`, or the system's if both are empty.
void trust(easy& e, const trust_settings&, const std::string& file, const std::string& directory);

/// ... those in the text `pem`, and in `directory` if that is not empty. The text must outlive the handle.
void trust_text(easy& e, const trust_settings&, const std::string& pem, const std::string& directory);

} // namespace oneloop::http
