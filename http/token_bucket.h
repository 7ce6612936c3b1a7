// At most so many requests: a bucket of tokens, one more every interval, one taken by each request.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "http/web_config.h"

namespace plimsoll::http {

class TokenBucket {
 public:
  // `limit.interval` is above 0. Full at the beginning.
  TokenBucket(const RateLimit& limit, MonoTime now)
      : limit_(limit), tokens_(static_cast<double>(limit.burst)), at_(now) {}

  [[nodiscard]] bool take(MonoTime now) {
    const std::chrono::duration<double> passed = now - at_;
    const std::chrono::duration<double> interval = limit_.interval;
    tokens_ = std::min(tokens_ + passed / interval, static_cast<double>(limit_.burst));
    at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  [[nodiscard]] const RateLimit& limit() const { return limit_; }

 private:
  RateLimit limit_;
  double tokens_;
  MonoTime at_;
};

}  // namespace plimsoll::http
