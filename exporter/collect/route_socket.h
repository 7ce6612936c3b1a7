// A NETLINK_ROUTE socket (rtnetlink(7)): one request at a time, its answer handed over message by
// message. Bound to the network namespace it was opened in, for its whole life, whatever namespace
// its users move to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "exporter/collect/netlink_message.h"

namespace plimsoll::exporter {

class RouteSocket {
 public:
  using Take = std::function<void(const nlmsghdr&)>;
  enum class Dump : std::uint8_t {
    kWhole,
    kTorn  // Links changed while the kernel listed them (NLM_F_DUMP_INTR): ask again.
  };

  // `groups` is a bit mask of RTMGRP_*; 0 for a socket of requests only.
  [[nodiscard]] static Result<RouteSocket> open(std::uint32_t groups);
  // The same in another network namespace: entered by a thread that ends at once, so that no other
  // thread of ours ever changes its own. CAP_SYS_ADMIN in that namespace and in ours.
  [[nodiscard]] static Result<RouteSocket> open_in(const Fd& netns, std::uint32_t groups);

  // Messages go to `take` until the answer ends; an error from the kernel is an error.
  [[nodiscard]] Result<Dump> dump(NetlinkRequest& request, const Take& take);
  // One request, one answer.
  [[nodiscard]] Result<> ask(NetlinkRequest& request, const Take& take);
  // Hands over what groups have sent meanwhile, without waiting. kBusy: some was lost (ENOBUFS).
  [[nodiscard]] Result<> drain(const Take& take);

 private:
  explicit RouteSocket(Fd fd) : fd_(std::move(fd)), buffer_(kBuffer) {}
  [[nodiscard]] Result<> send(nlmsghdr& request);
  // Good until the next receive.
  [[nodiscard]] Result<std::span<const std::byte>> receive(int flags);

  // The kernel fills a dump's packet up to the largest read it has seen, 32 KiB at most.
  static constexpr std::size_t kBuffer = std::size_t{64} * 1024;
  Fd fd_;
  std::vector<std::byte> buffer_;
  std::uint32_t sequence_ = 0;
};

}  // namespace plimsoll::exporter
