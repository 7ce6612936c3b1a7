// Many clients of a stream, in a process of their own so that their work is not counted as
// the server's; and when each of them had each line.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::bench {

[[nodiscard]] std::int64_t now_ns();  // Of the monotonic clock.

// What a frame ends with, and does not hold: of JSON lines, and of a gzip stream that is flushed
// after each.
inline constexpr std::string_view kLineEnd = "\n";
inline constexpr std::string_view kFlushEnd{"\0\0\xff\xff", 4};

class StreamClients {
 public:
  // Forks, so before there are threads; connects to `address` and asks for /stream.
  StreamClients(std::string address, std::size_t count, std::string_view end);
  ~StreamClients();
  StreamClients(const StreamClients&) = delete;
  StreamClients& operator=(const StreamClients&) = delete;

  [[nodiscard]] std::size_t connected() const;
  // Waits until all have so many frames; not for ever.
  void await(std::size_t frames) const;
  // Milliseconds from published[i] (now_ns()) until a client had the last byte of frame i; of all
  // clients and frames, sorted.
  [[nodiscard]] std::vector<double> lateness(std::span<const std::int64_t> published) const;

 private:
  struct Shared;
  [[noreturn]] void run(const std::string& address) const;

  std::size_t count_;
  std::string_view end_;
  Shared* shared_ = nullptr;
  pid_t child_ = -1;
};

}  // namespace plimsoll::bench
