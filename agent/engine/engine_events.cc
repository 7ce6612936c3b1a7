#include "agent/engine/engine_events.h"

#include <utility>

#include "base/log.h"

namespace plimsoll::agent {
namespace {

constexpr std::chrono::seconds kBeat{1};

void append_counter(std::string& out, const char* name, const char* help,
                    const std::vector<std::unique_ptr<control::Sink>>& sinks,
                    std::uint64_t control::SinkStats::* member) {
  if (sinks.empty()) return;
  out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " counter\n";
  for (const auto& sink : sinks)
    out += std::string(name) + "{sink=\"" + sink->name() + "\"} " +
           std::to_string(sink->stats().*member) + "\n";
}

}  // namespace

Result<std::unique_ptr<EngineEvents>> EngineEvents::start(const EventsConfig& config,
                                                          const control::MachineOptions& machine,
                                                          const control::HostMachine& host,
                                                          const Clock& clock, http::Server& server,
                                                          control::Api& api) {
  control::MonitorOptions options;
  options.kernel_log = config.kernel_log;
  options.inventory = machine.inventory;
  std::unique_ptr<EngineEvents> events(new EngineEvents(host, clock, server, std::move(options)));
  PLIMSOLL_TRY(events->add_sinks(config));
  api.add("/plimsoll/v1/events", events->breaches_.endpoint().events());
  api.add("/plimsoll/v1/events/*", events->breaches_.endpoint().one());
  api.add("/metrics", [self = events.get()](const http::Request&, http::Responder responder) {
    http::Response response = http::Response::text(200, self->metrics());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    responder.send(std::move(response));
  });
  PLIMSOLL_TRY(events->breaches_.start());
  server.post([self = events.get()] { self->beat(); });
  return events;
}

EngineEvents::~EngineEvents() {
  for (const std::uint64_t listener : listeners_) breaches_.ring().unlisten(listener);
}

Result<> EngineEvents::add_sinks(const EventsConfig& config) {
  // Numbered, because URLs hold secrets.
  for (std::size_t i = 0; i < config.webhooks.size(); ++i) {
    auto webhook = in("--events.webhook", control::make_webhook({.url = config.webhooks[i]}));
    add_sink("webhook " + std::to_string(i + 1), PLIMSOLL_TRY(std::move(webhook)));
  }
  for (std::size_t i = 0; i < config.hooks.size(); ++i) {
    auto hook = in("--events.exec", control::make_exec_hook({.argv = {config.hooks[i]}}));
    add_sink("exec " + std::to_string(i + 1), PLIMSOLL_TRY(std::move(hook)));
  }
  if (config.journal) add_sink("journal", control::make_journal_sink());
  return {};
}

void EngineEvents::add_sink(std::string name, control::Sink::Deliver deliver) {
  sinks_.push_back(
      std::make_unique<control::Sink>(std::move(name), std::move(deliver), control::SinkOptions()));
  listeners_.push_back(breaches_.ring().listen(
      [sink = sinks_.back().get()](const control::BreachPtr& event) { sink->offer(event); }));
}

void EngineEvents::beat() {
  breaches_.endpoint().beat();
  server_.after(kBeat, [this] { beat(); });
}

std::string EngineEvents::metrics() const {
  std::string out = breaches_.metrics();
  append_counter(out, "plimsoll_event_deliveries_total", "Events that a sink took.", sinks_,
                 &control::SinkStats::delivered);
  append_counter(out, "plimsoll_event_failures_total",
                 "Events given up after every attempt to deliver them.", sinks_,
                 &control::SinkStats::failed);
  append_counter(out, "plimsoll_event_drops_total", "Events that a full queue did not take.",
                 sinks_, &control::SinkStats::dropped);
  return out;
}

}  // namespace plimsoll::agent
