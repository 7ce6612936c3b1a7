// Keeps a Directory as etcd has it: reads all once, then what changes, from the revision on at
// which it stopped; all again when etcd has forgotten that revision, is another store than it was,
// and every few minutes in any case.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

#include "http/etcd/directory.h"
#include "http/etcd/store.h"

namespace plimsoll::etcd {

struct FollowerOptions {
  std::string prefix;  // Not empty.
  std::chrono::nanoseconds first_backoff = std::chrono::milliseconds(100);
  std::chrono::nanoseconds longest_backoff = std::chrono::seconds(5);
  std::chrono::nanoseconds read_again = std::chrono::minutes(5);
};

class Follower {
 public:
  // Both must outlive it.
  Follower(FollowerOptions options, KeyFeed& feed, Directory& directory);

  // Once, all of it.
  [[nodiscard]] Result<> read_all();
  // Until asked to stop: then call feed.cancel(), too. The directory stays as it is while etcd is
  // away.
  void run(const std::stop_token& stop);
  // From any thread: how often it read, heard of or could not reach etcd. The first time comes
  // after the directory's first change, if there is one; later ones at least every watch's silence,
  // a request to each endpoint and longest_backoff apart, unless it hangs.
  [[nodiscard]] std::uint64_t signs_of_life() const { return signs_; }

 private:
  [[nodiscard]] Result<> step(const std::stop_token& stop);
  [[nodiscard]] Result<> follow(const std::stop_token& stop);
  // False: it is to be read as a whole.
  [[nodiscard]] bool goes_on(const Moment& there) const;
  void note(const Result<>& result);
  void pause(const std::stop_token& stop);

  const FollowerOptions options_;
  const std::string end_;
  KeyFeed& feed_;
  Directory& directory_;
  Moment moment_;  // What the directory shows.
  bool stale_ = true;
  std::chrono::steady_clock::time_point read_at_;
  std::chrono::nanoseconds backoff_;
  bool failing_ = false;
  std::atomic<std::uint64_t> signs_ = 0;
  std::mutex mutex_;
  std::condition_variable_any stopping_;
};

}  // namespace plimsoll::etcd
