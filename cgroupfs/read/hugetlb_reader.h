// hugetlb's files, whose names contain the page sizes of this machine.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroupfs/read/record_buffer.h"
#include "cgroupfs/read/sample.h"

namespace plimsoll::cgroupfs {

class HugetlbReader {
 public:
  explicit HugetlbReader(int version) : version_(version) {}
  // Fills sample.hugetlb from the group's directory; kNotOffered when it has no such file, another
  // error names the file.
  [[nodiscard]] Result<> read(const DirFd& group, RecordBuffer& buffer, CgroupSample& sample);

 private:
  // As cAdvisor does, the numbers of reservations stand for usage where the kernel has them (Linux
  // 5.7): a process that reserved pages cannot be refused them later, so they are what a limit
  // bites on.
  struct PageSize {
    std::string name;
    bool rsvd = false;
    bool operator<(const PageSize& other) const { return name < other.name; }
  };
  [[nodiscard]] Result<> learn(const DirFd& group);
  [[nodiscard]] Result<HugetlbUsage> read_one(const DirFd& group, const PageSize& size,
                                              RecordBuffer& buffer) const;

  int version_;
  std::vector<PageSize> sizes_;  // Of the first group that had any.
};

}  // namespace plimsoll::cgroupfs
