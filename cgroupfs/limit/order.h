// Changes into writes, in an order that the kernel accepts. For make_plan() alone.
#pragma once

#include <vector>

#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/translate.h"

namespace plimsoll::limit {

// `model` is taken through the plan; afterwards it has the state that the plan leads to. Changes
// that change nothing make no write. Those that no order gets accepted come last, with the errno.
void order_changes(KernelModel& model, std::vector<Change> changes, Plan& plan);

}  // namespace plimsoll::limit
