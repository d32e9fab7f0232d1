#pragma once

/// What the downloading examples share: where the URLs come from, and under which name a file is saved.

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

/// The arguments, or one URL per line of standard input if there are none.
inline std::vector<std::string> urls_of(int argc, char** argv) {
    std::vector<std::string> urls(argv + 1, argv + argc);
    if (urls.empty())
        for (std::string line; std::getline(std::cin, line);)
            if (!line.empty())
                urls.push_back(line);
    if (urls.empty()) {
        std::cerr << "no URLs: give them as arguments, or on standard input, one in a line\n";
        std::exit(2);
    }
    return urls;
}

/// The last part of the URL's path, such as "tree.png".
inline std::string file_name(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const auto name = url.substr(url.find_last_of('/') + 1);
    return name.empty() || name == "." || name == ".." ? "index.html" : std::string(name);
}
