// One change, as the write that makes it. For order.cc alone.
#pragma once

#include <string>

#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/translate.h"

namespace plimsoll::limit {

// The write that brings `text` into the change's file in the state that `model` is in, and its
// undo; what is expected afterwards is not filled in.
[[nodiscard]] Write describe(const KernelModel& model, const Change& change,
                             const std::string& text);
// v2: which CPUs or nodes will hold.
void add_effective(const KernelModel& model, const Change& change, Write& write);
// "EACCES, its parent has only 0-1"
[[nodiscard]] std::string why_refused(const KernelModel& model, const Change& change, int os_error);

}  // namespace plimsoll::limit
