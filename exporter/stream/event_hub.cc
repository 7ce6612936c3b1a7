#include "exporter/stream/event_hub.h"

#include <algorithm>
#include <utility>

namespace plimsoll::exporter {

namespace {

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

EventHub::Listener EventHub::listener_for(std::shared_ptr<http::Stream> stream,
                                          const EventsRequest& request) {
  const StreamFormat format = request.stream.value_or(StreamFormat::kNdjson);
  Listener listener;
  listener.stream = std::move(stream);
  listener.accepts = [request](const Event& event) {
    return request.query.accepts(event) && request.selects(event);
  };
  listener.frame = [format](const Event& event) {
    std::string json;
    append_event(json, event);
    return framed(format, "event", event.sequence, json);
  };
  listener.missed = [format](std::uint64_t count) {
    return framed(format, "skipped", 0, "{\"skipped\":" + std::to_string(count) + "}");
  };
  listener.idle = format == StreamFormat::kSse ? ":\n\n" : "\n";
  return listener;
}

void EventHub::add(Listener listener, const std::vector<EventPtr>& past, MonoTime now) {
  Client client{std::move(listener), 0, now};
  std::vector<std::string> frames;
  std::size_t bytes = 0;
  std::size_t first = past.size();  // The newest count most: framed from the end.
  while (first > 0 && bytes <= kMaxReplay) {
    frames.push_back(client.listener.frame(*past[--first]));
    bytes += frames.back().size();
  }
  std::string text;
  text.reserve(bytes);
  if (first > 0 && client.listener.missed) text += client.listener.missed(first);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) text += *frame;
  for (const EventPtr& event : past)
    client.listener.after = std::max(client.listener.after, event->sequence);
  frames_ += frames.size();
  if (!text.empty()) client.listener.stream->write(shared(std::move(text)));
  clients_.push_back(std::move(client));
  client_count_ = clients_.size();
}

void EventHub::publish(const std::vector<EventPtr>& events, MonoTime now) {
  for (Client& client : clients_)
    for (const EventPtr& event : events) offer(client, *event, now);
}

void EventHub::offer(Client& client, const Event& event, MonoTime now) {
  const Listener& listener = client.listener;
  if (event.sequence <= listener.after || !listener.accepts(event)) return;
  if (listener.stream->pending() > kMaxPending) {
    ++client.missed;
    ++missed_;
    return;
  }
  std::string text;
  if (client.missed > 0 && listener.missed) text = listener.missed(client.missed);
  client.missed = 0;
  text += listener.frame(event);
  listener.stream->write(shared(std::move(text)));
  client.last_write = now;
  ++frames_;
}

void EventHub::beat(MonoTime now) {
  std::erase_if(clients_, [](const Client& client) { return client.listener.stream->closed(); });
  client_count_ = clients_.size();
  for (Client& client : clients_) {
    if (now - client.last_write < kIdle || client.listener.stream->pending() > 0) continue;
    client.listener.stream->write(shared(client.listener.idle));
    client.last_write = now;
  }
}

void EventHub::finish_all() {
  for (const Client& client : clients_) client.listener.stream->finish();
  clients_.clear();
  client_count_ = 0;
}

StreamStats EventHub::stats() const {
  return {client_count_, frames_, missed_};
}

}  // namespace plimsoll::exporter
