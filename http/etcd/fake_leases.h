// For tests: keys under leases, in memory; may be away, and may forget everything. Safe from every
// thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "http/etcd/store.h"

namespace plimsoll::etcd {

class FakeLeases final : public LeasedKeys {
 public:
  struct State {
    std::mutex mutex;
    bool away = false;
    LeaseId last = 0;
    std::map<LeaseId, std::map<std::string, std::string>> leases;
    std::size_t writes = 0, renewals = 0, largest = 0;
    std::chrono::seconds ttl{10};
  };
  explicit FakeLeases(State& state) : state_(state) {}

  Result<Lease> grant(std::chrono::seconds) override {
    const std::scoped_lock guard(state_.mutex);
    if (state_.away) return away();
    state_.leases[++state_.last];
    return Lease{state_.last, state_.ttl};
  }
  Result<> keep_alive(LeaseId lease) override {
    const std::scoped_lock guard(state_.mutex);
    if (state_.away) return away();
    ++state_.renewals;
    return known(lease);
  }
  Result<> write(std::span<const KeyChange> changes, LeaseId lease) override {
    const std::scoped_lock guard(state_.mutex);
    if (state_.away) return away();
    if (auto there = known(lease); !there) return there;
    ++state_.writes;
    state_.largest = std::max(state_.largest, changes.size());
    for (const KeyChange& change : changes) {
      if (change.value)
        state_.leases[lease][change.key] = *change.value;
      else
        state_.leases[lease].erase(change.key);
    }
    return {};
  }
  Result<> revoke(LeaseId lease) override {
    const std::scoped_lock guard(state_.mutex);
    if (state_.away) return away();
    state_.leases.erase(lease);
    return {};
  }

 private:
  static Failure away() { return os_failure("connect", "fake", ECONNREFUSED); }
  Result<> known(LeaseId lease) const {
    if (state_.leases.contains(lease)) return {};
    return failure(ErrorKind::kGone, "etcd", "no such lease");
  }

  State& state_;
};

}  // namespace plimsoll::etcd
