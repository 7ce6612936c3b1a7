#include "control/breach/service.h"

namespace plimsoll::control {

BreachService::BreachService(const cgroupfs::Layout& layout, const DirFd& proc, const Clock& clock,
                             MonitorOptions options)
    : layout_(layout),
      proc_(proc),
      clock_(clock),
      options_(std::move(options)),
      endpoint_(ring_, reports_, clock) {}

BreachService::~BreachService() {
  stop();
}

Result<> BreachService::start() {
  monitor_ = PLIMSOLL_TRY(Monitor::create(layout_, proc_, clock_, ring_, reports_, options_));
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

void BreachService::run(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kOften(250);
  const std::stop_callback bell(stop, [this] { monitor_->wake(); });
  MonoTime told = clock_.now();
  while (!stop.stop_requested()) {
    monitor_->step(std::chrono::hours(1));
    // Before a rest, and now and then in a storm.
    if (clock_.now() - told < kOften && monitor_->rest() < kOften) continue;
    told = clock_.now();
    MonitorStats stats = monitor_->stats();
    const std::lock_guard lock(mutex_);
    stats_ = std::move(stats);
  }
  monitor_->flush();
}

void BreachService::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  monitor_.reset();
  endpoint_.finish();
}

MonitorStats BreachService::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::string BreachService::metrics() const {
  return metrics_text(stats());
}

std::string metrics_text(const MonitorStats& stats) {
  std::string out;
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  };
  const auto one = [&](std::string_view name, std::string_view type, std::string_view help,
                       std::uint64_t value) {
    family(name, type, help);
    out.append(name).append(" ").append(std::to_string(value)).append("\n");
  };
  family("plimsoll_breaches_total", "counter", "Breaches of limits, by kind, since the start.");
  for (const BreachKind kind : kBreachKinds) {
    const auto at = stats.by_kind.find(kind);
    out.append("plimsoll_breaches_total{kind=\"").append(name_of(kind)).append("\"} ");
    out.append(std::to_string(at == stats.by_kind.end() ? 0 : at->second)).append("\n");
  }
  one("plimsoll_breach_events_total", "counter", "Events that were published.", stats.published);
  one("plimsoll_breach_events_merged_total", "counter",
      "Events that were told together with others of their kind and group.", stats.merged);
  one("plimsoll_breach_groups", "gauge", "Groups that are watched.", stats.groups);
  one("plimsoll_breach_watch_descriptors", "gauge", "Eventfds and pressure triggers held.",
      stats.watcher.descriptors);
  one("plimsoll_breach_watch_refused_total", "counter",
      "Notifications that the kernel or a budget refused.", stats.watcher.refused);
  one("plimsoll_breach_kernel_log_readable", "gauge", "Whether the kernel's log can be read.",
      stats.log.readable ? 1 : 0);
  return out;
}

}  // namespace plimsoll::control
