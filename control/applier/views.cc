#include "control/applier/views.h"

#include <utility>

#include "control/service/view_part.h"

namespace plimsoll::control {

Views::Views(Machine& machine, const std::vector<std::string>& groups,
             const cgroupfs::ControllerSet& needed)
    : machine_(machine), together_(machine.view(groups, needed)) {}

limit::KernelView Views::of(const std::string& group) const {
  if (together_ && together_->index_of(group)) return view_part(*together_, group);
  // One of them fails the reading of all; or the plan has to say which hierarchy it is not in.
  auto alone = machine_.view({&group, 1});
  return alone ? *std::move(alone) : limit::KernelView();
}

}  // namespace plimsoll::control
