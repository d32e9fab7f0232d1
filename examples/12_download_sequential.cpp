// Downloads one after the other with a blocking library: three of 1 s each take 3 s.

#include "blocking_download.hpp"
#include "urls.hpp"

int main(int argc, char** argv) {
    try {
        for (const std::string& url : urls_of(argc, argv)) {
            const std::string name = file_name(url);
            std::cout << name << ": " << download_blocking(url, name) << " bytes"
                      << "\n";
        }
    } catch (const std::exception& e) {
        std::cerr << "error: " << e.what() << "\n";
        return 1;
    }
}
