// Every metric family the exporter can print, once: HELP, TYPE, unit, labels, group, where the
// numbers come from on v1 and v2. HELP texts, docs/metrics.md, the lint allow-list and the checks
// derive from this table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cgroupfs/read/group.h"

namespace plimsoll::exporter {

enum class FamilyType : std::uint8_t { kCounter, kGauge, kHistogram };
[[nodiscard]] std::string_view name_of(FamilyType type);  // "counter", "gauge", "histogram"

struct FamilyInfo {
  std::string_view name;  // "container_cpu_usage_seconds_total"
  FamilyType type;
  std::string_view unit;    // "seconds", "bytes", "ratio", "" ...
  cgroupfs::Group group;    // Printed only when this group is on.
  std::string_view labels;  // Beyond the base labels: "device", "failure_type,scope"
  std::string_view help;    // One line, no newline.
  std::string_view v1;      // Source file(s) on v1: "memory.stat: total_cache"; "-" if none.
  std::string_view v2;
  std::string_view note;  // What cAdvisor gets wrong and what we give; "" if equal.
};

[[nodiscard]] std::span<const FamilyInfo> catalogue();
// The group's flag name; "always" for what cannot be switched off.
[[nodiscard]] std::string_view group_word(cgroupfs::Group group);
// Name, type, unit, group, labels and help, aligned, with a heading.
[[nodiscard]] std::string catalogue_table();
// An array of objects with every member of FamilyInfo.
[[nodiscard]] std::string catalogue_json();
// Markdown table of the catalogue: docs/metrics.md is this, byte for byte (a test compares).
[[nodiscard]] std::string catalogue_markdown();

}  // namespace plimsoll::exporter
