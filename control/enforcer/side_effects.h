// Which writes change more than their own file. For the enforcer alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

#include "cgroupfs/limit/plan.h"

namespace plimsoll::control {

// `one` may change what the file of `other` says.
[[nodiscard]] inline bool has_say_in(const limit::Write& one, const limit::Write& other) {
  // A v1 freezer says what its ancestors' do; an enabled controller brings its files.
  if (one.file == "freezer.state") return other.file == one.file;
  if (!one.knob) return true;
  if (one.at != other.at) return false;
  // A group that becomes idle, or no longer is, gets another weight.
  return one.file == other.file || (one.file == "cpu.idle" && other.file.starts_with("cpu."));
}

// The same of many writes at once, by group and file: a plan for a host has ten thousand. The
// writes must outlive it.
class SideEffects {
 public:
  void add(const limit::Write& write) {
    if (write.file == "freezer.state")
      ++freezers_;
    else if (!write.knob)
      ++enablings_;
    else
      ++files_[key(write, write.file)];
  }
  // How many of the added ones, `write` itself included if it is one of them.
  [[nodiscard]] std::size_t having_say_in(const limit::Write& write) const {
    std::size_t count = enablings_;
    if (write.file == "freezer.state") return count + freezers_;
    count += number(key(write, write.file));
    if (write.file.starts_with("cpu.") && write.file != "cpu.idle")
      count += number(key(write, "cpu.idle"));
    return count;
  }

 private:
  using Key = std::tuple<std::size_t, std::uint64_t, std::string_view, std::string_view>;
  static Key key(const limit::Write& write, std::string_view file) {
    return {write.at.hierarchy, write.at.inode, write.at.cgroup, file};
  }
  [[nodiscard]] std::size_t number(const Key& key) const {
    const auto found = files_.find(key);
    return found == files_.end() ? 0 : found->second;
  }

  std::size_t freezers_ = 0;
  std::size_t enablings_ = 0;
  std::map<Key, std::size_t> files_;
};

}  // namespace plimsoll::control
