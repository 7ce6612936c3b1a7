// Bodies of answers that are used again once they are sent, so that a page of megabytes is not
// allocated, faulted in and given back at each scrape.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace plimsoll::exporter {

class BodyPool : public std::enable_shared_from_this<BodyPool> {
 public:
  // An empty string that returns to the pool, with its memory, when its last owner drops it: on
  // whichever thread, also after the pool's owner is gone.
  [[nodiscard]] std::shared_ptr<std::string> take() {
    std::unique_ptr<std::string> body;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        body = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!body) body = std::make_unique<std::string>();
    body->clear();
    return {body.release(), [pool = shared_from_this()](std::string* used) {
              pool->give_back(std::unique_ptr<std::string>(used));
            }};
  }

 private:
  // Scrapes that overlap are rare: one server at the slow end of a line, another one beside it.
  static constexpr std::size_t kKept = 2;

  void give_back(std::unique_ptr<std::string> body) {
    const std::lock_guard lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(body));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<std::string>> free_;
};

}  // namespace plimsoll::exporter
