// For tests: network namespaces and links of the test's own, the host's untouched. A first
// namespace (the hub) plays the host; everything ends with the object, and with the test process.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::exporter {

class NetLab {
 public:
  NetLab();
  ~NetLab();
  NetLab(const NetLab&) = delete;
  NetLab& operator=(const NetLab&) = delete;

  // "" if this machine lets us make namespaces and links, else why not.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  // The process in the namespace that plays the host.
  [[nodiscard]] pid_t hub() const { return hub_; }
  // A process in a new namespace of its own, or in that of `other`.
  [[nodiscard]] pid_t add();
  [[nodiscard]] pid_t add_in(pid_t other);
  void end(pid_t pid);

  // In the hub: `host_end`, 10.77.<net>.1; in `pid`'s namespace: `name`, 10.77.<net>.2; up and
  // carrying packets both ways.
  void connect(pid_t pid, const std::string& name, const std::string& host_end, int net);
  void disconnect(const std::string& host_end);
  // Interface names must be down to change.
  void rename(pid_t pid, const std::string& from, const std::string& to);
  // An interface with no end in the hub: a pair within `pid`'s namespace, the other end of which is
  // called `other`.
  void add_pair_inside(pid_t pid, const std::string& name, const std::string& other);

  // Datagrams from `pid`'s namespace to 10.77.<net>.<host>, that nobody takes.
  void send(pid_t pid, int net, int host, int count, std::size_t bytes);
  // Frames of a protocol nobody speaks: their receiver counts drops.
  void send_unknown_protocol(pid_t pid, const std::string& interface, int count);
  // Runs in a thread that has moved to the namespace of `pid`.
  void in(pid_t pid, const std::function<void()>& work);
  // Its counters, once they have stopped moving.
  [[nodiscard]] std::string settled_net_dev(pid_t pid);

 private:
  [[nodiscard]] pid_t start(pid_t join);
  void set_up(const std::string& name, const std::string& address);
  void await_flow(pid_t from, const std::string& from_name, pid_t to, const std::string& to_name);

  std::string why_not_;
  pid_t hub_ = -1;
  std::vector<pid_t> children_;
};

}  // namespace plimsoll::exporter
