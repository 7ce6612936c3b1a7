// Snapshots as JSON: one object per container, keys from the field table's paths, seconds for
// times.
//
// Pure formatting by an append writer (no DOM), thread: any. Shape: docs/api.md; it is a promise:
// keys are added, never renamed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "exporter/collect/history.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Appends {"cgroup":"/docker/..","id":..,"name":..,"runtime":..,...} of one row: identity, times,
// every present field nested by its path ("cpu":{"usage":12.25,...}; nanoseconds as seconds with
// full precision; an unlimited limit is null; an absent field is left out), rates, and the side
// tables (devices, interfaces, filesystems). The paths "cgroup.*" stand under "cgroup_state", since
// "cgroup" is the path of the cgroup itself.
void append_container(std::string& out, const Snapshot& snapshot, std::size_t row);

// Appends {"sequence":..,"timestamp":"..","machine":{..},"containers":[..]} for the rows given.
void append_snapshot(std::string& out, const Snapshot& snapshot, std::span<const std::size_t> rows);

// As append_container, with "history":[..]: points as below, without "id" and "cgroup".
void append_container_with_history(std::string& out, const Snapshot& snapshot, std::size_t row,
                                   std::span<const HistoryPoint> points);

// Appends one history point:
// {"sequence":..,"timestamp":"..","id":..,"cgroup":..,"cpu":{"usage":..}}.
void append_history_point(std::string& out, const Row& row, const HistoryPoint& point);

}  // namespace plimsoll::exporter
