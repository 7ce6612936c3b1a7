// Streams of snapshots to any number of clients from one thread: a view is formatted once per tick
// and shared, a client that reads slowly skips snapshots (and is told how many) and never holds
// anyone up.
//
// All functions run on the HTTP server's loop thread, but stats() which any thread may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/history.h"
#include "exporter/collect/snapshot.h"
#include "exporter/stream/frame.h"
#include "exporter/stream/select.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct StreamQuery {
  Selection selection;
  StreamFormat format = StreamFormat::kNdjson;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  // Replay from history before going live: points later than this sequence or this time.
  std::optional<std::uint64_t> since_sequence;
  std::optional<WallTime> since_time;
};

// Reads interval=, since= (a sequence "#123", an RFC 3339 time, unix seconds, or an age such as
// "-5m"), format= ndjson|sse, and the selection; the Accept header chooses SSE when format= is not
// given; Last-Event-ID is since_sequence when since= is not given.
[[nodiscard]] Result<StreamQuery> parse_stream_query(const http::Request& request, WallTime now);

struct StreamStats {
  std::size_t clients = 0;
  std::uint64_t frames = 0;   // Queued to clients.
  std::uint64_t skipped = 0;  // Snapshots that slow clients did not get.
};

class StreamHub {
 public:
  // `tick` is the sampler's interval: intervals are rounded up to whole ticks. `history` may be
  // null.
  StreamHub(const History* history, std::chrono::nanoseconds tick);

  // Queues history (if asked for) and the current snapshot, if any; then the client gets what
  // publish() brings.
  void add(std::shared_ptr<http::Stream> stream, StreamQuery query, const SnapshotPtr& current);
  void publish(const SnapshotPtr& snapshot);
  void finish_all();
  [[nodiscard]] StreamStats stats() const;

  // A client with this much queued skips the next snapshots until it has caught up.
  static constexpr std::size_t kMaxPending = std::size_t{4} << 20;
  // A replay of history stops beyond this, says so ({"truncated":true}), and goes on live: ask for
  // fewer containers.
  static constexpr std::size_t kMaxReplay = std::size_t{32} << 20;

 private:
  struct Client {
    std::shared_ptr<http::Stream> stream;
    std::string view;  // Key of selection and format.
    StreamQuery query;
    std::uint64_t every = 1;  // Ticks between frames.
    std::uint64_t wait = 0;   // Ticks until the next one.
    std::uint64_t skipped = 0;
    std::uint64_t last = 0;  // Sequence offered: a tick may be on its way while a client is added.
  };
  using Frame = std::shared_ptr<const std::string>;

  void replay(const Client& client, const Snapshot& snapshot) const;
  void offer(Client& client, const Snapshot& snapshot, std::map<std::string, Frame>& frames);

  const History* history_;
  const std::chrono::nanoseconds tick_;
  std::vector<Client> clients_;
  std::atomic<std::size_t> client_count_{0};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> skipped_{0};
};

}  // namespace plimsoll::exporter
