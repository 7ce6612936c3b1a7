#include "bench/measure.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/read_file.h"

namespace plimsoll::bench {

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

std::size_t resident_bytes() {
  const DirFd proc = open_dir("/proc").value();
  const std::string text = read_file_at(proc, "self/statm").value();
  unsigned long total = 0;
  unsigned long resident = 0;
  std::sscanf(text.c_str(), "%lu %lu", &total, &resident);
  return static_cast<std::size_t>(resident) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace plimsoll::bench
