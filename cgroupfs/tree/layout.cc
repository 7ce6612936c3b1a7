#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {
namespace {

// In enumerator order. v1 is empty where the word is the same in both versions.
struct ControllerWords {
  std::string_view name;
  std::string_view v1;
};
constexpr std::array<ControllerWords, kControllerCount> kWords = {{{"cpu", ""},
                                                                   {"cpuacct", ""},
                                                                   {"cpuset", ""},
                                                                   {"memory", ""},
                                                                   {"io", "blkio"},
                                                                   {"pids", ""},
                                                                   {"hugetlb", ""},
                                                                   {"freezer", ""},
                                                                   {"devices", ""},
                                                                   {"perf_event", ""},
                                                                   {"misc", ""},
                                                                   {"rdma", ""},
                                                                   {"net_cls", ""},
                                                                   {"net_prio", ""}}};

}  // namespace

std::string_view name_of(Controller controller) {
  return kWords[static_cast<std::size_t>(controller)].name;
}

std::optional<Controller> controller_named(std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (kWords[i].name == name || kWords[i].v1 == name) return static_cast<Controller>(i);
  return std::nullopt;
}

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::kV1:
      return "v1";
    case Mode::kV2:
      return "v2";
    case Mode::kHybrid:
      return "hybrid";
  }
  return "v1";
}

std::optional<std::size_t> Layout::of(Controller controller) const {
  for (std::size_t i = 0; i < hierarchies.size(); ++i)
    if (hierarchies[i].controllers.test(static_cast<std::size_t>(controller))) return i;
  return std::nullopt;
}

std::optional<std::size_t> Layout::unified() const {
  for (std::size_t i = 0; i < hierarchies.size(); ++i)
    if (hierarchies[i].version == 2) return i;
  return std::nullopt;
}

}  // namespace plimsoll::cgroupfs
