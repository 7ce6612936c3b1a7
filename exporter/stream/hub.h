// Streams of snapshots to any number of clients from one thread: a view is formatted once per tick
// and shared, a client that reads slowly skips snapshots (and is told how many) and never holds
// anyone up. Nobody listening costs nothing.
//
// All functions run on the HTTP server's loop thread, but stats() which any thread may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/history.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/collect/snapshot.h"
#include "exporter/stream/stream_query.h"
#include "exporter/stream/view.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct StreamStats {
  std::size_t clients = 0;
  std::uint64_t frames = 0;     // Queued to clients.
  std::uint64_t skipped = 0;    // Snapshots that slow clients did not get.
  std::uint64_t formatted = 0;  // Frames made; each may be many clients'.
};

class StreamHub {
 public:
  // `tick` is the sampler's interval. `history` may be null.
  StreamHub(const History* history, std::chrono::nanoseconds tick);

  // Queues history (if asked for) and the current snapshot, if any; then the client gets what
  // publish() brings, as often as it asked for: at every tick at most, or between the ticks if the
  // containers of its view are few enough to be watched().
  void add(std::shared_ptr<http::Stream> stream, StreamQuery query, const SnapshotPtr& current);
  void publish(const SnapshotPtr& snapshot);
  void finish_all();
  [[nodiscard]] StreamStats stats() const;

  // Which groups (by Row::serial) are to be sampled between the ticks as well; may change with
  // add() and publish(). Their snapshots go to publish_watched().
  [[nodiscard]] const std::vector<std::uint64_t>& watched() const { return watched_; }
  void publish_watched(const SnapshotPtr& snapshot);
  // The groups (by Row::serial, ascending) of which clients see values that a tick does not read
  // by itself; may change with add() and publish().
  [[nodiscard]] const std::vector<std::uint64_t>& followed() const { return followed_; }

  // A client with this much queued skips the next snapshots until it has caught up.
  static constexpr std::size_t kMaxPending = std::size_t{512} << 10;
  // A replay of history stops beyond this, says so ({"truncated":true}), and goes on live: ask for
  // fewer containers. The second bound is for what is queued to all clients together.
  static constexpr std::size_t kMaxReplay = std::size_t{32} << 20;
  static constexpr std::size_t kMaxQueued = std::size_t{128} << 20;
  // Groups read ten times a second at most: 3 % of a core.
  static constexpr std::size_t kMaxWatched = 256;

 private:
  struct Client {
    std::shared_ptr<http::Stream> stream;
    std::shared_ptr<StreamView> view;
    StreamQuery query;
    GzipStreamEnd end;                // Of a stream that is compressed.
    std::chrono::nanoseconds told{};  // The interval that the client knows of.
    MonoTime next_at;
    std::uint64_t skipped = 0;
    std::uint64_t offered = 0;  // Sequence: a tick may be on its way while a client is added.
    std::uint64_t sent = 0;     // Sequence of the last frame that it got.
  };

  [[nodiscard]] std::shared_ptr<StreamView> view_for(const StreamQuery& query);
  [[nodiscard]] bool is_fast(const Client& client) const;
  [[nodiscard]] std::chrono::nanoseconds interval_of(const Client& client) const;
  [[nodiscard]] bool is_due(const Client& client, const Snapshot& snapshot) const;
  void choose_watched(const Snapshot& snapshot);
  void choose_followed(const Snapshot& snapshot);
  void forget_closed();
  void offer(Client& client, const Snapshot& snapshot);
  static void send(Client& client, const StreamPart& part);
  static void send_alone(Client& client, std::string text);
  static void tell(Client& client, std::string_view event, const std::string& json);
  void replay(Client& client, const Snapshot& snapshot) const;

  const History* history_;
  const std::chrono::nanoseconds tick_;
  std::vector<Client> clients_;
  std::map<std::string, std::shared_ptr<StreamView>> views_;  // Only those that somebody has.
  std::vector<std::uint64_t> watched_;
  std::vector<std::uint64_t> followed_;
  std::atomic<std::size_t> client_count_{0};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<std::uint64_t> formatted_{0};
};

}  // namespace plimsoll::exporter
