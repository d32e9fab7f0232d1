#pragma once

namespace oneloop::detail {

/// A flag that is true for the length of a scope.
class raised {
public:
    explicit raised(bool& flag) : flag_(flag) { flag_ = true; }
    ~raised() { flag_ = false; }
    raised(const raised&) = delete;
    raised& operator=(const raised&) = delete;

private:
    bool& flag_;
};

} // namespace oneloop::detail
