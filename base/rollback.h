// The undo list of an operation that acquires several things: whatever was not committed is undone
// in reverse.
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace plimsoll {

class Rollback {
 public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  Rollback(Rollback&& other) noexcept : undo_(std::exchange(other.undo_, {})) {}
  Rollback& operator=(Rollback&& other) noexcept {
    if (this != &other) {
      run();
      undo_ = std::exchange(other.undo_, {});
    }
    return *this;
  }
  ~Rollback() { run(); }

  // `undo` must not throw; it runs at most once.
  void on_failure(std::function<void()> undo) { undo_.push_back(std::move(undo)); }
  // Everything acquired so far is kept.
  void commit() noexcept { undo_.clear(); }
  [[nodiscard]] bool empty() const noexcept { return undo_.empty(); }

 private:
  void run() noexcept {
    while (!undo_.empty()) {
      const std::function<void()> undo = std::move(undo_.back());
      undo_.pop_back();
      undo();
    }
  }
  std::vector<std::function<void()>> undo_;
};

}  // namespace plimsoll
