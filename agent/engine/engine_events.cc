#include "agent/engine/engine_events.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "agent/engine/metrics_text.h"

namespace plimsoll::agent {
namespace {

constexpr std::chrono::seconds kBeat{1};
// As the machine's tree: where every directory has a watch nothing is left for a walk to find.
constexpr std::chrono::minutes kVerifyTree{10};

std::string webhook_key(const std::string& url) {
  return "webhook " + url;
}
std::string exec_key(const std::string& path) {
  return "exec " + path;
}
constexpr const char* kJournalKey = "journal";

}  // namespace

Result<std::unique_ptr<EngineEvents>> EngineEvents::start(
    const EventsConfig& config, const control::MachineOptions& machine, control::UsageBook& usage,
    const control::HostMachine& host, const Clock& clock, http::Server& server, control::Api& api) {
  control::MonitorOptions options;
  options.kernel_log = config.kernel_log;
  options.inventory = machine.inventory;
  options.usage = &usage;
  options.tree.rescan_interval = kVerifyTree;
  std::unique_ptr<EngineEvents> events(new EngineEvents(host, clock, server, std::move(options)));
  PLIMSOLL_TRY(events->set_sinks(config));
  api.add("/plimsoll/v1/events",
          [self = events.get(), list = events->breaches_.endpoint().events()](
              const http::Request& request, http::Responder responder) {
            list(request, std::move(responder));
            self->keep_beating();
          });
  api.add("/plimsoll/v1/events/*", events->breaches_.endpoint().one());
  PLIMSOLL_TRY(events->breaches_.start());
  return events;
}

EngineEvents::~EngineEvents() {
  for (const Outlet& outlet : outlets_) breaches_.ring().unlisten(outlet.listener);
}

bool EngineEvents::has(const std::string& to) const {
  return std::ranges::find(outlets_, to, &Outlet::to) != outlets_.end();
}

EngineEvents::Outlet EngineEvents::outlet(std::string to, std::string name,
                                          control::Sink::Deliver deliver) {
  return {std::move(to), std::make_unique<control::Sink>(std::move(name), std::move(deliver),
                                                         control::SinkOptions())};
}

Result<EngineEvents::Outlets> EngineEvents::new_outlets(const EventsConfig& config) {
  Outlets made;
  // Numbered, because URLs hold secrets.
  for (const std::string& url : config.webhooks) {
    if (has(webhook_key(url))) continue;
    auto webhook = in("--events.webhook", control::make_webhook({.url = url}));
    auto deliver = PLIMSOLL_TRY(std::move(webhook));
    made.push_back(outlet(webhook_key(url), "webhook " + std::to_string(++webhooks_made_),
                          std::move(deliver)));
  }
  for (const std::string& path : config.hooks) {
    if (has(exec_key(path))) continue;
    auto hook = in("--events.exec", control::make_exec_hook({.argv = {path}}));
    auto deliver = PLIMSOLL_TRY(std::move(hook));
    made.push_back(
        outlet(exec_key(path), "exec " + std::to_string(++hooks_made_), std::move(deliver)));
  }
  if (config.journal && !has(kJournalKey))
    made.push_back(outlet(kJournalKey, "journal", control::make_journal_sink()));
  return made;
}

Result<> EngineEvents::set_sinks(const EventsConfig& config) {
  std::set<std::string> wanted;
  for (const std::string& url : config.webhooks) wanted.insert(webhook_key(url));
  for (const std::string& path : config.hooks) wanted.insert(exec_key(path));
  if (config.journal) wanted.insert(kJournalKey);
  Outlets made = PLIMSOLL_TRY(new_outlets(config));
  for (Outlet& one : made)
    one.listener = breaches_.ring().listen(
        [sink = one.sink.get()](const control::BreachPtr& event) { sink->offer(event); });
  Outlets next;
  Outlets gone;
  {
    const std::scoped_lock guard(mutex_);
    for (Outlet& one : outlets_) (wanted.contains(one.to) ? next : gone).push_back(std::move(one));
    std::ranges::move(made, std::back_inserter(next));
    outlets_ = std::move(next);
  }
  for (const Outlet& one : gone) breaches_.ring().unlisten(one.listener);
  return {};
}

void EngineEvents::keep_beating() {
  if (beating_ || breaches_.endpoint().clients() == 0) return;
  beating_ = true;
  server_.after(kBeat, [this] { beat(); });
}

void EngineEvents::beat() {
  breaches_.endpoint().beat();
  beating_ = false;
  keep_beating();
}

std::string EngineEvents::metrics() const {
  std::vector<std::pair<std::string, control::SinkStats>> sinks;
  {
    const std::scoped_lock guard(mutex_);
    for (const Outlet& one : outlets_) sinks.emplace_back(one.sink->name(), one.sink->stats());
  }
  MetricsText out(breaches_.metrics());
  const auto counter = [&](const char* name, const char* help,
                           std::uint64_t control::SinkStats::* member) {
    if (sinks.empty()) return;
    out.family(name, "counter", help);
    for (const auto& [sink, stats] : sinks) out.sample(name, {{"sink", sink}}, stats.*member);
  };
  counter("plimsoll_event_deliveries_total", "Events that a sink took.",
          &control::SinkStats::delivered);
  counter("plimsoll_event_failures_total", "Events given up after every attempt to deliver them.",
          &control::SinkStats::failed);
  counter("plimsoll_event_drops_total", "Events that a full queue did not take.",
          &control::SinkStats::dropped);
  return std::move(out).text();
}

}  // namespace plimsoll::agent
