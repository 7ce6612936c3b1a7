// A family = its catalogue entry and the function that prints its samples. The tables of all
// families live in families_*.cc, one file per theme.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/print.h"
#include "exporter/metrics/process_stats.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {

// What a family may print from.
struct Context {
  const Snapshot& snapshot;
  const SelfStats& self;
  const ProcessStats& process;
  const TextOptions& options;
};

// A label of one sample beyond the row's own. Left out when the value is empty, which is the same
// to Prometheus. `prefix` is a literal of ours, put before the value.
struct Label {
  std::string_view name;
  std::string_view value;
  std::string_view prefix = {};
};

// Prints the samples of one family: name{further,labels} value. HELP and TYPE stand before the
// first, so a family without samples leaves no trace. A whole line is one growth check and a few
// copies: that is what makes a series cheap.
class FamilyWriter {
 public:
  using Further = std::initializer_list<Label>;

  FamilyWriter(std::string& out, const FamilyInfo& info);

  // `labels` is the row's rendered block, or "" for series that are not about a container.
  void count(std::string_view labels, std::uint64_t value, Further further = {});
  void integer(std::string_view labels, std::int64_t value, Further further = {});
  void seconds(std::string_view labels, std::uint64_t nanoseconds, Further further = {});
  void real(std::string_view labels, double value, Further further = {});

  // For histograms: the next samples are name_bucket, name_sum, name_count.
  void set_suffix(std::string_view suffix) { suffix_ = suffix; }

 private:
  template <class Put>
  void print(std::string_view labels, Further further, Put put);
  void write_heading();

  // Names are copied with a fixed length, which compilers turn into a few moves.
  static constexpr std::size_t kPrefixRoom = 64;
  std::string& out_;
  const FamilyInfo& info_;
  std::string_view suffix_;
  bool started_ = false;
  std::array<char, kPrefixRoom> name_{};
};

struct Family {
  FamilyInfo info;
  void (*write)(FamilyWriter& out,
                const Context& context) = nullptr;  // Null: known, not collected.
};

// In the order of the exposition.
[[nodiscard]] std::span<const Family> families_spec();
[[nodiscard]] std::span<const Family> families_cpu();
[[nodiscard]] std::span<const Family> families_memory();
[[nodiscard]] std::span<const Family> families_io();
[[nodiscard]] std::span<const Family> families_disk();
[[nodiscard]] std::span<const Family> families_network();
[[nodiscard]] std::span<const Family> families_pressure();
[[nodiscard]] std::span<const Family> families_optional();
[[nodiscard]] std::span<const Family> families_machine();
[[nodiscard]] std::span<const Family> families_container();
// What the exporter says about itself (TextOptions::exporter_metrics).
[[nodiscard]] std::span<const Family> families_self();
[[nodiscard]] std::span<const Family> families_self_rooms();
[[nodiscard]] std::span<const Family> families_process();

struct FamilyTable {
  std::string_view title;
  std::span<const Family> families;
  bool exporter = false;  // About the exporter itself, not about containers.
};
[[nodiscard]] std::array<FamilyTable, 13> family_tables();

// --- What the tables' functions share.

using cgroupfs::Field;
using cgroupfs::Group;

// Every row that can be printed: `row` and the text for its braces.
template <class Each>
void for_each_row(const Context& context, Each each) {
  const std::vector<Row>& rows = context.snapshot.rows;
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (rows[row].labels) each(row, std::string_view(*rows[row].labels));
}

[[nodiscard]] inline bool is_host(const Row& row) {
  return row.identity && row.identity->cgroup == "/";
}

// A family that is one field: nanoseconds as seconds, the rest as it is.
template <Field kField>
void write_field(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.any(kField)) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const std::optional<std::uint64_t> value = context.snapshot.value(kField, row);
    if (!value) return;
    if constexpr (cgroupfs::info(kField).unit == cgroupfs::Unit::kNanoseconds)
      out.seconds(labels, *value);
    else
      out.count(labels, *value);
  });
}

// A limit: 0 stands for "unlimited", as everywhere in cAdvisor's families.
template <Field kField>
void write_limit_or_zero(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.any(kField)) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto limit = context.snapshot.limit(kField, row);
    if (!limit) return;
    out.count(labels, limit->is_none() ? 0 : limit->value());
  });
}

}  // namespace plimsoll::exporter
