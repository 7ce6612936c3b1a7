// NDJSON arrives in pieces: this gives whole lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace plimsoll::agent {

class LineBuffer {
 public:
  // Calls `on_line` with each line completed by `bytes` (without its '\n'; empty lines are
  // skipped).
  void append(std::string_view bytes, const std::function<void(std::string_view)>& on_line) {
    for (;;) {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      if (pending_.empty()) {
        if (end > 0) on_line(bytes.substr(0, end));
      } else {
        pending_ += bytes.substr(0, end);
        const std::string line = std::move(pending_);
        pending_.clear();
        on_line(line);
      }
      bytes.remove_prefix(end + 1);
    }
    pending_ += bytes;
  }

  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  std::string pending_;
};

}  // namespace plimsoll::agent
