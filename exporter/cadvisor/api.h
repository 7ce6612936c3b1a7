// cAdvisor's REST API, versions 1.0 to 1.3, 2.0 and 2.1, and /validate/.
//
// A request is decoded on the loop thread, waits for a snapshot that is fresh enough, and is
// formatted on a thread of its own: neither the sampler nor the other clients wait for a big
// answer. Shapes, and where we differ: docs/api.md.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "exporter/cadvisor/api_worker.h"
#include "exporter/cadvisor/request.h"
#include "exporter/cadvisor/spec.h"
#include "exporter/cadvisor/storage.h"
#include "exporter/cadvisor/summary.h"
#include "exporter/collect/event_log.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/stream/event_hub.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct ApiConfig {
  ApiView view;
  std::string sys_root = "/sys";
  std::string host_root;  // "" natively.
  StoragePlaces places;
  // Numbers may be this old unless a request says otherwise (max_age).
  std::chrono::nanoseconds max_age = std::chrono::seconds(2);
  // What version and attributes call the version: scripts compare it with cAdvisor's.
  std::string version = "v0.60.5";
};

class CadvisorApi {
 public:
  // The references must outlive it; its routes must not be asked after it is gone.
  CadvisorApi(http::Server& server, SamplerLoop& loop, const EventLog& log, EventHub& hub,
              const Clock& clock, ApiConfig config);
  ~CadvisorApi() { stop(); }
  CadvisorApi(const CadvisorApi&) = delete;
  CadvisorApi& operator=(const CadvisorApi&) = delete;

  // Each regular snapshot, for the summaries. From one thread.
  void observe(const Snapshot& snapshot) { summaries_.observe(snapshot); }
  // Waits for the answer that is being made. Before the loop goes.
  void stop() { worker_.stop(); }

 private:
  struct Call;  // A decoded request and whom to answer.
  using CallPtr = std::shared_ptr<Call>;

  void handle(const http::Request& request, http::Responder responder);
  void validate(http::Responder responder);
  // Formats on the worker's thread, with a snapshot that is at most so old.
  void answer_later(std::chrono::nanoseconds max_age, const CallPtr& call);
  void events(const Call& call, http::Responder responder);

  [[nodiscard]] Result<std::string> body_of(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> body_v1(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> body_v2(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> machine(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> storage(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> processes(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] Result<std::string> summary(const Call& call, const Snapshot& snapshot) const;
  [[nodiscard]] std::string report(const Snapshot& snapshot) const;

  http::Server& server_;
  SamplerLoop& loop_;
  const EventLog& log_;
  EventHub& hub_;
  const Clock& clock_;
  const ApiConfig config_;
  Result<DirFd> sys_;
  Summaries summaries_;
  ApiWorker worker_{kMostWaiting};

  static constexpr std::size_t kMostWaiting = 64;
  // Half a thousand containers with an hour of points each are more than anybody reads.
  static constexpr std::size_t kMaxBody = std::size_t{256} << 20;
};

}  // namespace plimsoll::exporter
