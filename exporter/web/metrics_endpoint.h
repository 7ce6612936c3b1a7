// /metrics: which page a request wants, of which sample, and how it is sent.
//
//   sampler thread   the sample that the request waits for
//   loop thread      the request, its deadline, the exporter's own numbers
//   worker           the page: formatted and compressed, 100 000 series take many milliseconds
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/metrics/compress.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/web/body_pool.h"
#include "exporter/web/worker.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct MetricsOptions {
  std::string path = "/metrics";
  TextOptions text;
  FamilySet families;  // Which the flags allow; empty: all.
  // A scrape that finds the last snapshot older than this takes a fresh one first.
  std::chrono::nanoseconds max_age = std::chrono::milliseconds(250);
  // How long a scrape waits that does not say when it gives up: Prometheus' default.
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
  int gzip_level = 1;  // 0: never compressed.
};

class MetricsEndpoint {
 public:
  // `self`: the exporter's own numbers, asked on the loop thread. All references must outlive it,
  // but the worker must have stopped before it goes.
  MetricsEndpoint(http::Server& server, SamplerLoop& loop, Worker& worker, const Clock& clock,
                  MetricsOptions options, std::function<SelfStats()> self);
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // What a scrape would show now, for whoever pushes it; from any thread. `done` is called on the
  // loop thread, without a text while there are no numbers yet; not at all once the worker
  // stopped.
  using Exposed = std::function<void(std::optional<std::string> text, WallTime at)>;
  void expose(const Exposed& done);

 private:
  struct Scrape;
  enum class Sample : std::uint8_t { kFresh, kStale };

  void get(const http::Request& request, http::Responder responder);
  [[nodiscard]] Result<std::shared_ptr<Scrape>> parse(const http::Request& request) const;
  // Loop thread. The first call answers, later ones find it answered.
  void answer(const std::shared_ptr<Scrape>& scrape, const SnapshotPtr& snapshot, Sample sample);
  // Worker.
  [[nodiscard]] TextOptions text_options() const;
  [[nodiscard]] http::Response page(const Scrape& scrape, const Snapshot& snapshot,
                                    const SelfStats& self);

  http::Server& server_;
  SamplerLoop& loop_;
  Worker& worker_;
  const Clock& clock_;
  const MetricsOptions options_;
  const std::function<SelfStats()> self_;
  std::uint64_t scrapes_stale_ = 0;  // Loop thread.

  // Worker only.
  PageWriter writer_;
  Gzip gzip_;
  std::string plain_;  // Before compression.
  const std::shared_ptr<BodyPool> bodies_ = std::make_shared<BodyPool>();

  // Expires with the endpoint: what the sampler posted before finds nobody.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace plimsoll::exporter
