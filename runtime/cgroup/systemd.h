// systemd's manager, as far as scopes of containers need it, over D-Bus by a client of our own:
// the programs that use it are static, and libsystemd costs them 2 ms at every start.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/limit/limits.h"
#include "runtime/cgroup/dbus_message.h"
#include "runtime/cgroup/paths.h"

namespace plimsoll::runtime {

// Limits as the properties that systemd keeps and writes again at every daemon-reload; those that
// it has no property for are left out. Pure.
[[nodiscard]] std::vector<BusProperty> properties_of(const limit::Limits& limits);

// One connection. Not thread-safe. Errors: kIo, nobody to talk to; kBusy, no answer in time;
// kRejected with systemd's own words; kGone, there is no such unit; kDenied.
class SystemdManager {
 public:
  struct Options {
    // systemd's own socket, for root; else, and where it is not there, the system bus.
    std::string own_socket = "/run/systemd/private";
    std::string bus_socket = "/run/dbus/system_bus_socket";
    std::chrono::seconds timeout{10};  // Without a word from the other side.
  };
  [[nodiscard]] static Result<SystemdManager> connect(const Options& options);
  [[nodiscard]] static Result<SystemdManager> connect() { return connect(Options()); }

  // A scope with `pid` in it; returns when it is there. What is left of an earlier unit of that
  // name is cleared away first.
  [[nodiscard]] Result<> start_scope(const ScopeName& scope, pid_t pid,
                                     const std::vector<BusProperty>& properties);
  // Until the next boot. Nothing to say is not said.
  [[nodiscard]] Result<> set_properties(const std::string& unit,
                                        const std::vector<BusProperty>& properties);
  // Ends what is in it. A unit that is not there is stopped.
  [[nodiscard]] Result<> stop(const std::string& unit);

 private:
  SystemdManager(Fd socket, std::string destination)
      : socket_(std::move(socket)), destination_(std::move(destination)) {}
  [[nodiscard]] static Result<SystemdManager> open(const std::string& path, std::string destination,
                                                   std::chrono::seconds timeout);
  Result<> subscribe();
  Result<BusMessage> call(std::string_view member, std::string signature, BusBody body);
  Result<BusMessage> call_at(BusCall call);
  Result<BusMessage> next();
  Result<> send(std::string_view bytes);
  Result<> receive();
  Result<> begin_scope(const ScopeName& scope, pid_t pid,
                       const std::vector<BusProperty>& properties);

  Fd socket_;
  std::string destination_;  // Empty on systemd's own socket.
  std::string received_;
  std::uint32_t serial_ = 0;
};

}  // namespace plimsoll::runtime
