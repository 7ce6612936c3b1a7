// A small asynchronous HTTP/1.1 server: one loop thread, TCP (IPv4, IPv6) and unix sockets, limits
// and deadlines from the start, streams. Built on Boost.Beast behind this plain header (no Beast
// type leaks out).
//
// Handlers run on the loop thread and must not block: they answer through the Responder now or
// later, from any thread. A client that is slow to read never holds anyone up: see Stream.
//
// Malformed requests never reach a handler. What two parsers could read differently is refused:
// bare LF, continued lines, repeated or conflicting body lengths, unknown codings, no or two Hosts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "http/body_rule.h"
#include "http/channel.h"

namespace plimsoll::http {

// The process at the other end of a unix socket, as it was when it connected.
struct PeerProcess {
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // Its supplementary groups; none where the kernel hides them.
};

struct Request {
  std::string method;  // "GET"
  std::string target;  // As sent: "/api/v1/containers/a%20b?x=1"
  std::string path;    // Decoded, without the query; never contains NUL; "." and ".." segments are
                       // refused (400).
  std::vector<std::pair<std::string, std::string>> query;    // Decoded, in order.
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case, in order.
  std::string body;
  // Instead of `body` where a BodyRule said so; at its beginning.
  std::shared_ptr<const Fd> body_file;
  std::string peer;                            // "127.0.0.1:54321", "unix"
  std::shared_ptr<const PeerProcess> process;  // Null: not a unix socket.

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  // "" if absent
  [[nodiscard]] const std::string* parameter(
      std::string_view name) const;  // First; null if absent.
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  // Further ones. The server writes Content-Length, Transfer-Encoding, Connection and Date itself
  // and skips them here, and Server unless it is here; control characters become spaces.
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> body;  // Shared: formatted once, sent to many. Null = empty.

  [[nodiscard]] static Response text(int status, std::string body);
  [[nodiscard]] static Response json(int status, std::string body);
};

// A response without end (NDJSON, SSE). Thread-safe; all calls return at once. Dropping the last
// handle without finish() cuts the connection, so that the client can tell that something is
// missing.
class Stream {
 public:
  virtual ~Stream() = default;
  // Queues one frame. The frame is shared, not copied. Ignored when empty, finished or closed.
  virtual void write(std::shared_ptr<const std::string> frame) = 0;
  // Bytes queued and not yet taken by the kernel: the producer skips frames for a client that is
  // behind. Counts chunk framing and the response head, too; 0 once closed.
  [[nodiscard]] virtual std::size_t pending() const = 0;
  // Waits until no more than `most` bytes are pending, or it is closed: for threads that copy much.
  // Never on the loop thread. False: closed.
  [[nodiscard]] virtual bool wait_for_room(std::size_t most) = 0;
  // The client went away, or the server stopped.
  [[nodiscard]] virtual bool closed() const = 0;
  // Ends the response properly once what is queued is sent.
  virtual void finish() = 0;
};

// What the end of the client's sending side means for a stream.
enum class HalfClose : std::uint8_t {
  kCancels,  // Nobody waits any more.
  kIgnored   // The client reads on; that it has gone shows when it is written to.
};

// Answers one request exactly once. Dropping it unanswered sends 500. Movable, usable from any
// thread.
class Responder {
 public:
  class Impl;
  explicit Responder(std::shared_ptr<Impl> impl);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  void send(Response response);
  // Sends status and headers at once (chunked; HTTP/1.0: until the end of the connection).
  // `on_close` runs at most once, on the loop thread, when the client leaves (also by closing its
  // sending side, unless that is ignored) or the server stops before finish(). The stream of a HEAD
  // request is closed from the beginning. Not to be called after send(); a second send() is
  // ignored.
  [[nodiscard]] std::shared_ptr<Stream> stream(Response head, std::function<void()> on_close = {},
                                               HalfClose half_close = HalfClose::kCancels);
  // Takes the connection over. The client hears 101 with "Upgrade: tcp" if it asked for an upgrade,
  // else 200 and a body until the end of the connection; the head's own status is not used.
  [[nodiscard]] std::shared_ptr<Channel> hijack(Response head, ChannelEvents events);

 private:
  std::shared_ptr<Impl> impl_;
};

// The request is good during the call only. An exception that leaves a handler answers 500.
using Handler = std::function<void(const Request&, Responder)>;

struct ServerLimits {
  std::size_t header_bytes = std::size_t{16} * 1024;  // 431 beyond it.
  std::size_t header_count = 100;                     // 431
  std::size_t body_bytes = std::size_t{1} << 20;      // 413
  std::chrono::milliseconds header_deadline{
      5000};  // From the first byte (or accept) to the end of the headers.
  std::chrono::milliseconds body_deadline{30'000};
  std::chrono::milliseconds idle_timeout{30'000};  // Keep-alive connections.
  std::chrono::milliseconds write_deadline{
      30'000};                     // No progress in sending: the connection is closed.
  std::size_t connections = 1024;  // At the cap the longest idle one is shed; none idle: refused.
};

class Gate;

struct ServerStats {
  std::size_t connections = 0;  // Open now.
  std::uint64_t accepted = 0;
  std::uint64_t shed = 0;      // Idle ones closed for newcomers.
  std::uint64_t refused = 0;   // Newcomers closed because nobody was idle.
  std::uint64_t timeouts = 0;  // Header, body or write deadline.
  std::uint64_t bad_requests = 0;
  std::uint64_t failed_handshakes = 0;  // TLS: no common version, no certificate, not one we trust.
  std::map<std::pair<std::string, int>, std::uint64_t>
      requests;  // (route pattern or "other", status) -> count
};

// Routes are matched longest first: an exact path ("/metrics") or a prefix ending in "/*"
// ("/api/v1/containers/*"). A path nobody claims is 404; a known path with a method that was not
// given is 405 with Allow. HEAD is answered for every GET route without a body. A route without
// methods takes all; "/*" takes what is nobody else's.
class Server {
 public:
  [[nodiscard]] static std::unique_ptr<Server> create(ServerLimits limits = {});
  virtual ~Server() = default;  // stop()s.

  // Before run(), or on the loop thread. A pattern may be given again with other methods.
  // Without `bodies`, bodies are read into memory.
  virtual void route(std::string pattern, std::vector<std::string> methods, Handler handler,
                     BodyChooser bodies) = 0;
  void route(std::string pattern, std::vector<std::string> methods, Handler handler) {
    route(std::move(pattern), std::move(methods), std::move(handler), {});
  }

  // Before run(): asks `gate` about every connection and every request, before any route is looked
  // at (see gate.h). Without one everybody gets in.
  virtual void guard(std::shared_ptr<Gate> gate) = 0;

  // "127.0.0.1:7546", "[::1]:7546", ":7546" (all addresses, IPv4 and IPv6), "unix:/run/x.sock"
  // (mode 0660). Port 0 picks one. Returns the bound address ("127.0.0.1:41234"). kInvalidInput for
  // an address that does not parse; kBusy-or-other with the address in the subject when the bind
  // fails. A stale unix socket nobody listens on is replaced; a live one is refused.
  [[nodiscard]] virtual Result<std::string> listen(const std::string& address) = 0;

  // Runs the loop until stop(); call it from the thread that shall be the loop thread.
  virtual void run() = 0;
  // From any thread or none: no new connections, answers in progress get a moment, streams end,
  // run() returns.
  virtual void stop() = 0;
  // Runs `task` on the loop thread soon.
  virtual void post(std::function<void()> task) = 0;
  // Runs `task` on the loop thread after `delay`.
  virtual void after(std::chrono::nanoseconds delay, std::function<void()> task) = 0;
  [[nodiscard]] virtual ServerStats stats() const = 0;
};

}  // namespace plimsoll::http
