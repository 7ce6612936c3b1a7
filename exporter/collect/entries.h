// The sampler's entries: sorted by path, found by serial. Private to the sampler.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "exporter/collect/entry.h"

namespace plimsoll::exporter {

class Entries {
 public:
  [[nodiscard]] Entry* find(std::uint64_t serial) const;
  // In the order of paths, so that a parent stands before its children.
  [[nodiscard]] const std::vector<std::unique_ptr<Entry>>& all() const { return entries_; }

  void add(std::span<const cgroupfs::Cgroup* const> groups, MonoTime now);
  void erase(std::uint64_t serial);
  // Some entry's identity is another one.
  void identified() { payloads_changed_ = true; }
  // Sets Entry::payload, which is good until something is erased.
  void link_payloads();

 private:
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unordered_map<std::uint64_t, Entry*> by_serial_;
  bool payloads_changed_ = true;
};

}  // namespace plimsoll::exporter
