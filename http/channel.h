// A connection that was taken over: bytes both ways, without framing, until somebody closes it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace plimsoll::http {

// All run on the loop thread, one at a time, and must not block. Empty ones are not called.
struct ChannelEvents {
  // Also what came right behind the request. Good during the call only.
  std::function<void(std::string_view)> on_data;
  // The client closed its sending side: nothing more comes, and it still reads. At most once.
  std::function<void()> on_half_close;
  // It is over, whoever ended it. Exactly once, last of all; nothing is called after it.
  std::function<void()> on_close;
};

// Thread-safe; all calls return at once. Dropping the last handle is close(). No deadline ends a
// channel: a terminal may be quiet, or stopped by its user, for days.
class Channel {
 public:
  virtual ~Channel() = default;
  // Queues bytes. The frame is shared, not copied. Ignored when null, empty, or after the end.
  virtual void write(std::shared_ptr<const std::string> frame) = 0;
  // Bytes queued and not yet taken by the kernel, the response's head included; 0 once closed.
  [[nodiscard]] virtual std::size_t pending() const = 0;
  // The client went away, or close() has been carried out, or the server stopped.
  [[nodiscard]] virtual bool closed() const = 0;
  // The client sees the end of the output once what is queued is sent; its input still comes.
  virtual void finish_writing() = 0;
  // Ends both directions once what is queued is sent.
  virtual void close() = 0;
  // No on_data until resume_reading(), save for one read that was under way when another thread
  // called. The client's bytes wait in the socket, so that it is slowed down.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
};

}  // namespace plimsoll::http
