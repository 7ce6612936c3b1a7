// N cgroups of the bench's own in every v1 hierarchy (or in the v2 one), removed at the end, and
// the floor program: the same files held open, one pread each into a buffer, no parsing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::bench {

// /sys/fs/cgroup/*/plimsoll-test-bench-<pid>/c00000 ... Needs root.
class BenchHost {
 public:
  explicit BenchHost(std::size_t groups);
  ~BenchHost();
  BenchHost(const BenchHost&) = delete;
  BenchHost& operator=(const BenchHost&) = delete;

  // A layout whose hierarchies are rooted at our own directory: nothing else on the host is seen.
  [[nodiscard]] cgroupfs::Layout layout() const;
  [[nodiscard]] const std::vector<std::string>& groups() const { return groups_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool v1() const { return v1_; }
  // Half a CPU for each group.
  void set_quotas() const;
  // Absolute path of one control file, by v1 controller directory ("" on v2).
  [[nodiscard]] std::string path(const std::string& group, const std::string& controller,
                                 const std::string& file) const;

 private:
  std::string name_;
  bool v1_ = true;
  std::vector<std::string> mounts_;  // Where our directory was made.
  std::vector<std::string> groups_;
};

struct FloorFile {
  const char* controller;  // v1 directory
  const char* file;
};
enum class Quota : std::uint8_t { kNone, kSet };
// The hot files as the reader reads them on a kernel that counts no block IO (Linux 6.10 and later,
// v1), and all ten that change from sample to sample (a cAdvisor-like sample).
[[nodiscard]] std::span<const FloorFile> hot_files(bool v1, Quota quota);
[[nodiscard]] std::span<const FloorFile> dynamic_files(bool v1);

class Floor {
 public:
  Floor(const BenchHost& host, std::span<const FloorFile> files);
  // One round: every file of every group it holds. Returns bytes read.
  std::size_t read();
  // Of the host's: as many as there are descriptors for beside our own reader's.
  [[nodiscard]] std::size_t groups() const { return groups_; }

 private:
  std::size_t groups_;
  std::vector<Fd> fds_;
  std::vector<char> buffer_;
};

// CPU seconds (user + system) of the calling thread.
[[nodiscard]] double thread_cpu();
[[nodiscard]] double median(std::vector<double> values);
// Resident bytes of this process.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace plimsoll::bench
