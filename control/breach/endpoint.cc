#include "control/breach/endpoint.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "base/number.h"
#include "control/breach/encode.h"
#include "control/breach/json_text.h"
#include "control/breach/query.h"

namespace plimsoll::control {

namespace {

constexpr std::chrono::seconds kIdle(30);
constexpr std::string_view kPrefix = "/plimsoll/v1/events/";

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

http::Response refusal(int status, std::string_view kind, std::string_view message) {
  const OrderedJson json = {{"error", {{"kind", kind}, {"message", valid_text(message)}}}};
  return http::Response::json(status, dumped(json));
}

http::Response stream_head(EventFormat format) {
  http::Response head;
  head.content_type = content_type(format);
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // Proxies must not collect a stream.
  return head;
}

}  // namespace

struct EventsEndpoint::Client {
  std::shared_ptr<http::Stream> stream;
  EventsQuery query;
  std::uint64_t sent = 0;  // The last id that it was offered.
  std::uint64_t missed = 0;
  MonoTime last_write;

  // Of the publisher's thread or the loop's, under the lock.
  void offer(const BreachEvent& event, MonoTime now) {
    if (event.id <= sent) return;
    sent = event.id;
    if (!query.accepts(event)) return;
    if (stream->pending() > kMaxPending) {
      ++missed;
      return;
    }
    std::string text = missed > 0 ? lost_frame(*query.stream, missed) : std::string();
    missed = 0;
    text += framed(*query.stream, event);
    stream->write(shared(std::move(text)));
    last_write = now;
  }
};

struct EventsEndpoint::Clients {
  std::mutex mutex;
  std::vector<Client> all;
};

EventsEndpoint::EventsEndpoint(BreachRing& ring, const ReportStore& reports, const Clock& clock)
    : ring_(ring), reports_(reports), clock_(clock), clients_(std::make_shared<Clients>()) {
  listener_ = ring_.listen([clients = clients_, &timer = clock_](const BreachPtr& event) {
    const std::lock_guard lock(clients->mutex);
    for (Client& client : clients->all) client.offer(*event, timer.now());
  });
}

EventsEndpoint::~EventsEndpoint() {
  ring_.unlisten(listener_);
  finish();
}

http::Handler EventsEndpoint::events() {
  return [this](const http::Request& request, http::Responder responder) {
    list(request, std::move(responder));
  };
}

http::Handler EventsEndpoint::one() {
  return [this](const http::Request& request, http::Responder responder) {
    show(request, std::move(responder));
  };
}

void EventsEndpoint::list(const http::Request& request, http::Responder responder) {
  Result<EventsQuery> query = parse_events_query(request, clock_.wall());
  if (!query) return responder.send(refusal(400, "invalid_input", query.error().subject));
  if (!query->stream) {
    const BreachRing::Past past =
        query->after ? ring_.after(*query->after) : ring_.since(query->since.value_or(WallTime{}));
    if (past.restarted) query->after.reset();
    std::vector<BreachPtr> chosen;
    std::ranges::copy_if(past.events, std::back_inserter(chosen),
                         [&](const BreachPtr& event) { return query->accepts(*event); });
    if (chosen.size() > query->limit)
      chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(query->limit));
    std::string body = "{\"events\":[";
    for (std::size_t i = 0; i < chosen.size(); ++i)
      body.append(i > 0 ? "," : "").append(to_json(*chosen[i]));
    body += "],\"last\":" + std::to_string(ring_.last_id());
    if (past.lost > 0) body += ",\"lost\":" + std::to_string(past.lost);
    if (past.restarted) body += ",\"restarted\":true";
    return responder.send(http::Response::json(200, body + "}"));
  }
  const EventFormat format = *query->stream;
  Client client;
  client.stream = responder.stream(stream_head(format));
  client.last_write = clock_.now();
  // Under the lock nothing is published to clients: what is kept now and what comes do not overlap,
  // and leave nothing out, since ids only grow.
  const std::lock_guard lock(clients_->mutex);
  BreachRing::Past past;
  if (query->after)
    past = ring_.after(*query->after);
  else if (query->since)
    past = ring_.since(*query->since);
  else
    client.sent = ring_.last_id();  // Without since= only what comes.
  if (past.restarted) {
    client.stream->write(shared(restarted_frame(format)));
    query->after.reset();
  }
  if (past.lost > 0) client.stream->write(shared(lost_frame(format, past.lost)));
  client.query = *std::move(query);
  for (const BreachPtr& event : past.events) client.offer(*event, client.last_write);
  clients_->all.push_back(std::move(client));
}

void EventsEndpoint::show(const http::Request& request, http::Responder responder) const {
  const std::string_view path = request.path;
  const auto id = to_number<std::uint64_t>(path.substr(std::min(path.size(), kPrefix.size())));
  const BreachPtr event = id ? ring_.find(*id) : nullptr;
  const OomReportPtr report = id ? reports_.find(*id) : nullptr;
  if (!event && !report)
    return responder.send(
        refusal(404, "not_found",
                "no event of this id is kept; the last one is " + std::to_string(ring_.last_id())));
  const std::string* format = request.parameter("format");
  if (format != nullptr && *format == "text")
    return responder.send(
        http::Response::text(200, report ? to_text(*report) : to_text(*event) + "\n"));
  responder.send(http::Response::json(200, report ? to_json(*report) : to_json(*event)));
}

void EventsEndpoint::beat() {
  const MonoTime now = clock_.now();
  const std::lock_guard lock(clients_->mutex);
  std::erase_if(clients_->all, [](const Client& client) { return client.stream->closed(); });
  for (Client& client : clients_->all) {
    if (now - client.last_write < kIdle || client.stream->pending() > 0) continue;
    client.stream->write(shared(idle_frame(*client.query.stream)));
    client.last_write = now;
  }
}

void EventsEndpoint::finish() {
  const std::lock_guard lock(clients_->mutex);
  for (const Client& client : clients_->all) client.stream->finish();
  clients_->all.clear();
}

std::size_t EventsEndpoint::clients() const {
  const std::lock_guard lock(clients_->mutex);
  return clients_->all.size();
}

}  // namespace plimsoll::control
