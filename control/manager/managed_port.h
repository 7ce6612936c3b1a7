// The way to the kernel where systemd owns groups: writes to a unit's own group are asked of
// systemd, which makes them and remembers them; everything else goes to the control files.
//
// Being a KernelPort, it serves plans, undoing, leases and the start after a kill alike: whatever
// the engine wants a file to say, it says so to the one who writes that file. What the file says
// afterwards is read from the kernel, never believed.
#pragma once

#include <string>
#include <string_view>

#include "cgroupfs/limit/port.h"
#include "control/manager/unit_manager.h"

namespace plimsoll::control {

class ManagedPort final : public limit::KernelPort {
 public:
  // Both must outlive it.
  ManagedPort(limit::KernelPort& kernel, UnitManager& manager)
      : kernel_(kernel), manager_(manager) {}

  [[nodiscard]] Result<std::string> read(const limit::Place& place,
                                         const std::string& file) override {
    return kernel_.read(place, file);
  }
  // cgroup.subtree_control is written directly in any group: systemd has no property for it, and
  // enables the same controller itself as soon as it hears of the property that needs it.
  [[nodiscard]] Result<> write(const limit::Place& place, const std::string& file,
                               std::string_view text) override;

 private:
  Result<> tell(const std::string& unit, const limit::Place& place, const std::string& file,
                std::string_view text);

  limit::KernelPort& kernel_;
  UnitManager& manager_;
};

}  // namespace plimsoll::control
