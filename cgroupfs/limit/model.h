// What the kernel would answer to one write, and what would be different afterwards: its rules, and
// nothing of its work. Pure.
//
// The planner tries every order on it, tests take it for a kernel, and a differential test compares
// it with the real one (plan_kernel_test.cc). What depends on what processes do (memory that cannot
// be reclaimed) is not known here. Rules: Linux 6.1 and 6.18; the function is named at each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/limit/id_set.h"
#include "cgroupfs/limit/view.h"

namespace plimsoll::limit {

// What a rule says to one write.
struct Verdict {
  int os_error = 0;
  std::string stored;  // What the file reads as afterwards.
  // A second file that the write changes: name and text.
  std::optional<std::pair<std::string, std::string>> also;

  // The second file says something else now.
  [[nodiscard]] bool also_differs(const class KernelModel& model, std::size_t group) const;
};

class KernelModel {
 public:
  explicit KernelModel(KernelView view);

  [[nodiscard]] const KernelView& view() const { return view_; }
  [[nodiscard]] const std::string* text(std::size_t group, std::string_view file) const {
    return view_.groups[group].find(file);
  }
  [[nodiscard]] const std::vector<std::size_t>& children(std::size_t group) const {
    return children_[group];
  }
  [[nodiscard]] std::optional<std::size_t> parent(std::size_t group) const {
    return view_.groups[group].parent;
  }
  // The group or one below it has processes in the controller's hierarchy.
  [[nodiscard]] bool populated(std::size_t group, std::size_t hierarchy) const;

  // Nothing changes. ENOENT without such a file, EPERM for a file without a rule.
  [[nodiscard]] Verdict judge(std::size_t group, std::string_view file,
                              std::string_view text) const;
  // Makes so what judge() accepted, in the state it was asked in.
  void accept(std::size_t group, std::string_view file, std::string_view text, Verdict verdict);
  // The errno, or 0: then it is so.
  [[nodiscard]] int write(std::size_t group, std::string_view file, std::string_view text);

  // v2: what a cpuset really has ("cpus" or "mems") after its ancestors had their say.
  [[nodiscard]] IdSet effective(std::size_t group, std::string_view which) const;

 private:
  void set(std::size_t group, std::string_view file, std::string text);
  void after(std::size_t group, std::string_view file, std::string_view text);
  void refresh_freezer(std::size_t group, bool frozen_above);

  KernelView view_;
  std::vector<std::vector<std::size_t>> children_;
};

}  // namespace plimsoll::limit
