// The numbers of a container as nested JSON: fields by their path, and the repeated values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "cgroupfs/read/field.h"
#include "exporter/collect/snapshot.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

// Opens and closes objects so that fields written in the table's order nest by their paths:
// "memory.events.low" after "memory.swap" opens "events" inside "memory". Fields of one object
// stand together in the table (a test checks), so no object is opened twice.
class FieldNesting {
 public:
  explicit FieldNesting(JsonWriter& json) : json_(json) {}
  void write(cgroupfs::Field field, const Limit<std::uint64_t>& value);
  void finish();  // Closes what is open.

 private:
  static constexpr std::size_t kMaxDepth = 4;
  JsonWriter& json_;
  std::array<std::string_view, kMaxDepth> open_{};  // Names of the open objects.
  std::size_t depth_ = 0;
};

// "per_cpu", "cpuset_cpus", "devices", "interfaces", "filesystems", "hugetlb", "numa": each only if
// the row has any.
void write_side_tables(JsonWriter& json, const Snapshot& snapshot, std::size_t row);

}  // namespace plimsoll::exporter
