// Views of many groups, read together: what is above them is read once.
#pragma once

#include <string>
#include <vector>

#include "cgroupfs/limit/view.h"
#include "control/service/machine.h"

namespace plimsoll::control {

class Views {
 public:
  // `machine` must outlive it. `needed` as for Machine::view().
  Views(Machine& machine, const std::vector<std::string>& groups,
        const cgroupfs::ControllerSet& needed);

  // As machine.view() gave it for that one of the groups; with all controllers where it is in no
  // hierarchy of those needed; empty where it could not be read.
  [[nodiscard]] limit::KernelView of(const std::string& group) const;

 private:
  Machine& machine_;
  Result<limit::KernelView> together_;
};

}  // namespace plimsoll::control
