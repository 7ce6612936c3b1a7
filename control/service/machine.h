// The seam to the host: its groups, who they are, and the way to their files. HostMachine is the
// kernel; tests put a FakeKernel here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/value.h"
#include "cgroupfs/limit/view.h"
#include "control/manager/manager_port.h"
#include "control/service/target.h"
#include "control/store/moment.h"

namespace plimsoll::control {

// Safe from every thread.
class Machine {
 public:
  virtual ~Machine() = default;
  // Every group there is now, and who it is.
  [[nodiscard]] virtual Result<std::vector<Target>> targets() = 0;
  // The one of these that is at `path`, or none.
  [[nodiscard]] virtual Result<std::vector<Target>> targets_at(const std::string& path) = 0;
  // As limit::read_view(), with GroupView::manager filled in.
  [[nodiscard]] virtual Result<limit::KernelView> view(
      std::span<const std::string> groups, const cgroupfs::ControllerSet& controllers) = 0;
  [[nodiscard]] Result<limit::KernelView> view(std::span<const std::string> groups) {
    return view(groups, limit::kAll);
  }
  // For one change: not to be shared between threads. Writes to what a manager owns go through the
  // manager, where there is a way to it.
  [[nodiscard]] virtual std::unique_ptr<limit::KernelPort> port() = 0;
  // The way to the manager of units; null: there is none, and their limits are not ours to change.
  [[nodiscard]] virtual const ManagerPort* manager() const = 0;
  // What percentages are of.
  [[nodiscard]] virtual limit::Host host() = 0;
  [[nodiscard]] virtual std::uint64_t free_swap() = 0;
  [[nodiscard]] virtual Moment now() = 0;
};

}  // namespace plimsoll::control
