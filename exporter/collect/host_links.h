// The network interfaces of the host's namespace: who is at the other end of each veth, and the
// counters of all of them by one RTM_GETSTATS dump.
//
// Kept current by the kernel's own notifications (RTNLGRP_LINK), listed anew only when some were
// lost, so that a tick costs one dump of counters. Source: net/core/rtnetlink.c,
// net/core/net_namespace.c. Needs no capability: listing is open to all, and the kernel gives every
// foreign namespace that a veth leads to a number of its own (IFLA_LINK_NETNSID) as it lists it.
#pragma once

#include <cstdint>
#include <optional>

#include "exporter/collect/link_table.h"
#include "exporter/collect/route_socket.h"

namespace plimsoll::exporter {

class HostLinks {
 public:
  // `netns` is the host's network namespace, or null if the calling thread is in it.
  [[nodiscard]] static Result<HostLinks> open(const Fd* netns);

  // New counters for all; table().changed() says whose links came, went or were heard of.
  [[nodiscard]] Result<> refresh();
  [[nodiscard]] const LinkTable& table() const { return table_; }

  // The host's number for the namespace of a process, or of an open PROC/PID/ns/net; nothing if no
  // link leads there.
  [[nodiscard]] Result<std::optional<std::int32_t>> nsid_of_pid(std::int32_t pid);
  [[nodiscard]] Result<std::optional<std::int32_t>> nsid_of(const Fd& netns);

 private:
  HostLinks(RouteSocket requests, RouteSocket events)
      : requests_(std::move(requests)), events_(std::move(events)) {}
  [[nodiscard]] Result<> list();
  [[nodiscard]] Result<> follow();
  [[nodiscard]] Result<> ask_again(std::int32_t ifindex);
  [[nodiscard]] Result<> read_counters();
  [[nodiscard]] Result<std::optional<std::int32_t>> nsid(std::uint16_t attribute,
                                                         std::uint32_t value);

  RouteSocket requests_, events_;
  LinkTable table_;
  bool listed_ = false;
};

}  // namespace plimsoll::exporter
