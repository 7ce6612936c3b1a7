// The JSON API of limits on the engine's unix socket: GET and POST /plimsoll/v1/limits, history,
// info. docs/engine.md says what it speaks.
//
// Handlers hand over to lanes, each a thread: one that admits, reads and plans, one that changes,
// one that takes memory away (which may take seconds each), one that reads the audit log.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "control/api/encode.h"
#include "control/api/roles.h"
#include "control/enforcer/worker.h"
#include "control/service/service.h"
#include "http/server.h"

namespace plimsoll::control {

struct ApiOptions {
  EngineInfo info;                  // Role and uptime are filled in.
  std::function<void()> on_change;  // After every change that was done; any thread. May be empty.
  // GET /plimsoll/v1/policy: the rules, or with ?ref= what they make of one group. May be empty.
  std::function<Answer<std::string>(std::optional<std::string_view> ref)> policy;
  // What a change would mean, in sentences, for a dry run. May be empty.
  std::function<std::vector<std::string>(const Draft&)> outlook;
  // GET /metrics, in Prometheus' text format; may wait for a disk, so not on the loop. May be
  // empty.
  std::function<std::string()> metrics;
};

class Api {
 public:
  // Adds its routes. All must outlive it, and the server must not run any more when it goes.
  Api(http::Server& server, Service& service, Machine& machine, Roles& roles, const DirFd& proc,
      const Clock& clock, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // A route of somebody else's, for those who may look; its handler runs on the loop thread.
  void add(const char* pattern, http::Handler handler);

  // What runs comes to its end, what waits is answered 503. Nothing is taken on afterwards.
  void stop();

  [[nodiscard]] Worker& changes() { return changes_; }
  [[nodiscard]] Worker& shrinks() { return shrinks_; }

 private:
  struct Call;
  using CallPtr = std::shared_ptr<Call>;
  using Do = void (Api::*)(const CallPtr&);

  void route(const char* pattern, const char* method, Role needed, Do what);
  void accept(const http::Request& request, http::Responder responder, Role needed, Do what);
  [[nodiscard]] bool may(const CallPtr& call, Role needed);
  // On the first lane:
  void admit(const CallPtr& call, Role needed, Do what);
  void info(const CallPtr& call);
  void list(const CallPtr& call);
  void show(const CallPtr& call);
  void policy(const CallPtr& call);
  void metrics(const CallPtr& call);
  void change(const CallPtr& call);
  // On others:
  void history(const CallPtr& call);
  void carry_out(const CallPtr& call, Draft draft);

  [[nodiscard]] Actor actor_of(const Call& call) const;

  Service& service_;
  Machine& machine_;
  Roles& roles_;
  const DirFd& proc_;
  const Clock& clock_;
  const ApiOptions options_;
  const MonoTime started_;
  http::Server& server_;
  Worker shrinks_;
  Worker changes_;
  Worker readers_;
  Worker front_;
};

}  // namespace plimsoll::control
