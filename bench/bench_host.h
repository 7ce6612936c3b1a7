// N cgroups of the bench's own in every v1 hierarchy (or in the v2 one), removed at the end, and
// the floor program: the same files held open, one pread each into a buffer, no parsing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::bench {

// How many groups the command line asks for, 1000 if it asks for none. Nothing: it was said what is
// wrong, and who calls exits with 2.
[[nodiscard]] std::optional<std::size_t> groups_asked(std::span<char*> arguments);

enum class Names : std::uint8_t {
  kPlain,   // c00000
  kDocker,  // docker/<64 characters>: each is a container, by its path.
};

// /sys/fs/cgroup/*/plimsoll-test-bench-<pid>/c00000 ... Needs root. What killed runs have left is
// removed first.
class BenchHost {
 public:
  explicit BenchHost(std::size_t groups, Names names = Names::kPlain);
  ~BenchHost();
  BenchHost(const BenchHost&) = delete;
  BenchHost& operator=(const BenchHost&) = delete;

  // A layout whose hierarchies are rooted at our own directory: nothing else on the host is seen.
  [[nodiscard]] cgroupfs::Layout layout() const;
  [[nodiscard]] static cgroupfs::Layout whole_layout();
  // Below it.
  [[nodiscard]] const std::vector<std::string>& groups() const { return groups_; }
  // The path of a group from the hierarchy's root; without one, that of all.
  [[nodiscard]] std::string whole(const std::string& group) const {
    return "/" + name_ + "/" + group;
  }
  [[nodiscard]] std::string top() const { return "/" + name_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool v1() const { return v1_; }
  // Half a CPU for each group.
  void set_quotas() const;
  // Absolute path of one control file, by v1 controller directory ("" on v2).
  [[nodiscard]] std::string path(const std::string& group, const std::string& controller,
                                 const std::string& file) const;

 private:
  void make(const std::string& below) const;

  std::string name_;
  bool v1_ = true;
  std::vector<std::string> mounts_;  // Where our directory was made.
  std::vector<std::string> groups_;
};

// A cgroup root where only the host's groups are: bind mounts in a mount namespace of our own.
[[nodiscard]] std::string private_root(const BenchHost& host);

struct FloorFile {
  const char* controller;  // v1 directory
  const char* file;
};
enum class Quota : std::uint8_t { kNone, kSet };
// The hot files as the reader reads them on a kernel that counts no block IO (Linux 6.10 and later,
// v1), and all ten that change from sample to sample (a cAdvisor-like sample).
[[nodiscard]] std::span<const FloorFile> hot_files(bool v1, Quota quota);
[[nodiscard]] std::span<const FloorFile> dynamic_files(bool v1);

// The files of all groups, held by as many processes as their descriptors need, which read one
// after the other: so the floor's caches are as cold as ours.
class Floor {
 public:
  Floor(const BenchHost& host, std::span<const FloorFile> files);
  ~Floor();
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;
  // One round, every file of every group. CPU seconds, of the reading alone.
  double read();

 private:
  struct Process {
    int id = 0;
    Fd line;
  };
  std::vector<Process> processes_;
};

}  // namespace plimsoll::bench
