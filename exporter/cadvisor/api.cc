#include "exporter/cadvisor/api.h"

#include <algorithm>
#include <utility>

#include "exporter/cadvisor/api_call.h"
#include "exporter/cadvisor/event_json.h"

namespace plimsoll::exporter {

namespace {

using http::Request;
using http::Responder;
using http::Response;

http::Response error_response(const Error& error, ApiCompat compat) {
  int status = 500;
  if (compat == ApiCompat::kFixed && error.kind == ErrorKind::kInvalidInput) status = 400;
  if (compat == ApiCompat::kFixed && error.kind == ErrorKind::kNotOffered) status = 404;
  return Response::text(status, error.subject + "\n");
}

Response busy(const char* why) {
  Response response = Response::text(503, why);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

CadvisorApi::CadvisorApi(http::Server& server, SamplerLoop& loop, const EventLog& log,
                         EventHub& hub, const Clock& clock, ApiConfig config)
    : server_(server),
      loop_(loop),
      log_(log),
      hub_(hub),
      clock_(clock),
      config_(std::move(config)),
      sys_(open_dir(config_.sys_root.c_str())) {
  const auto handler = [this](const Request& request, Responder responder) {
    handle(request, std::move(responder));
  };
  for (const char* path : {"/api", "/api/", "/api/*"}) server_.route(path, {"GET"}, handler);
  for (const char* path : {"/api/v1.0/*", "/api/v1.1/*", "/api/v1.2/*", "/api/v1.3/*"})
    server_.route(path, {"GET", "POST"}, handler);
  for (const char* path : {"/validate", "/validate/"})
    server_.route(path, {"GET"},
                  [this](const Request&, Responder responder) { validate(std::move(responder)); });
}

void CadvisorApi::handle(const Request& request, Responder responder) {
  const ApiCompat compat = config_.view.compat;
  Result<ApiPath> path = parse_api_path(request.path);
  if (!path) return responder.send(error_response(path.error(), compat));
  if (!path->version) return responder.send(Response::text(400, list_versions() + "\n"));
  if (!path->endpoint)
    return responder.send(Response::text(400, list_endpoints(*path->version) + "\n"));
  Result<Call> call = Call::parse(*std::move(path), request, compat);
  if (!call) return responder.send(error_response(call.error(), compat));
  if (call->events) return events(*call, std::move(responder));
  auto shared = std::make_shared<Call>(*std::move(call));
  shared->responder.emplace(std::move(responder));
  const auto age = shared->options.max_age.value_or(config_.max_age);
  answer_later(std::max(age, std::chrono::nanoseconds(0)), shared);
}

void CadvisorApi::validate(Responder responder) {
  auto call = std::make_shared<Call>();
  call->responder.emplace(std::move(responder));
  call->validates = true;
  answer_later(config_.max_age, call);
}

void CadvisorApi::answer_later(std::chrono::nanoseconds max_age, const CallPtr& call) {
  loop_.request(max_age, Freshness::kScrape, [this, call](const SnapshotPtr& snapshot) {
    if (!snapshot) return call->responder->send(busy("starting: no sample has been taken yet\n"));
    const bool queued = worker_.post([this, call, snapshot] {
      if (call->validates) return call->responder->send(Response::text(200, report(*snapshot)));
      Result<std::string> body = body_of(*call, *snapshot);
      if (!body) return call->responder->send(error_response(body.error(), config_.view.compat));
      call->responder->send(Response::json(200, *std::move(body)));
    });
    if (!queued) call->responder->send(busy("too many requests are being answered\n"));
  });
}

void CadvisorApi::events(const Call& call, Responder responder) {
  const ApiEventRequest& asked = *call.events;
  EventQuery query = asked.query;
  query.matches = [&](const Event& event) { return asked.concerns(event); };
  if (!asked.stream) {
    std::string body = "[";
    for (const EventPtr& event : log_.find(query, clock_.wall())) {
      if (body.size() > 1) body += ',';
      append_api_event(body, *event);
    }
    return responder.send(Response::json(200, body + "]"));
  }
  Response head;
  head.content_type = "application/json";
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // Proxies must not collect a stream.
  EventHub::Listener listener;
  listener.after = log_.last_sequence();  // The past is not replayed.
  listener.stream = responder.stream(std::move(head));
  listener.accepts = [asked](const Event& event) { return asked.concerns(event); };
  listener.frame = [](const Event& event) {
    std::string line;
    append_api_event(line, event);
    return line + "\n";
  };
  listener.idle = "\n";
  hub_.add(std::move(listener), {}, clock_.now());
}

}  // namespace plimsoll::exporter
