// The network interfaces of one namespace (the host's), and which of them are host ends of which
// interfaces in other namespaces. A table in memory: HostLinks fills it from the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "exporter/collect/link_message.h"

namespace plimsoll::exporter {

class LinkTable {
 public:
  [[nodiscard]] const HostLink* find(std::int32_t ifindex) const;
  [[nodiscard]] const std::unordered_map<std::int32_t, HostLink>& all() const { return links_; }
  // ifindex of the host end of interface `peer_ifindex` in namespace `nsid`; 0 if it has none.
  [[nodiscard]] std::int32_t host_end(std::int32_t nsid, std::int32_t peer_ifindex) const;
  // Changes whenever a link came, went or changed its name or other end.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Namespaces whose host ends came, went or were heard of since clear_changed().
  [[nodiscard]] const std::set<std::int32_t>& changed() const { return changed_; }
  void clear_changed() { changed_.clear(); }

  // As the kernel lists it now.
  void put(LinkMessage message);
  // As the kernel has just told of it: a change even if nothing changed here, since something did
  // at the other end. Renaming that, which takes the link down and up, is heard of within a second.
  void put_news(LinkMessage message);
  // The end in this namespace whose other end was `ifindex`, here too until now: deleted, or moved
  // to another namespace, of which the end that stays says nothing by itself. 0: none.
  [[nodiscard]] std::int32_t erase(std::int32_t ifindex);
  void set_counters(const StatsMessage& stats);

 private:
  void detach(std::int32_t ifindex, const HostLink& link);

  std::unordered_map<std::int32_t, HostLink> links_;
  std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> host_end_;
  std::map<std::int32_t, std::int32_t> local_pairs_;  // Other end -> end, both here.
  std::set<std::int32_t> changed_;
  std::uint64_t version_ = 0;
};

}  // namespace plimsoll::exporter
