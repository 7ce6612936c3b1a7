// The keeper's socket: who may connect, what they ask, what they are told. Nothing here blocks: who
// does not read its packets is dropped, and neither the container nor others wait for it.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "runtime/shim/protocol.h"

namespace plimsoll::shim {

// What the requests are about. The keeper.
class Kept {
 public:
  virtual ~Kept() = default;
  [[nodiscard]] virtual std::string status() const = 0;  // Content of Answer::kStatus.
  virtual void input(std::string_view bytes) = 0;
  virtual void end_input() = 0;
  [[nodiscard]] virtual Result<> resize(unsigned rows, unsigned columns) = 0;
};

class Server {
 public:
  static constexpr std::size_t kMaxClients = 16;
  struct Client {
    Fd socket;
    bool waits = false;
    bool attached = false;
    bool wants_all = false;          // Attached, and waited for when it is slow.
    bool sends_input = false;        // Not read while the container reads none.
    std::deque<std::string> behind;  // Packets that did not fit.
  };

  // The socket in `dir`, mode 0600; one of an earlier keeper is replaced.
  [[nodiscard]] static Result<Server> create(const DirFd& dir, const char* name);

  [[nodiscard]] int listener() const { return listener_.get(); }
  [[nodiscard]] std::array<Client, kMaxClients>& clients() { return clients_; }
  // Somebody connects: root or our own user, while there is a place; others are closed.
  void accept();
  void serve(Client& client, Kept& kept);

  // To those who attached. A packet that does not fit waits for a second at most, then the client
  // is dropped: the log has all of it. One who wants all keeps it waiting instead.
  void output(Answer stream, std::string_view bytes);
  [[nodiscard]] bool was_attached() const { return was_attached_; }
  [[nodiscard]] bool is_behind() const;
  void catch_up(Client& client);
  // The end: who is behind has two seconds to take the rest.
  void settle();
  void exited(std::string_view record);  // To those who wait.

 private:
  void handle(Client& client, std::string_view packet, Kept& kept);
  void resize(Client& client, std::string_view text, Kept& kept);

  Fd listener_;
  std::array<Client, kMaxClients> clients_;
  bool was_attached_ = false;
};

}  // namespace plimsoll::shim
