#include "exporter/stream/hub.h"

#include <algorithm>
#include <set>
#include <utility>

#include "exporter/stream/json.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

using std::chrono::nanoseconds;

StreamHub::StreamHub(const History* history, nanoseconds tick) : history_(history), tick_(tick) {}

void StreamHub::add(std::shared_ptr<http::Stream> stream, StreamQuery query,
                    const SnapshotPtr& current) {
  Client client;
  client.stream = std::move(stream);
  client.view = view_for(query);
  client.told = query.interval;
  client.query = std::move(query);
  if (client.query.gzip) client.stream->write(gzip_stream_head());
  clients_.push_back(std::move(client));
  client_count_ = clients_.size();
  if (!current) return;
  Client& added = clients_.back();
  added.view->follow(*current);
  if (is_fast(added)) choose_watched(*current);
  choose_followed(*current);
  if (added.query.since_sequence || added.query.since_time) replay(added, *current);
  offer(added, *current);
}

void StreamHub::publish(const SnapshotPtr& snapshot) {
  forget_closed();
  if (clients_.empty()) return;
  for (const auto& [key, view] : views_) view->follow(*snapshot);
  choose_watched(*snapshot);
  choose_followed(*snapshot);
  for (Client& client : clients_)
    if (is_due(client, *snapshot)) offer(client, *snapshot);
}

void StreamHub::publish_watched(const SnapshotPtr& snapshot) {
  for (const auto& [key, view] : views_)
    if (view->watched) view->follow(*snapshot);
  for (Client& client : clients_)
    if (is_fast(client) && client.view->watched && is_due(client, *snapshot))
      offer(client, *snapshot);
}

void StreamHub::finish_all() {
  for (const Client& client : clients_) {
    if (client.query.gzip) client.stream->write(client.end.bytes());
    client.stream->finish();
  }
  clients_.clear();
  forget_closed();
}

StreamStats StreamHub::stats() const {
  return {client_count_, frames_, skipped_, formatted_};
}

std::shared_ptr<StreamView> StreamHub::view_for(const StreamQuery& query) {
  std::shared_ptr<StreamView>& view = views_[StreamView::key(query)];
  if (!view) view = std::make_shared<StreamView>(query);
  return view;
}

void StreamHub::forget_closed() {
  std::erase_if(clients_, [](const Client& client) { return client.stream->closed(); });
  client_count_ = clients_.size();
  std::erase_if(views_, [](const auto& view) { return view.second.use_count() == 1; });
  if (!clients_.empty()) return;
  watched_.clear();
  followed_.clear();
}

bool StreamHub::is_fast(const Client& client) const {
  return client.query.interval < tick_ && tick_ > SamplerLoop::kWatchInterval;
}

// What the client really gets.
nanoseconds StreamHub::interval_of(const Client& client) const {
  if (is_fast(client) && client.view->watched)
    return std::max<nanoseconds>(client.query.interval, SamplerLoop::kWatchInterval);
  return std::max(client.query.interval, tick_);
}

// Samples come when they come: the one nearest to the time wished for is the client's.
bool StreamHub::is_due(const Client& client, const Snapshot& snapshot) const {
  if (snapshot.sequence <= client.offered) return false;
  const nanoseconds step =
      is_fast(client) && client.view->watched ? nanoseconds(SamplerLoop::kWatchInterval) : tick_;
  return snapshot.taken + step / 2 >= client.next_at;
}

// Small views first: who watches few containers closely gets them whoever asks for all.
void StreamHub::choose_watched(const Snapshot& snapshot) {
  std::vector<StreamView*> fast;
  for (const auto& [key, view] : views_) view->watched = false;
  for (const Client& client : clients_)
    if (is_fast(client)) fast.push_back(client.view.get());
  std::ranges::sort(fast, {}, [](const StreamView* view) {
    return std::pair(view->rows().size(), reinterpret_cast<std::uintptr_t>(view));
  });
  fast.erase(std::ranges::unique(fast).begin(), fast.end());
  std::set<std::uint64_t> serials;
  for (StreamView* const view : fast) {
    if (view->rows().size() > kMaxWatched) break;
    std::set<std::uint64_t> more = serials;
    for (const std::size_t row : view->rows()) more.insert(snapshot.rows[row].serial);
    if (more.size() > kMaxWatched) continue;
    serials = std::move(more);
    view->watched = true;
  }
  watched_.assign(serials.begin(), serials.end());
}

void StreamHub::choose_followed(const Snapshot& snapshot) {
  followed_.clear();
  for (const auto& [key, view] : views_) {
    if (!view->shows_more_than_ticks_read()) continue;
    for (const std::size_t row : view->rows()) followed_.push_back(snapshot.rows[row].serial);
  }
  std::ranges::sort(followed_);
  followed_.erase(std::ranges::unique(followed_).begin(), followed_.end());
}

void StreamHub::offer(Client& client, const Snapshot& snapshot) {
  const nanoseconds interval = interval_of(client);
  const bool late = client.next_at == MonoTime{} || snapshot.taken > client.next_at + interval;
  client.next_at = (late ? snapshot.taken : client.next_at) + interval;
  client.offered = snapshot.sequence;
  if (client.stream->pending() > kMaxPending) {
    ++client.skipped;
    ++skipped_;
    return;
  }
  if (client.skipped > 0)
    tell(client, "skipped",
         "{\"skipped\":" + std::to_string(std::exchange(client.skipped, 0)) + "}");
  if (std::exchange(client.told, interval) != interval) {
    std::string json = "{\"interval\":";
    append_seconds(json, static_cast<std::uint64_t>(interval.count()));
    tell(client, "interval", json + "}");
  }
  const std::uint64_t formatted = client.view->formatted();
  send(client, client.view->frame(snapshot, client.sent));
  client.sent = snapshot.sequence;
  formatted_ += client.view->formatted() - formatted;
  ++frames_;
}

void StreamHub::send(Client& client, const StreamPart& part) {
  if (client.query.gzip) client.end.add(part);
  client.stream->write(part.bytes);
}

// Nobody else gets it, so compressing it would hold up all for one; and a replay may be long.
void StreamHub::send_alone(Client& client, std::string text) {
  send(client, client.query.gzip ? stored_part(text) : plain_part(std::move(text)));
}

void StreamHub::tell(Client& client, std::string_view event, const std::string& json) {
  send_alone(client, framed(client.query.format, event, 0, json));
}

void StreamHub::replay(Client& client, const Snapshot& snapshot) const {
  if (history_ == nullptr) return;
  std::size_t queued = 0;
  for (const Client& other : clients_) queued += other.stream->pending();
  const std::size_t room = std::min(kMaxReplay, kMaxQueued - std::min(kMaxQueued, queued));
  // A sequence that is yet to come is of an exporter before this one: all that is kept is news.
  const std::uint64_t asked = client.query.since_sequence.value_or(0);
  const std::uint64_t after = asked > snapshot.sequence ? 0 : asked;
  std::string text;
  for (const std::size_t row : client.view->rows()) {
    if (text.size() > room) {
      text += framed(client.query.format, "truncated", 0, "{\"truncated\":true}");
      break;
    }
    for (const HistoryPoint& point : history_->read(snapshot.rows[row].serial, after,
                                                    client.query.since_time.value_or(WallTime{}))) {
      std::string json;
      append_history_point(json, snapshot.rows[row], point);
      text += framed(client.query.format, "history", 0, json);
    }
  }
  if (!text.empty()) send_alone(client, std::move(text));
}

}  // namespace plimsoll::exporter
