// systemd over D-Bus (sd-bus).
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "control/manager/unit_manager.h"

struct sd_bus;

namespace plimsoll::control {

class SystemdManager final : public UnitManager {
 public:
  struct Options {
    // A bus address such as "unix:path=/run/dbus/system_bus_socket"; empty: the system bus, and
    // systemd's own socket where there is none.
    std::string address;
    std::string own_socket = "unix:path=/run/systemd/private";
    std::chrono::milliseconds timeout{10'000};  // Of one call.
  };
  explicit SystemdManager(Options options);
  SystemdManager() : SystemdManager(Options{}) {}
  ~SystemdManager() override;
  SystemdManager(const SystemdManager&) = delete;
  SystemdManager& operator=(const SystemdManager&) = delete;

  [[nodiscard]] Result<std::string> control_group(const std::string& unit) override;
  [[nodiscard]] Result<> change(const std::string& unit, const UnitChange& change) override;

 private:
  struct Close {
    void operator()(sd_bus* bus) const;
  };
  using Bus = std::unique_ptr<sd_bus, Close>;

  // The connection, made at the first call, and again after it broke.
  Result<sd_bus*> bus();
  Result<Bus> connect() const;
  Result<> set_properties(sd_bus* bus, const std::string& unit, const UnitChange& change);
  Result<> freeze(sd_bus* bus, const std::string& unit, limit::Switch state);
  Result<> settle(sd_bus* bus);
  template <class T>
  Result<T> kept(Result<T> result);

  const Options options_;
  std::mutex mutex_;  // A connection is one thread's at a time.
  Bus bus_;
};

// Whether this host's init is systemd, by the directory that it makes at the start (sd_booted(3)):
// `run` is the host's /run. Without it nobody owns groups, whatever they are called.
[[nodiscard]] bool runs_systemd(const char* run = "/run");

}  // namespace plimsoll::control
