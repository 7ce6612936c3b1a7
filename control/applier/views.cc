#include "control/applier/views.h"

#include <utility>

#include "control/service/view_part.h"

namespace plimsoll::control {

Views::Views(Machine& machine, const std::vector<std::string>& groups)
    : machine_(machine), together_(machine.view(groups)) {}

limit::KernelView Views::of(const std::string& group) const {
  if (together_) return view_part(*together_, group);
  // One of them fails the reading of all.
  auto alone = machine_.view({&group, 1});
  return alone ? *std::move(alone) : limit::KernelView();
}

}  // namespace plimsoll::control
