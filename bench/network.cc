#include "bench/network.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/fd.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "exporter/collect/net_lab.h"
#include "exporter/collect/network.h"

namespace plimsoll::bench {
namespace {

constexpr std::size_t kContainers = 100;

// One dump of all links' counters, received and thrown away.
void dump(const Fd& socket, std::vector<char>& buffer) {
  struct {
    nlmsghdr header;
    if_stats_msg stats;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETSTATS;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.stats.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  if (::send(socket.get(), &request, sizeof request, 0) < 0) return;
  for (;;) {
    const ssize_t n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return;
    // The end of a dump may come in the same datagram as its last links.
    auto left = static_cast<unsigned>(n);
    for (const auto* at = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(at, left);
         at = NLMSG_NEXT(at, left))
      if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR) return;
  }
}

double microseconds_each(double seconds) {
  return seconds * 1e6 / static_cast<double>(kContainers);
}

}  // namespace

void bench_network() {
  exporter::NetLab lab;
  if (!lab.why_not().empty()) return std::printf("!! network: %s\n", lab.why_not().c_str()), void();
  const inventory::Identity container;
  std::vector<exporter::NetworkTarget> targets(kContainers);
  for (std::size_t i = 0; i < kContainers; ++i) {
    const pid_t pid = lab.add();
    lab.connect(pid, "eth0", "plt" + std::to_string(i), static_cast<int>(i) + 1);
    targets[i].serial = i + 1;
    targets[i].identity = &container;
    targets[i].pid = pid;
  }
  const DirFd proc = open_dir("/proc").value();
  FakeClock clock;
  const auto collector = exporter::NetworkCollector::create(proc, clock, {.host_pid = lab.hub()});
  const auto tick = [&] {
    clock.advance(std::chrono::seconds(1));
    const double start = thread_cpu();
    collector->collect(targets);
    return thread_cpu() - start;
  };
  for (int i = 0; i < 70; ++i) (void)tick();  // Past the looks inside that new namespaces get.

  Fd socket;
  lab.in(lab.hub(),
         [&] { socket = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)); });
  std::vector<char> buffer(std::size_t{1} << 18);
  std::vector<double> floors;
  std::vector<double> ticks;
  double total = 0;
  constexpr int kTicks = 120;  // Twice the time between looks inside an idle namespace.
  for (int i = 0; i < kTicks; ++i) {
    const double start = thread_cpu();
    dump(socket, buffer);
    floors.push_back(thread_cpu() - start);
    ticks.push_back(tick());
    total += ticks.back();
  }
  const double floor = microseconds_each(median(floors));
  row(kContainers, "floor: one RTM_GETSTATS dump, received and thrown away", floor, "us/cont.");
  row(kContainers, "network: a tick, by host ends", microseconds_each(median(ticks)), "us/cont.",
      floor);
  row(kContainers, "   in all", microseconds_each(median(ticks)), "us/cont.", 0, 0.5);
  row(kContainers, "   with the looks inside (errors, drops), mean",
      microseconds_each(total / kTicks), "us/cont.", floor);
  // Some are looked at from inside in any tick, in turn.
  if (const auto stats = collector->stats(); stats.by_host_end + stats.by_namespace != kContainers)
    std::printf("!! %zu of %zu containers were read\n", stats.by_host_end + stats.by_namespace,
                kContainers);
}

}  // namespace plimsoll::bench
