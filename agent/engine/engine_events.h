// The engine's events: what meets a limit is watched, told to who listens on the socket, and handed
// to webhooks, hooks and the journal as configured.
#pragma once

#include <cstdint>
#include <memory>
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
      const EventsConfig& config, const control::MachineOptions& machine,
      const control::HostMachine& host, const Clock& clock, http::Server& server,
      control::Api& api);
  ~EngineEvents();
  EngineEvents(const EngineEvents&) = delete;
  EngineEvents& operator=(const EngineEvents&) = delete;

  // Nothing is watched any more. Any thread but the loop's; before the server stops.
  void stop() { breaches_.stop(); }
  // Loop thread, then: the end of all streams.
  void finish() { breaches_.endpoint().finish(); }

 private:
  EngineEvents(const control::HostMachine& host, const Clock& clock, http::Server& server,
               control::MonitorOptions options)
      : server_(server), breaches_(host.layout(), host.roots().proc, clock, std::move(options)) {}
  Result<> add_sinks(const EventsConfig& config);
  void add_sink(std::string name, control::Sink::Deliver deliver);
  void beat();
  [[nodiscard]] std::string metrics() const;

  http::Server& server_;
  control::BreachService breaches_;
  std::vector<std::unique_ptr<control::Sink>> sinks_;
  std::vector<std::uint64_t> listeners_;  // Theirs.
};

}  // namespace plimsoll::agent
