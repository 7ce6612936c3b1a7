// The engine's events: what meets a limit is watched, told to who listens on the socket, and handed
// to webhooks, hooks and the journal as configured.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/api/api.h"
#include "control/breach/service.h"
#include "control/breach/sink.h"
#include "control/service/host_machine.h"

namespace plimsoll::agent {

struct EventsConfig {
  std::string kernel_log = "/dev/kmsg";  // "": none.
  std::vector<std::string> webhooks;     // URLs.
  std::vector<std::string> hooks;        // Programs; the event is on their standard input.
  bool journal = false;
};

class EngineEvents {
 public:
  // Adds its routes to `api`, and watches from now on. All must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<EngineEvents>> start(
      const EventsConfig& config, const control::MachineOptions& machine, control::UsageBook& usage,
      const control::HostMachine& host, const Clock& clock, http::Server& server,
      control::Api& api);
  ~EngineEvents();
  EngineEvents(const EngineEvents&) = delete;
  EngineEvents& operator=(const EngineEvents&) = delete;

  // Other webhooks and programs from now on; those that stay keep their queues. With a wrong one
  // nothing changes. May wait for a delivery to end: not on the loop.
  [[nodiscard]] Result<> set_sinks(const EventsConfig& config);

  [[nodiscard]] std::string metrics() const;

  // Nothing is watched any more. Any thread but the loop's; before the server stops.
  void stop() { breaches_.stop(); }
  // Loop thread, then: the end of all streams.
  void finish() { breaches_.endpoint().finish(); }

 private:
  EngineEvents(const control::HostMachine& host, const Clock& clock, http::Server& server,
               control::MonitorOptions options)
      : server_(server), breaches_(host.layout(), host.roots().proc, clock, std::move(options)) {}
  struct Outlet {
    std::string to;  // "--events.webhook http://...", by which it is found again.
    std::unique_ptr<control::Sink> sink;
    std::uint64_t listener = 0;
  };
  using Outlets = std::vector<Outlet>;
  // Those that are there already stay away.
  [[nodiscard]] Result<Outlets> new_outlets(const EventsConfig& config);
  [[nodiscard]] Outlet outlet(std::string to, std::string name, control::Sink::Deliver deliver);
  [[nodiscard]] bool has(const std::string& to) const;
  // Loop thread: as long as there are streams.
  void keep_beating();
  void beat();

  http::Server& server_;
  control::BreachService breaches_;
  bool beating_ = false;  // The loop's.
  std::size_t webhooks_made_ = 0;
  std::size_t hooks_made_ = 0;
  mutable std::mutex mutex_;  // Of what follows: reloads, and those who ask for metrics.
  Outlets outlets_;
};

}  // namespace plimsoll::agent
