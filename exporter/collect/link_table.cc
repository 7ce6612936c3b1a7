#include "exporter/collect/link_table.h"

namespace plimsoll::exporter {

const HostLink* LinkTable::find(std::int32_t ifindex) const {
  const auto found = links_.find(ifindex);
  return found == links_.end() ? nullptr : &found->second;
}

std::int32_t LinkTable::host_end(std::int32_t nsid, std::int32_t peer_ifindex) const {
  const auto found = host_end_.find({nsid, peer_ifindex});
  return found == host_end_.end() ? 0 : found->second;
}

void LinkTable::put(LinkMessage message) {
  HostLink& link = links_[message.ifindex];
  const bool same = link.name == message.link.name && link.peer_nsid == message.link.peer_nsid &&
                    link.peer_ifindex == message.link.peer_ifindex;
  if (same) return;
  detach(message.ifindex, link);
  message.link.counters = link.counters;
  link = std::move(message.link);
  if (link.peer_nsid) {
    changed_.insert(*link.peer_nsid);
    host_end_[{*link.peer_nsid, link.peer_ifindex}] = message.ifindex;
  } else if (message.is_pair) {
    local_pairs_[link.peer_ifindex] = message.ifindex;
  }
  ++version_;
}

void LinkTable::put_news(LinkMessage message) {
  if (message.link.peer_nsid) changed_.insert(*message.link.peer_nsid);
  put(std::move(message));
}

std::int32_t LinkTable::erase(std::int32_t ifindex) {
  const auto found = links_.find(ifindex);
  if (found == links_.end()) return 0;
  detach(ifindex, found->second);
  links_.erase(found);
  ++version_;
  const auto pair = local_pairs_.find(ifindex);
  return pair == local_pairs_.end() ? 0 : pair->second;
}

void LinkTable::set_counters(const StatsMessage& stats) {
  const auto found = links_.find(stats.ifindex);
  // Not found: the notification of its birth is still on the way.
  if (found != links_.end()) found->second.counters = stats.counters;
}

// Takes the link out of both indexes.
void LinkTable::detach(std::int32_t ifindex, const HostLink& link) {
  if (link.peer_nsid) {
    changed_.insert(*link.peer_nsid);
    const auto end = host_end_.find({*link.peer_nsid, link.peer_ifindex});
    if (end != host_end_.end() && end->second == ifindex) host_end_.erase(end);
  } else if (const auto pair = local_pairs_.find(link.peer_ifindex);
             pair != local_pairs_.end() && pair->second == ifindex) {
    local_pairs_.erase(pair);
  }
}

}  // namespace plimsoll::exporter
