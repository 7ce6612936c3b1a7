// What stands under a prefix, as lists of targets for Prometheus; changed by one thread, read by
// another.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "http/etcd/store.h"

namespace plimsoll::etcd {

class Directory {
 public:
  // Called after each change, on the changing thread.
  using OnChange = std::function<void()>;
  explicit Directory(OnChange on_change = {}) : on_change_(std::move(on_change)) {}

  // These keys and no others.
  void replace(const std::vector<KeyChange>& keys);
  void apply(const std::vector<KeyChange>& changes);

  // The whole file for file_sd_configs, in the order of the keys; "[]\n" when there is none.
  [[nodiscard]] std::string text() const;
  // Keys whose value has no targets that Prometheus could read.
  [[nodiscard]] std::size_t malformed() const;

 private:
  void put(const KeyChange& change);

  const OnChange on_change_;
  mutable std::mutex mutex_;                   // Guards what follows.
  std::map<std::string, std::string> groups_;  // Of keys with targets: target groups, as text.
  std::set<std::string> malformed_;
};

}  // namespace plimsoll::etcd
