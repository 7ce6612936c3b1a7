// systemd over D-Bus (sd-bus): SetUnitProperties with runtime = true, that is, until the next boot
// and across restarts of the unit; nothing is written to /etc.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "control/manager/manager_port.h"
#include "control/manager/properties.h"

struct sd_bus;

namespace plimsoll::control {

class SystemdPort final : public ManagerPort {
 public:
  struct Options {
    // A bus address such as "unix:path=/run/dbus/system_bus_socket"; empty: the system bus, and
    // systemd's own socket where there is none.
    std::string address;
    std::string own_socket = "unix:path=/run/systemd/private";
    std::chrono::milliseconds timeout{10'000};  // Of one call.
  };
  explicit SystemdPort(Options options);
  SystemdPort() : SystemdPort(Options{}) {}
  ~SystemdPort() override;
  SystemdPort(const SystemdPort&) = delete;
  SystemdPort& operator=(const SystemdPort&) = delete;

  [[nodiscard]] std::string why_not(const Unit& unit, const limit::Write& write) const override;
  [[nodiscard]] Result<> write(const Unit& unit, const std::string& file,
                               std::string_view text) override;

  // What write() says, and waits for. kGone, there is no such unit; kDenied; kRejected, it does not
  // take the value; kBusy, no answer in time; kNotOffered, no such property; kIo, nobody to talk
  // to.
  [[nodiscard]] Result<> change(const std::string& unit, const UnitChange& change);

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
  Result<std::uint64_t> number(const std::string& unit, const char* property);
  template <class T>
  Result<T> kept(Result<T> result);

  const Options options_;
  std::mutex mutex_;  // A connection is one thread's at a time.
  Bus bus_;
};

}  // namespace plimsoll::control
