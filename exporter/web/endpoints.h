// The read plane's HTTP surface: /metrics, health, the JSON API, streams and the landing page.
//
// Registers routes on a server; everything runs on its loop thread. Nothing here writes anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/cadvisor/api.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/stream/hub.h"
#include "exporter/web/event_feed.h"
#include "exporter/web/metrics_endpoint.h"
#include "exporter/web/page_files.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct EndpointOptions {
  MetricsOptions metrics;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  EventLimits events;
  // Asked per scrape, on the loop thread; may be empty.
  std::function<AccessFacts()> access;
  ApiConfig cadvisor;  // cAdvisor's REST API.
  // The path that people see before ours (BasePathServer), for the links of the pages.
  std::string base_path;
};

class Endpoints {
 public:
  // All references must outlive it; it must outlive server.run().
  Endpoints(http::Server& server, SamplerLoop& loop, const Clock& clock, EndpointOptions options);
  Endpoints(const Endpoints&) = delete;
  Endpoints& operator=(const Endpoints&) = delete;

  // A new regular snapshot, from any thread: goes to the streams.
  void publish(SnapshotPtr snapshot);
  // What a scrape would show now, for whoever pushes it (MetricsEndpoint::expose).
  using Exposed = MetricsEndpoint::Exposed;
  void expose(const Exposed& done) { metrics_.expose(done); }
  // Asked for the metrics about pushing. Before the server runs; it is called on the loop thread.
  void set_push_stats(std::function<PushStats()> stats) { push_stats_ = std::move(stats); }
  // The same about the registration in etcd.
  void set_etcd_stats(std::function<EtcdStats()> stats) { etcd_stats_ = std::move(stats); }
  // Ends the streams and the pages at work; loop thread only, before the sampler loop goes.
  void finish();

 private:
  void containers(const http::Request& request, http::Responder responder);
  void container(const http::Request& request, http::Responder responder);
  void stream(const http::Request& request, http::Responder responder);
  void watch();
  void landing(const http::Request& request, http::Responder responder);
  void page_file(const http::Request& request, http::Responder responder);
  void container_page(const http::Request& request, http::Responder responder);
  void discovery(const http::Request& request, http::Responder responder);
  void healthz(const http::Request& request, http::Responder responder);
  void ready(const http::Request& request, http::Responder responder);
  [[nodiscard]] SelfStats self() const;

  http::Server& server_;
  SamplerLoop& loop_;
  const Clock& clock_;
  const EndpointOptions options_;
  const PageServer page_;
  StreamHub hub_;
  std::vector<std::uint64_t> watched_;   // What the sampler was told ...
  std::vector<std::uint64_t> followed_;  // ... and this.
  EventFeed events_;
  CadvisorApi cadvisor_;
  std::function<PushStats()> push_stats_;  // Empty: nothing is pushed.
  std::function<EtcdStats()> etcd_stats_;  // Empty: nothing is registered.
  MetricsEndpoint metrics_;
  Worker worker_;  // After what its tasks use: it stops first.
  // Set to false by the destructor's owner thread: answers that arrive later find nobody.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace plimsoll::exporter
