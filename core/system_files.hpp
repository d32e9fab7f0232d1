#pragma once

#include "core/file_watch.hpp"
#include "core/hosts_file.hpp"
#include "core/resolv_conf.hpp"
#include <oneloop/awaitable.hpp>

#include <fstream>
#include <functional>
#include <memory>
#include <string>

namespace oneloop {

/// The hosts file and resolv.conf, as they are now. Both are small as a rule, and then read on the spot when
/// they have changed; a hosts file is read piece by piece, each in a turn of the loop of its own.
class system_files : public std::enable_shared_from_this<system_files> {
public:
    /// `told` is called, from the loop, whenever ready() said no and the answer has become yes.
    system_files(
        executor loop, std::string hosts_path, std::string resolv_conf_path, std::function<void()> told
    );

    /// Looks whether they have changed, at most once a second. True if they can be used now.
    bool ready(deadline::clock::time_point now);

    const hosts_file& hosts() const noexcept { return *hosts_; }
    const resolv_conf& conf() const noexcept { return conf_; }
    /// Counts how often resolv.conf has become another one.
    std::size_t conf_version() const noexcept { return conf_version_; }

private:
    void read_conf();
    void begin_hosts();
    bool read_piece();
    void go_on_later();
    void go_on();

    executor loop_;
    file_watch hosts_watch_, conf_watch_;
    std::shared_ptr<const hosts_file> hosts_ = std::make_shared<hosts_file>();
    resolv_conf conf_;
    std::size_t conf_version_ = 0;

    std::ifstream file_; // of the hosts file, while it is read
    std::shared_ptr<hosts_file> next_hosts_;
    std::function<void()> told_;
};

} // namespace oneloop
