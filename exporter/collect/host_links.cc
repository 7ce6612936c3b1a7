#include "exporter/collect/host_links.h"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace plimsoll::exporter {

Result<HostLinks> HostLinks::open(const Fd* netns) {
  const auto socket = [&](std::uint32_t groups) {
    return netns == nullptr ? RouteSocket::open(groups) : RouteSocket::open_in(*netns, groups);
  };
  RouteSocket requests = PLIMSOLL_TRY(socket(0));
  RouteSocket events = PLIMSOLL_TRY(socket(RTMGRP_LINK));
  HostLinks links(std::move(requests), std::move(events));
  // Asked once here, so that a kernel without RTM_GETSTATS (before 4.7) is found out at the start.
  PLIMSOLL_TRY(links.refresh());
  return links;
}

Result<> HostLinks::refresh() {
  table_.clear_changed();
  PLIMSOLL_TRY(follow());
  return read_counters();
}

Result<> HostLinks::follow() {
  std::set<std::int32_t> doubtful;
  const Result<> drained = events_.drain([&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return;
    std::optional<LinkMessage> link = parse_link(message);
    if (!link) return;
    if (message.nlmsg_type == RTM_NEWLINK) return table_.put_news(*std::move(link));
    if (const std::int32_t left = table_.erase(link->ifindex); left != 0) doubtful.insert(left);
  });
  if (!drained && drained.error().kind != ErrorKind::kBusy) return drained;
  if (!drained || !listed_) return list();
  for (const std::int32_t ifindex : doubtful) PLIMSOLL_TRY(ask_again(ifindex));
  return {};
}

Result<> HostLinks::list() {
  constexpr int kAttempts = 3;
  std::unordered_map<std::int32_t, LinkMessage> seen;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    seen.clear();
    NetlinkRequest request(RTM_GETLINK);
    request.put_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    request.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    const RouteSocket::Dump outcome =
        PLIMSOLL_TRY(requests_.dump(request, [&](const nlmsghdr& message) {
          if (std::optional<LinkMessage> link = parse_link(message)) {
            const std::int32_t ifindex = link->ifindex;
            seen.insert_or_assign(ifindex, *std::move(link));
          }
        }));
    // A list still torn at the end is true for what it has; the notifications that tore it come
    // with the next tick.
    if (outcome == RouteSocket::Dump::kWhole) break;
  }
  std::vector<std::int32_t> gone;
  for (const auto& [ifindex, link] : table_.all())
    if (!seen.contains(ifindex)) gone.push_back(ifindex);
  for (const std::int32_t ifindex : gone) static_cast<void>(table_.erase(ifindex));
  for (auto& [ifindex, link] : seen) table_.put(std::move(link));
  listed_ = true;
  return {};
}

Result<> HostLinks::ask_again(std::int32_t ifindex) {
  NetlinkRequest request(RTM_GETLINK);
  request.put_header<ifinfomsg>().ifi_index = ifindex;
  request.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
  Result<> asked = requests_.ask(request, [&](const nlmsghdr& message) {
    if (std::optional<LinkMessage> link = parse_link(message)) table_.put(*std::move(link));
  });
  if (asked || asked.error().kind != ErrorKind::kGone) return asked;
  static_cast<void>(table_.erase(ifindex));  // ENODEV: it went meanwhile.
  return {};
}

Result<> HostLinks::read_counters() {
  NetlinkRequest request(RTM_GETSTATS);
  request.put_header<if_stats_msg>().filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  // Torn or not, every counter in it is true; a link missing from a torn dump keeps its last ones
  // until the next tick.
  PLIMSOLL_TRY(requests_.dump(request, [&](const nlmsghdr& message) {
    if (const std::optional<StatsMessage> stats = parse_stats(message)) table_.set_counters(*stats);
  }));
  return {};
}

Result<std::optional<std::int32_t>> HostLinks::nsid_of_pid(std::int32_t pid) {
  return nsid(NETNSA_PID, static_cast<std::uint32_t>(pid));
}

Result<std::optional<std::int32_t>> HostLinks::nsid_of(const Fd& netns) {
  return nsid(NETNSA_FD, static_cast<std::uint32_t>(netns.get()));
}

Result<std::optional<std::int32_t>> HostLinks::nsid(std::uint16_t attribute, std::uint32_t value) {
  NetlinkRequest request(RTM_GETNSID);
  request.put_header<rtgenmsg>().rtgen_family = AF_UNSPEC;
  request.put(attribute, value);
  std::optional<std::int32_t> id;
  PLIMSOLL_TRY(requests_.ask(request, [&](const nlmsghdr& message) { id = parse_nsid(message); }));
  return id;
}

}  // namespace plimsoll::exporter
