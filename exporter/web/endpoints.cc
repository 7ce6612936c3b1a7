#include "exporter/web/endpoints.h"

#include <utility>

#include "exporter/collect/local_addresses.h"
#include "exporter/stream/json.h"
#include "exporter/stream/parameters.h"
#include "exporter/web/container_pages.h"
#include "exporter/web/json_error.h"
#include "exporter/web/landing.h"
#include "exporter/web/service_discovery.h"

namespace plimsoll::exporter {

namespace {

using http::Request;
using http::Responder;
using http::Response;
using std::chrono::nanoseconds;

// max_age= of a request: how old the numbers may be; `otherwise` when it is not given.
Result<nanoseconds> max_age(const Request& request, nanoseconds otherwise) {
  const std::string* text = request.parameter("max_age");
  if (text == nullptr) return otherwise;
  const auto age = parse_duration(*text);
  if (!age) return invalid_input("query", "max_age=" + *text + ": give a time such as 500ms or 5s");
  return *age;
}

// history= of a request: how far back.
Result<std::optional<nanoseconds>> history_wanted(const Request& request) {
  const std::string* text = request.parameter("history");
  if (text == nullptr) return std::nullopt;
  const auto past = parse_duration(*text);
  if (!past) return invalid_input("query", "history=" + *text + ": give a time such as 5m or 90s");
  return past;
}

Response html(std::string page) {
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; style-src 'self'; script-src 'self'; "
                                "connect-src 'self'; img-src data:; base-uri 'none'; "
                                "form-action 'none'; frame-ancestors 'self'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::make_shared<const std::string>(std::move(page));
  return response;
}

Response starting() {
  Response response = Response::text(503, "starting: no sample has been taken yet\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

Endpoints::Endpoints(http::Server& server, SamplerLoop& loop, const Clock& clock,
                     EndpointOptions options)
    : server_(server),
      loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      page_(page_files()),
      hub_(loop.history(), options_.interval),
      events_(server, loop, clock, options_.events),
      cadvisor_(server, loop, events_.log(), events_.hub(), clock, options_.cadvisor),
      metrics_(server, loop, worker_, clock, options_.metrics, [this] { return self(); }) {
  const auto route = [&](std::string path, void (Endpoints::*handler)(const Request&, Responder)) {
    server_.route(std::move(path), {"GET"},
                  [this, handler](const Request& request, Responder responder) {
                    (this->*handler)(request, std::move(responder));
                  });
  };
  route("/api/v1/containers", &Endpoints::containers);
  route("/api/v1/containers/*", &Endpoints::container);
  route("/api/v1/stream", &Endpoints::stream);
  route("/sd", &Endpoints::discovery);
  route("/healthz", &Endpoints::healthz);
  route("/-/ready", &Endpoints::ready);
  route("/", &Endpoints::landing);
  route("/page/*", &Endpoints::page_file);
  for (const char* path :
       {"/containers", "/containers/*", "/docker", "/docker/*", "/podman", "/podman/*"})
    route(path, &Endpoints::container_page);
  server_.route("/-/healthy", {"GET"}, [](const Request&, Responder responder) {
    responder.send(Response::text(200, "healthy\n"));
  });
}

void Endpoints::publish(SnapshotPtr snapshot) {
  cadvisor_.observe(*snapshot);
  server_.post([this, alive = std::weak_ptr(alive_), snapshot = std::move(snapshot)] {
    if (!alive.lock()) return;
    hub_.publish(snapshot);
    watch();
    events_.beat();
  });
}

void Endpoints::finish() {
  hub_.finish_all();
  worker_.stop();
  events_.finish();
  cadvisor_.stop();
}

SelfStats Endpoints::self() const {
  SelfStats self = loop_.stats();
  const StreamStats streams = hub_.stats();
  const StreamStats listeners = events_.stats();
  self.stream_clients = streams.clients + listeners.clients;
  self.stream_frames = streams.frames + listeners.frames;
  self.stream_skipped = streams.skipped + listeners.skipped;
  self.stream_formatted = streams.formatted;
  const http::ServerStats server = server_.stats();
  self.http_requests = server.requests;
  self.http_connections = server.connections;
  self.http_connections_shed = server.shed;
  if (push_stats_) self.push = push_stats_();
  if (etcd_stats_) self.etcd = etcd_stats_();
  if (options_.access) self.access = options_.access();
  self.access.failed_handshakes = server.failed_handshakes;
  return self;
}

void Endpoints::containers(const Request& request, Responder responder) {
  const auto known = refuse_unknown(request.query, Selects::kContainers, {"max_age"});
  if (!known) return responder.send(json_error(known.error()));
  auto selection = parse_selection(request.query);
  if (!selection) return responder.send(json_error(selection.error()));
  const auto age = max_age(request, options_.interval);
  if (!age) return responder.send(json_error(age.error()));
  auto shared = std::make_shared<Responder>(std::move(responder));
  loop_.request(*age, Freshness::kScrape,
                [shared, selection = *std::move(selection)](const SnapshotPtr& snapshot) {
                  if (!snapshot) return shared->send(starting());
                  std::string body;
                  append_snapshot(body, *snapshot, select_rows(*snapshot, selection));
                  body += '\n';
                  shared->send(Response::json(200, std::move(body)));
                });
}

void Endpoints::container(const Request& request, Responder responder) {
  constexpr std::string_view kPrefix = "/api/v1/containers/";
  const auto known = refuse_unknown(request.query, Selects::kNothing, {"history", "max_age"});
  if (!known) return responder.send(json_error(known.error()));
  const auto age = max_age(request, options_.interval);
  if (!age) return responder.send(json_error(age.error()));
  const auto past = history_wanted(request);
  if (!past) return responder.send(json_error(past.error()));
  auto shared = std::make_shared<Responder>(std::move(responder));
  loop_.request(*age, Freshness::kScrape,
                [shared, reference = request.path.substr(kPrefix.size()), past = *past,
                 history = loop_.history()](const SnapshotPtr& snapshot) {
                  if (!snapshot) return shared->send(starting());
                  const auto row = find_row(*snapshot, reference);
                  if (!row) return shared->send(json_error(row.error()));
                  std::string body;
                  if (past && history != nullptr)
                    append_container_with_history(
                        body, *snapshot, *row,
                        history->read(snapshot->rows[*row].serial, 0, snapshot->wall - *past));
                  else
                    append_container(body, *snapshot, *row);
                  body += '\n';
                  shared->send(Response::json(200, std::move(body)));
                });
}

void Endpoints::stream(const Request& request, Responder responder) {
  auto query = parse_stream_query(request, clock_.wall());
  if (!query) return responder.send(json_error(query.error()));
  http::Response head = stream_head(query->format);
  head.headers.emplace_back("Vary", "Accept-Encoding");
  if (query->gzip) head.headers.emplace_back("Content-Encoding", "gzip");
  hub_.add(responder.stream(std::move(head)), *std::move(query), loop_.current());
  watch();
}

// The sampler reads between the ticks, and at every tick, what the streams want so.
void Endpoints::watch() {
  if (hub_.followed() != followed_) {
    followed_ = hub_.followed();
    loop_.follow(followed_);
  }
  if (hub_.watched() == watched_) return;
  watched_ = hub_.watched();
  loop_.watch(watched_, [this, alive = std::weak_ptr(alive_)](const SnapshotPtr& snapshot) {
    server_.post([this, alive, snapshot] {
      if (alive.lock()) hub_.publish_watched(snapshot);
    });
  });
}

void Endpoints::discovery(const Request& request, Responder responder) {
  const std::string* const skipped = request.parameter("skipped");
  if (skipped != nullptr && *skipped != "true" && *skipped != "false")
    return responder.send(Response::text(400, "skipped=" + *skipped + ": give true or false\n"));
  const SnapshotPtr snapshot = loop_.current();
  if (!snapshot) return responder.send(starting());
  // On the worker: it reads a file of each container.
  worker_.submit([this, snapshot, host = host_name(request.header("host")),
                  show_skipped = skipped != nullptr && *skipped == "true",
                  shared = std::make_shared<Responder>(std::move(responder))] {
    const Discovery found = discover(
        *snapshot,
        [this](const inventory::Identity& identity) {
          return local_addresses(loop_.proc(), identity.pid.value_or(0));
        },
        host);
    shared->send(Response::json(200, show_skipped ? to_json(found.skipped) : found.targets));
  });
}

void Endpoints::landing(const Request&, Responder responder) {
  const SnapshotPtr snapshot = loop_.current();
  responder.send(html(landing_page(snapshot.get(), options_.metrics.path, options_.base_path)));
}

void Endpoints::page_file(const Request& request, Responder responder) {
  constexpr std::string_view kBelow = "/page/";
  responder.send(page_.answer(request, std::string_view(request.path).substr(kBelow.size())));
}

void Endpoints::container_page(const Request& request, Responder responder) {
  const SnapshotPtr snapshot = loop_.current();
  if (!snapshot) return responder.send(starting());
  Result<std::string> page = exporter::container_page(*snapshot, request.path, options_.base_path);
  if (!page)
    return responder.send(Response::text(status_of(page.error()), page.error().subject + "\n"));
  responder.send(html(*std::move(page)));
}

void Endpoints::healthz(const Request&, Responder responder) {
  const auto idle = loop_.idle_for();
  if (!idle) return responder.send(starting());
  const nanoseconds limit = 3 * options_.interval + std::chrono::seconds(2);
  if (*idle > limit)
    return responder.send(Response::text(
        503, "the sampler has not finished a tick for " +
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*idle).count()) +
                 " s\n"));
  responder.send(Response::text(200, "ok"));
}

void Endpoints::ready(const Request&, Responder responder) {
  responder.send(loop_.current() ? Response::text(200, "ready\n") : starting());
}

}  // namespace plimsoll::exporter
