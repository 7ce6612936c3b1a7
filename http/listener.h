// Listening sockets: bound with plain system calls (so that errors keep their errno and every
// descriptor is CLOEXEC from birth), waited for by the loop.
#pragma once

#include <sys/types.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "http/address.h"
#include "http/door.h"

namespace plimsoll::http {

class Core;

// A socket in the file system that is ours to remove.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile();  // Unless another socket has taken the place.

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct BoundSocket {
  Fd socket;  // Listening, not blocking.
  int family = 0;
  SocketFile file;      // Of a unix socket.
  std::string address;  // "127.0.0.1:41234", "unix:/run/x.sock"
  std::shared_ptr<const Door> door;
};

// See Server::listen().
[[nodiscard]] Result<BoundSocket> bind_and_listen(const std::string& address);

class Listener {
 public:
  Listener(boost::asio::io_context& context, BoundSocket bound);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Loop thread; until destroyed.
  void start(Core& core);

 private:
  struct State;  // Outlives the listener while an operation is outstanding.
  static void wait(const std::shared_ptr<State>& state);
  static void accept_some(const std::shared_ptr<State>& state);
  static void pause(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace plimsoll::http
