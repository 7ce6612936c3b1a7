// What the connections and listeners of one server share: limits, routes, counters, and the list of
// who is connected. Loop thread only, unless said otherwise.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "http/connection.h"
#include "http/counters.h"
#include "http/disk_writer.h"
#include "http/loop.h"
#include "http/router.h"
#include "http/server.h"

namespace plimsoll::http {

class Gate;
class Listener;
struct Door;

class Core {
 public:
  explicit Core(const ServerLimits& server_limits);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  const ServerLimits limits;
  const std::shared_ptr<Loop> loop = std::make_shared<Loop>();
  Router router;
  Counters counters;           // Any thread.
  DiskWriter disk;             // Any thread.
  std::shared_ptr<Gate> gate;  // Null: everybody gets in.

  void add(std::unique_ptr<Listener> listener);
  // A new client. At the cap, the one that is idle longest makes room, or the newcomer is refused.
  void admit(Fd socket, int family, std::string peer, std::shared_ptr<const Door> door);
  // Closes the longest idle connection; false when nobody is idle.
  bool shed_one();

  void set_idle(Connection& connection);
  void set_busy(Connection& connection);
  void forget(Connection& connection);

  // The value of the Date header, rendered once per second.
  [[nodiscard]] std::string_view date();

  [[nodiscard]] bool stopping() const { return stopping_; }
  // No new clients; when the last one is gone, or the moment they are given is over, the loop ends.
  void drain();
  // The loop does not run (any more): closes whatever is left.
  void finish();

 private:
  void close_all();

  bool stopping_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  Connection::IdleList idle_;  // Longest idle first.
  std::time_t date_time_ = -1;
  std::string date_text_;
};

}  // namespace plimsoll::http
