// Many clients of a stream of lines, in a process of their own so that their work is not counted as
// the server's; and when each of them had each line.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace plimsoll::bench {

[[nodiscard]] std::int64_t now_ns();  // Of the monotonic clock.

class StreamClients {
 public:
  // Forks, so before there are threads; connects to `address` and asks for /stream.
  StreamClients(std::string address, std::size_t count);
  ~StreamClients();
  StreamClients(const StreamClients&) = delete;
  StreamClients& operator=(const StreamClients&) = delete;

  [[nodiscard]] std::size_t connected() const;
  // Waits until all have so many lines; not for ever.
  void await(std::size_t lines) const;
  // Milliseconds from published[i] (now_ns()) until a client had the last byte of line i; of all
  // clients and lines, sorted.
  [[nodiscard]] std::vector<double> lateness(std::span<const std::int64_t> published) const;

 private:
  struct Shared;
  [[noreturn]] void run(const std::string& address) const;

  std::size_t count_;
  Shared* shared_ = nullptr;
  pid_t child_ = -1;
};

}  // namespace plimsoll::bench
