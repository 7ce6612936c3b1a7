// A few chosen fields of many containers, for streams of ten frames a second: who they are once, in
// a key frame, then only numbers, and only of containers that changed. Shape: docs/api.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cgroupfs/read/field.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// "cpu.usage,memory.usage": paths of the field table. kInvalidInput names the one that is none.
[[nodiscard]] Result<std::vector<cgroupfs::Field>> parse_columns(std::string_view list);

// Appends {"sequence":..,"timestamp":..,"fields":["cpu.usage"],"containers":[{"key":7,"id":..}],
// "values":[[7,12.5]]} for the rows given: a value per field, null when absent or unlimited.
void append_key_frame(std::string& out, const Snapshot& snapshot, std::span<const std::size_t> rows,
                      std::span<const cgroupfs::Field> columns);
// Appends {"sequence":..,"timestamp":..,"values":[..]} of those rows that changed after `since`.
void append_change_frame(std::string& out, const Snapshot& snapshot,
                         std::span<const std::size_t> rows,
                         std::span<const cgroupfs::Field> columns, std::uint64_t since);

}  // namespace plimsoll::exporter
