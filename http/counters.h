// What a server counts about itself. The loop thread counts, anybody reads.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "http/server.h"

namespace plimsoll::http {

class Counters {
 public:
  void opened() { add(&ServerStats::accepted, &ServerStats::connections); }
  void closed() {
    const std::lock_guard lock(mutex_);
    --stats_.connections;
  }
  void shed() { add(&ServerStats::shed); }
  // A newcomer that was accepted only to be closed.
  void refused() { add(&ServerStats::accepted, &ServerStats::refused); }
  void timed_out() { add(&ServerStats::timeouts); }
  void bad_request() { add(&ServerStats::bad_requests); }
  void failed_handshake() { add(&ServerStats::failed_handshakes); }
  void answered(std::string_view pattern, int status) {
    const std::lock_guard lock(mutex_);
    ++stats_.requests[{std::string(pattern.empty() ? "other" : pattern), status}];
  }

  [[nodiscard]] ServerStats read() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  template <class... Member>
  void add(Member... member) {
    const std::lock_guard lock(mutex_);
    ((++(stats_.*member)), ...);
  }

  mutable std::mutex mutex_;
  ServerStats stats_;
};

}  // namespace plimsoll::http
