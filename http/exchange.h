// One request and its answer, as seen from outside the loop thread: what Responder and Stream hold.
// Everything they do is posted to the loop, in order, and lost if the connection is gone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "http/loop.h"
#include "http/message.h"
#include "http/server.h"

namespace plimsoll::http {

class Connection;

// Shared by the connection and the Stream handle.
struct StreamState {
  Framing framing = Framing::kChunked;
  bool half_close_cancels = true;
  std::atomic<std::size_t> pending{0};
  std::atomic<bool> closed{false};
  std::atomic<bool> finished{false};  // finish() was called.
  std::function<void()> on_close;     // Loop thread only; empty once it ran.

  // Those who wait are few, so that the loop pays for them only when there are some.
  std::atomic<int> waiting{0};
  std::mutex mutex;
  std::condition_variable changed;
  // After `pending` became less, or `closed` true.
  void wake() {
    if (waiting == 0) return;
    const std::lock_guard lock(mutex);
    changed.notify_all();
  }
};

class Responder::Impl {
 public:
  std::shared_ptr<Loop> loop;
  std::weak_ptr<Connection> connection;
  std::uint64_t exchange = 0;  // A connection answers only the one it is at.
  Framing stream_framing = Framing::kChunked;
};

// The stream is over for the producer: tells it, once, from the loop.
void close_stream(Loop& loop, StreamState& state);

// How a frame looks on the wire: its size line comes first when chunked. The cost of framing counts
// as pending too.
[[nodiscard]] std::string chunk_prefix(Framing framing, std::size_t size);
[[nodiscard]] std::string_view chunk_suffix(Framing framing);
[[nodiscard]] std::string_view last_chunk(Framing framing);

}  // namespace plimsoll::http
