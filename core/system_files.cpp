#include "core/system_files.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace oneloop {
namespace {

constexpr std::size_t longest_conf = std::size_t{64} * 1024;

std::string beginning_of(const std::string& path, std::size_t most) {
    std::ifstream file(path, std::ios::binary);
    std::string text(most, '\0');
    file.read(text.data(), static_cast<std::streamsize>(most));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

} // namespace

system_files::system_files(
    executor loop, std::string hosts_path, std::string resolv_conf_path, std::function<void()> told
)
    : loop_(std::move(loop)),
      hosts_watch_(std::move(hosts_path)),
      conf_watch_(std::move(resolv_conf_path)),
      told_(std::move(told)) {}

bool system_files::ready(deadline::clock::time_point now) {
    if (conf_watch_.changed(now))
        read_conf();
    if (!next_hosts_ && hosts_watch_.changed(now))
        begin_hosts();
    return !next_hosts_;
}

void system_files::read_conf() {
    resolv_conf fresh = read_resolv_conf(
        beginning_of(conf_watch_.path(), longest_conf), std::getenv("LOCALDOMAIN"), std::getenv("RES_OPTIONS")
    );
    if (conf_version_ > 0 && fresh == conf_)
        return;
    conf_ = std::move(fresh);
    ++conf_version_;
}

void system_files::begin_hosts() {
    file_.close();
    file_.clear();
    file_.open(hosts_watch_.path(), std::ios::binary);
    next_hosts_ = std::make_shared<hosts_file>();
    if (!read_piece())
        go_on_later();
}

// True when it was the last one.
bool system_files::read_piece() {
    std::array<char, std::size_t{32} * 1024> piece;
    if (file_) {
        file_.read(piece.data(), piece.size());
        next_hosts_->feed({piece.data(), static_cast<std::size_t>(file_.gcount())});
    }
    if (file_)
        return false;
    next_hosts_->finish();
    hosts_ = std::move(next_hosts_);
    file_.close();
    return true;
}

void system_files::go_on_later() {
    boost::asio::post(loop_, [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->go_on();
    });
}

void system_files::go_on() {
    if (!read_piece())
        return go_on_later();
    told_();
}

} // namespace oneloop
