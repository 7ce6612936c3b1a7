// What registering and watching need of a store of keys such as etcd: two small seams. etcd in the
// product (etcd_store.h), lists of outcomes in tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace plimsoll::etcd {

using LeaseId = std::int64_t;  // 0: none.

struct Lease {
  LeaseId id = 0;
  std::chrono::seconds ttl{0};  // What was granted; may be longer than asked for.
};

struct KeyChange {
  std::string key;
  std::optional<std::string> value;  // Nothing: the key is removed.
};

// Keys that end with a lease. Used from one thread; a call takes some seconds at most. Errors:
// kGone when there is no such lease (any more), kDenied, kRejected for what would be refused again,
// kBusy and the rest for what may be tried again.
class LeasedKeys {
 public:
  LeasedKeys() = default;
  virtual ~LeasedKeys() = default;
  LeasedKeys(const LeasedKeys&) = delete;
  LeasedKeys& operator=(const LeasedKeys&) = delete;

  [[nodiscard]] virtual Result<Lease> grant(std::chrono::seconds ttl) = 0;
  [[nodiscard]] virtual Result<> keep_alive(LeaseId lease) = 0;
  // All of them or none; at most kMaxChanges, no key twice.
  [[nodiscard]] virtual Result<> write(std::span<const KeyChange> changes, LeaseId lease) = 0;
  // Removes the keys, too.
  [[nodiscard]] virtual Result<> revoke(LeaseId lease) = 0;

  static constexpr std::size_t kMaxChanges = 100;  // etcd's default is 128.
};

// Whose numbering a revision belongs to, and how far it is.
struct Moment {
  std::uint64_t cluster = 0;
  std::int64_t revision = 0;
  std::uint64_t term = 0;  // Never falls within one life of a cluster.
};

struct KeyPage {
  Moment moment;
  std::vector<KeyChange> keys;  // In their order; all have a value.
  bool more = false;
};

struct KeyNews {
  Moment moment;
  bool started = false;    // The first of a watch: what comes from here on is told.
  bool compacted = false;  // Revisions asked for are gone. Also when the watch was ended there.
  std::vector<KeyChange> changes;
  std::int64_t through = 0;  // The last revision among `changes`; 0 without any.
};

// Used from one thread, except cancel().
class KeyFeed {
 public:
  KeyFeed() = default;
  virtual ~KeyFeed() = default;
  KeyFeed(const KeyFeed&) = delete;
  KeyFeed& operator=(const KeyFeed&) = delete;

  // Keys in [from, end) as of `revision`, 0: now. kGone when that revision is compacted.
  [[nodiscard]] virtual Result<KeyPage> page(const std::string& from, const std::string& end,
                                             std::int64_t revision) = 0;
  // Gives what happens to keys in [from, end) from `revision` on, until `on_news` returns false,
  // the connection ends (both no error), or is silent for long. kGone when compacted.
  using OnNews = std::function<bool(const KeyNews&)>;
  [[nodiscard]] virtual Result<> watch(const std::string& from, const std::string& end,
                                       std::int64_t revision, const OnNews& on_news) = 0;
  // Makes the call in progress, and every later one, return soon.
  virtual void cancel() = 0;
};

// The end of the keys that begin with `prefix`, for a range. Not for an empty one.
[[nodiscard]] std::string end_of(std::string prefix);

}  // namespace plimsoll::etcd
