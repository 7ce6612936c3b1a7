#include "exporter/stream/hub.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "exporter/stream/frame.h"
#include "exporter/stream/json.h"

namespace plimsoll::exporter {

namespace {

using std::chrono::nanoseconds;

}  // namespace

Result<StreamQuery> parse_stream_query(const http::Request& request, WallTime now) {
  StreamQuery query;
  query.selection = PLIMSOLL_TRY(parse_selection(request.query));
  if (request.header("accept").find("text/event-stream") != std::string_view::npos)
    query.format = StreamFormat::kSse;
  if (const std::string* format = request.parameter("format")) {
    const auto named = stream_format_named(*format);
    if (!named) return invalid_input("query", "format=" + *format + ": give ndjson or sse");
    query.format = *named;
  }
  if (const std::string* interval = request.parameter("interval")) {
    const auto duration = parse_duration(*interval);
    if (!duration || *duration == nanoseconds(0) || *duration > std::chrono::hours(1))
      return invalid_input("query", "interval=" + *interval + ": give a time up to 1h, such as 1s");
    query.interval = *duration;
  }
  if (const std::string* since = request.parameter("since")) {
    const Since given = PLIMSOLL_TRY(parse_since(*since, now));
    query.since_sequence = given.sequence;
    query.since_time = given.time;
  } else if (const auto last = to_number<std::uint64_t>(request.header("last-event-id"))) {
    query.since_sequence = last;
  }
  return query;
}

StreamHub::StreamHub(const History* history, nanoseconds tick) : history_(history), tick_(tick) {}

void StreamHub::add(std::shared_ptr<http::Stream> stream, StreamQuery query,
                    const SnapshotPtr& current) {
  Client client;
  client.stream = std::move(stream);
  client.view = query.selection.key() + (query.format == StreamFormat::kSse ? "|sse" : "|ndjson");
  client.every = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>((query.interval + tick_ / 2).count() / tick_.count()));
  client.query = std::move(query);
  if (current) {
    if (client.query.since_sequence || client.query.since_time) replay(client, *current);
    std::map<std::string, Frame> frames;
    offer(client, *current, frames);
  }
  clients_.push_back(std::move(client));
  client_count_ = clients_.size();
}

void StreamHub::publish(const SnapshotPtr& snapshot) {
  std::erase_if(clients_, [](const Client& client) { return client.stream->closed(); });
  client_count_ = clients_.size();
  std::map<std::string, Frame> frames;  // View -> frame of this snapshot.
  for (Client& client : clients_) {
    if (snapshot->sequence <= client.last) continue;
    if (client.wait > 0) {
      --client.wait;
      continue;
    }
    offer(client, *snapshot, frames);
  }
}

void StreamHub::offer(Client& client, const Snapshot& snapshot,
                      std::map<std::string, Frame>& frames) {
  client.wait = client.every - 1;
  client.last = snapshot.sequence;
  if (client.stream->pending() > kMaxPending) {
    ++client.skipped;
    ++skipped_;
    return;
  }
  const StreamFormat format = client.query.format;
  if (client.skipped > 0) {
    const std::string json =
        "{\"skipped\":" + std::to_string(std::exchange(client.skipped, 0)) + "}";
    client.stream->write(std::make_shared<const std::string>(framed(format, "skipped", 0, json)));
  }
  Frame& frame = frames[client.view];
  if (!frame) {
    std::string json;
    append_snapshot(json, snapshot, select_rows(snapshot, client.query.selection));
    frame =
        std::make_shared<const std::string>(framed(format, "snapshot", snapshot.sequence, json));
  }
  client.stream->write(frame);
  ++frames_;
}

void StreamHub::replay(const Client& client, const Snapshot& snapshot) const {
  if (history_ == nullptr) return;
  std::string text;
  for (const std::size_t row : select_rows(snapshot, client.query.selection)) {
    if (text.size() > kMaxReplay) {
      text += framed(client.query.format, "truncated", 0, "{\"truncated\":true}");
      break;
    }
    const auto points =
        history_->read(snapshot.rows[row].serial, client.query.since_sequence.value_or(0),
                       client.query.since_time.value_or(WallTime{}));
    for (const HistoryPoint& point : points) {
      std::string json;
      append_history_point(json, snapshot.rows[row], point);
      text += framed(client.query.format, "history", 0, json);
    }
  }
  if (!text.empty()) client.stream->write(std::make_shared<const std::string>(std::move(text)));
}

void StreamHub::finish_all() {
  for (const Client& client : clients_) client.stream->finish();
  clients_.clear();
  client_count_ = 0;
}

StreamStats StreamHub::stats() const {
  return {client_count_, frames_, skipped_};
}

}  // namespace plimsoll::exporter
