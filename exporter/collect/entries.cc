#include "exporter/collect/entries.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "exporter/collect/payload.h"

namespace plimsoll::exporter {

namespace {

constexpr auto kPath = [](const auto& entry) -> std::string_view { return entry->path; };

}  // namespace

Entry* Entries::find(std::uint64_t serial) const {
  const auto it = by_serial_.find(serial);
  return it == by_serial_.end() ? nullptr : it->second;
}

void Entries::add(std::span<const cgroupfs::Cgroup* const> groups, MonoTime now) {
  for (const cgroupfs::Cgroup* group : groups) {
    auto entry = std::make_unique<Entry>(*group, now);
    by_serial_.emplace(group->serial, entry.get());
    entries_.push_back(std::move(entry));
  }
  // A parent's memory.stat then flushes the whole subtree once.
  std::ranges::sort(entries_, {}, kPath);
  payloads_changed_ = true;
}

void Entries::erase(std::uint64_t serial) {
  const auto it = by_serial_.find(serial);
  if (it == by_serial_.end()) return;
  const Entry* const gone = it->second;
  by_serial_.erase(it);
  std::erase_if(entries_, [&](const auto& entry) { return entry.get() == gone; });
  payloads_changed_ = true;
}

void Entries::link_payloads() {
  if (!std::exchange(payloads_changed_, false)) return;
  for (const auto& entry : entries_) entry->payload = nullptr;
  for (const auto& entry : entries_) {
    const std::string_view container = container_of_payload(entry->path);
    if (container.empty()) continue;
    const auto above = std::ranges::lower_bound(entries_, container, {}, kPath);
    if (above != entries_.end() && (*above)->path == container &&
        (*above)->identity->is_container())
      (*above)->payload = entry.get();
  }
}

}  // namespace plimsoll::exporter
