// From what is wanted of one group to the texts that its control files must get; the order is
// somebody else's (order.h).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/plan.h"

namespace plimsoll::limit {

// One file that must say something else.
struct Change {
  std::size_t group = 0;
  std::string file;
  std::string key;  // As Write::key.
  std::string text;
  std::optional<Knob> knob;
  std::string reason;
  std::string hazard;
};

struct Translated {
  std::vector<Change> changes;
  std::vector<Refusal> refusals;
};

// Of one group in `model`, which has the state before the plan. Files of controllers that v2 has
// not enabled there count as offered, with a change of the ancestors' cgroup.subtree_control in
// front, if allowed.
[[nodiscard]] Translated translate(const KernelModel& model, std::size_t group,
                                   const Limits& limits, const PlanOptions& options);

// In parts, each for one controller, for translate() alone.
class Translator {
 public:
  Translator(const KernelModel& model, std::size_t group, const PlanOptions& options)
      : model_(model), group_(group), options_(options) {}
  [[nodiscard]] Translated run(const Limits& limits);

 private:
  // Where a setting goes: nothing was refused.
  struct Target {
    int version = 0;
    std::string file;
  };

  void one(const Setting& setting);
  void weight(const Setting& setting);
  void cpuset(const Setting& setting);
  void plain(const Setting& setting, std::string text, std::string key = "");
  void memory(const Setting& setting);
  void inherited(const Setting& setting);
  void io_weight(const Setting& setting);
  void bandwidth(const std::vector<Setting>& settings);
  void memory_v1(const std::vector<Setting>& settings);
  void throttle(const std::vector<Setting>& settings);
  void throttle_v1(const Setting& setting);
  void hugetlb(const Setting& setting);

  [[nodiscard]] std::optional<Target> target(const Setting& setting);
  [[nodiscard]] std::optional<Target> target_v2(const Setting& setting, std::string file);
  [[nodiscard]] bool offered(const std::string& file) const;
  bool enable(cgroupfs::Controller controller, const Setting& setting);
  [[nodiscard]] bool in_range(const Setting& setting, std::uint64_t value);
  [[nodiscard]] bool device_holds(const Setting& setting);
  [[nodiscard]] const std::string* current(std::string_view file) const {
    return model_.text(group_, file);
  }
  [[nodiscard]] std::string default_of(const Setting& setting, int version) const;
  [[nodiscard]] std::string usage_hazard(Knob knob, int version, std::uint64_t bytes) const;

  void change(const Setting& setting, std::string file, std::string text, std::string key,
              std::string_view note = "", std::string hazard = "");
  void refuse(const Setting& setting, std::string reason);

  const KernelModel& model_;
  std::size_t group_;
  const PlanOptions& options_;
  Translated out_;
};

}  // namespace plimsoll::limit
