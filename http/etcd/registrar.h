// Keeps keys registered under one lease, on a thread of its own: written when they come or change,
// removed when they go, written again when the lease was lost or the store forgot it.
//
// Never holds up anybody: what is to be registered is asked of a callback on that thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "http/etcd/store.h"

namespace plimsoll::etcd {

// Key -> value. Values are shared with who makes them, so that keeping what was written costs
// nothing.
using Entries = std::map<std::string, std::shared_ptr<const std::string>>;

struct RegistrarOptions {
  std::chrono::seconds ttl{10};
  // Pauses after failures: doubled from the first to the second, and each shortened by up to half,
  // by chance, so that hosts do not come in step when etcd is back.
  std::chrono::nanoseconds first_backoff = std::chrono::milliseconds(100);
  std::chrono::nanoseconds longest_backoff = std::chrono::seconds(5);
};

struct RegistrarStats {
  bool registered = false;
  std::uint64_t keys = 0, key_bytes = 0;
  std::uint64_t leases_lost = 0;
  std::map<std::string, std::uint64_t> requests, errors;  // By operation.
  std::optional<WallTime> last_success;
};

class Registrar {
 public:
  // Brings `entries`, empty at first, to what is to be registered now. Called on the registrar's
  // thread, before anything is written.
  using Update = std::function<void(Entries& entries)>;

  Registrar(RegistrarOptions options, std::unique_ptr<LeasedKeys> store, Update update);
  // Stops, gives the lease back (all keys are gone at once), and joins; takes a few seconds where
  // the store does not answer.
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  void start();
  // There is something to update. From any thread; returns at once.
  void news();
  [[nodiscard]] RegistrarStats stats() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void run(const std::stop_token& stop);
  [[nodiscard]] Result<> round();
  [[nodiscard]] Result<> renew();
  [[nodiscard]] Result<> write_changes();
  [[nodiscard]] Result<> send(std::vector<KeyChange>& changes);
  void lose_lease();
  void note(const Result<>& result);
  [[nodiscard]] std::chrono::nanoseconds pause_after_failure();
  void wait(const std::stop_token& stop, TimePoint until, bool for_news);
  // Counts a request of that name.
  template <class T>
  Result<T> counted(const char* operation, Result<T> result);

  const RegistrarOptions options_;
  const std::unique_ptr<LeasedKeys> store_;
  const Update update_;

  // The thread's.
  Lease lease_;
  TimePoint renew_at_;
  TimePoint dead_at_;  // Without an answer until then the lease has run out.
  Entries wanted_, written_;
  std::chrono::nanoseconds backoff_;
  std::uint64_t chance_;
  bool failing_ = false;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable_any wake_;
  bool news_ = false;
  RegistrarStats stats_;

  std::jthread thread_;
};

}  // namespace plimsoll::etcd
