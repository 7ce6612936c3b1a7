#include "control/api/api.h"

#include <utility>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "control/api/decode.h"

namespace plimsoll::control {
namespace {

constexpr std::string_view kLimits = "/plimsoll/v1/limits/";
constexpr std::size_t kUsualHistory = 100;
constexpr std::size_t kMostHistory = 10'000;

bool is_json(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';'))) == "application/json";
}

}  // namespace

// One request on its way from lane to lane.
struct Api::Call {
  Call(const http::Request& from, http::Responder to) : request(from), responder(std::move(to)) {}

  http::Request request;
  Role role = Role::kNone;

  [[nodiscard]] http::Responder take_responder() {
    answered_ = true;
    return std::move(responder);
  }
  void answer(int status, std::string body) {
    answered_ = true;
    responder.send(http::Response::json(status, std::move(body)));
  }
  void answer_metrics(std::string text) {
    answered_ = true;
    http::Response response = http::Response::text(200, std::move(text));
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    responder.send(std::move(response));
  }
  void answer(const Fault& fault) { answer(status_of(fault.problem), encode(fault)); }
  template <class T>
  void answer(const Answer<T>& result) {
    if (result)
      answer(200, encode(*result));
    else
      answer(result.error());
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  // A lane that was stopped drops what waits.
  ~Call() {
    if (!answered_)
      answer(Fault(Problem::kUnavailable, "the engine is stopping; nothing was done"));
  }

 private:
  http::Responder responder;
  bool answered_ = false;
};

Api::Api(http::Server& server, Service& service, Machine& machine, Roles& roles, const DirFd& proc,
         const Clock& clock, ApiOptions options)
    : service_(service),
      machine_(machine),
      roles_(roles),
      proc_(proc),
      clock_(clock),
      options_(std::move(options)),
      started_(clock.now()),
      server_(server) {
  route("/plimsoll/v1/info", "GET", Role::kRead, &Api::info);
  route("/plimsoll/v1/limits", "GET", Role::kRead, &Api::list);
  route("/plimsoll/v1/limits/*", "GET", Role::kRead, &Api::show);
  route("/plimsoll/v1/limits/*", "POST", Role::kControl, &Api::change);
  if (options_.policy) route("/plimsoll/v1/policy", "GET", Role::kRead, &Api::policy);
  if (options_.metrics) route("/metrics", "GET", Role::kRead, &Api::metrics);
  route("/plimsoll/v1/history", "GET", Role::kRead, &Api::history);
}

Api::~Api() {
  stop();
}

void Api::stop() {
  for (Worker* const lane : {&front_, &readers_, &changes_, &shrinks_}) lane->stop();
}

void Api::route(const char* pattern, const char* method, Role needed, Do what) {
  server_.route(pattern, {method},
                [this, needed, what](const http::Request& request, http::Responder responder) {
                  accept(request, std::move(responder), needed, what);
                });
}

// Loop thread: nothing here may block.
void Api::accept(const http::Request& request, http::Responder responder, Role needed, Do what) {
  const auto call = std::make_shared<Call>(request, std::move(responder));
  if (request.method == "POST" && !is_json(request.header("content-type"))) {
    const Fault fault(Problem::kInvalidInput, "send Content-Type: application/json");
    return call->answer(415, encode(fault));
  }
  if (auto taken = front_.submit([this, call, needed, what] { admit(call, needed, what); }); !taken)
    call->answer(Fault(Problem::kUnavailable, taken.error().subject));
}

void Api::add(const char* pattern, http::Handler handler) {
  auto shared = std::make_shared<const http::Handler>(std::move(handler));
  server_.route(
      pattern, {"GET"}, [this, shared](const http::Request& request, http::Responder responder) {
        const auto call = std::make_shared<Call>(request, std::move(responder));
        auto taken = front_.submit([this, call, shared] {
          if (!may(call, Role::kRead)) return;
          server_.post([call, shared] { (*shared)(call->request, call->take_responder()); });
        });
        if (!taken) call->answer(Fault(Problem::kUnavailable, taken.error().subject));
      });
}

void Api::admit(const CallPtr& call, Role needed, Do what) {
  if (!may(call, needed)) return;
  if (what == &Api::history) {
    // Reads whole files: not in the way of the others.
    if (auto taken = readers_.submit([this, call] { history(call); }); !taken)
      call->answer(Fault(Problem::kUnavailable, taken.error().subject));
    return;
  }
  (this->*what)(call);
}

// Answers when not.
bool Api::may(const CallPtr& call, Role needed) {
  const auto& peer = call->request.process;
  if (peer) call->role = roles_.of(peer->uid, peer->gid, peer->groups);
  if (call->role >= needed) return true;
  const std::string who = peer ? ", not for uid " + std::to_string(peer->uid) : std::string();
  const char* const whose =
      needed == Role::kRead ? "looking is for root and the members of the read and control groups"
                            : "changing limits is for root and the members of the control group";
  call->answer(Fault(Problem::kForbidden, whose + who));
  return false;
}

void Api::info(const CallPtr& call) {
  EngineInfo info = options_.info;
  info.role = name_of(call->role);
  info.uptime = clock_.now() - started_;
  call->answer(200, encode(info));
}

void Api::list(const CallPtr& call) {
  call->answer(service_.changed());
}

void Api::show(const CallPtr& call) {
  call->answer(service_.show(std::string_view(call->request.path).substr(kLimits.size())));
}

void Api::policy(const CallPtr& call) {
  std::optional<std::string_view> ref;
  for (const auto& [name, value] : call->request.query) {
    if (name != "ref")
      return call->answer(
          Fault(Problem::kInvalidInput, "unknown parameter " + name + "; there is ref"));
    ref = value;
  }
  const Answer<std::string> body = options_.policy(ref);
  if (body)
    call->answer(200, *body);
  else
    call->answer(body.error());
}

void Api::metrics(const CallPtr& call) {
  call->answer_metrics(options_.metrics());
}

void Api::change(const CallPtr& call) {
  const auto request = decode(call->request.body, machine_.host());
  if (!request) return call->answer(Fault(request.error()));
  const std::string_view ref = std::string_view(call->request.path).substr(kLimits.size());
  auto draft = service_.draft(ref, *request);
  if (!draft) return call->answer(draft.error());
  if (request->mode == LimitRequest::Mode::kDryRun) {
    std::vector<std::string> outlook;
    if (options_.outlook) outlook = options_.outlook(*draft);
    ChangeReport report = Service::report_of(*std::move(draft));
    report.outlook = std::move(outlook);
    return call->answer(status_of(report), encode(report));
  }
  Worker& lane = draft->shrinks ? shrinks_ : changes_;
  auto taken = lane.submit([this, call, shared = std::make_shared<Draft>(*std::move(draft))] {
    carry_out(call, std::move(*shared));
  });
  if (!taken) call->answer(Fault(Problem::kUnavailable, taken.error().subject));
}

void Api::carry_out(const CallPtr& call, Draft draft) {
  const ChangeReport report = service_.carry_out(std::move(draft), actor_of(*call));
  if (options_.on_change) options_.on_change();
  call->answer(status_of(report), encode(report));
}

void Api::history(const CallPtr& call) {
  std::optional<std::string_view> ref;
  std::size_t most = kUsualHistory;
  for (const auto& [name, value] : call->request.query) {
    if (name == "ref") {
      ref = value;
    } else if (name == "limit") {
      const auto number = to_number<std::size_t>(value);
      if (!number || *number == 0 || *number > kMostHistory)
        return call->answer(Fault(Problem::kInvalidInput, "limit: give a number from 1 to 10000"));
      most = *number;
    } else {
      return call->answer(
          Fault(Problem::kInvalidInput, "unknown parameter " + name + "; there are ref and limit"));
    }
  }
  call->answer(service_.history(ref, most));
}

// By what it called itself when it connected; only for the record.
Actor Api::actor_of(const Call& call) const {
  Actor actor;
  const auto& peer = call.request.process;
  if (!peer) return actor;
  actor.uid = peer->uid;
  actor.pid = peer->pid;
  if (const auto comm = read_file_at(proc_, (std::to_string(peer->pid) + "/comm").c_str(), 256))
    actor.comm = trim(*comm);
  return actor;
}

}  // namespace plimsoll::control
