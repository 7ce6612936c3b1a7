// Groups that systemd owns: it writes its units' control files anew from what it was told, at every
// daemon-reload, also those of units with Delegate=; what is below such a unit's own group is the
// unit's (systemd, docs/CGROUP_DELEGATION.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/view.h"
#include "control/manager/manager_port.h"

namespace plimsoll::control {

// The unit whose own group this is: "/system.slice/web.service", "/" (-.slice), and those of users'
// managers. Pure.
[[nodiscard]] std::optional<Unit> unit_of(std::string_view cgroup);
// "systemd unit web.service", "unit app.slice of uid 1000's systemd"
[[nodiscard]] std::string shown(const Unit& unit);

// GroupView::manager of every group, on a host that runs systemd; and in units' groups the files of
// controllers that systemd enables as soon as they are needed.
void name_managers(limit::KernelView& view);

// Writes of knobs to units' own groups go to the manager, all else to `kernel`.
class ManagedPort final : public limit::KernelPort {
 public:
  // `manager` must outlive it.
  ManagedPort(std::unique_ptr<limit::KernelPort> kernel, ManagerPort& manager)
      : kernel_(std::move(kernel)), manager_(manager) {}
  // A file that a unit does not have, because no property needs its controller, says the default.
  Result<std::string> read(const limit::Place& place, const std::string& file) override;
  Result<> write(const limit::Place& place, const std::string& file,
                 std::string_view text) override;

 private:
  std::unique_ptr<limit::KernelPort> kernel_;
  ManagerPort& manager_;
};

}  // namespace plimsoll::control
