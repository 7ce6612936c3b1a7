// All of the room as the engine uses it: ring, reports, the monitor on a thread of its own, and the
// handlers. Start: construct, start(); stop: stop(), before the server's loop ends.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"
#include "control/breach/endpoint.h"
#include "control/breach/monitor.h"
#include "control/breach/report.h"
#include "control/breach/ring.h"

namespace plimsoll::control {

class BreachService {
 public:
  // `layout`, `proc` and `clock` must outlive it.
  BreachService(const cgroupfs::Layout& layout, const DirFd& proc, const Clock& clock,
                MonitorOptions options);
  ~BreachService();  // As stop().
  BreachService(const BreachService&) = delete;
  BreachService& operator=(const BreachService&) = delete;

  // Walks the host's groups once, then watches from its thread.
  [[nodiscard]] Result<> start();
  void stop();

  [[nodiscard]] BreachRing& ring() { return ring_; }
  [[nodiscard]] EventsEndpoint& endpoint() { return endpoint_; }
  // Any thread; as of when the monitor last did something.
  [[nodiscard]] MonitorStats stats() const;
  // Prometheus text: plimsoll_breaches_total{kind=..} and what the monitor says of itself.
  [[nodiscard]] std::string metrics() const;

 private:
  void run(const std::stop_token& stop);

  const cgroupfs::Layout& layout_;
  const DirFd& proc_;
  const Clock& clock_;
  const MonitorOptions options_;
  BreachRing ring_;
  ReportStore reports_;
  EventsEndpoint endpoint_;
  mutable std::mutex mutex_;  // stats_
  MonitorStats stats_;
  std::unique_ptr<Monitor> monitor_;  // The thread's, once it runs.
  std::jthread thread_;
};

// Pure.
[[nodiscard]] std::string metrics_text(const MonitorStats& stats);

}  // namespace plimsoll::control
