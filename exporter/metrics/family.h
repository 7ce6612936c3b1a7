// A family = its catalogue entry and the function that prints its samples. The tables of all
// families live in families_*.cc, one file per theme.
#pragma once

#include <array>
#include <cstdint>
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

// Prints the samples of one family; HELP and TYPE before the first, so a family without samples
// leaves no trace.
class FamilyWriter {
 public:
  FamilyWriter(std::string& out, const FamilyInfo& info) : out_(out), info_(info) {}

  // name{labels} value: one growth check for the whole line, which is what makes a series cheap.
  // `put` writes the number (print.h).
  template <class Put>
  void sample(std::string_view labels, Put put) {
    start();
    const std::size_t old = out_.size();
    const std::size_t most = info_.name.size() + labels.size() + kMaxNumber + 4;
    out_.resize_and_overwrite(old + most, [&](char* text, std::size_t) {
      char* to = put_text(text + old, info_.name);
      *to++ = '{';
      to = put_text(to, labels);
      *to++ = '}';
      *to++ = ' ';
      to = put(to);
      *to++ = '\n';
      return static_cast<std::size_t>(to - text);
    });
  }

  // A line with labels of its own: line().label("device", d).labels(row).value_unsigned(1).
  FamilyWriter& line(std::string_view suffix = {}) {
    start();
    out_ += info_.name;
    out_ += suffix;
    out_ += '{';
    return *this;
  }
  // `prefix` is a literal of ours, put before the value.
  FamilyWriter& label(std::string_view name, std::string_view value, std::string_view prefix = {});
  FamilyWriter& label_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : label(name, value);
  }
  FamilyWriter& labels(std::string_view rendered);
  void value_unsigned(std::uint64_t value);
  void value_seconds(std::uint64_t nanoseconds);
  void value_double(double value);
  // A literal of ours as the value.
  void value_text(std::string_view value);

 private:
  void start() {
    if (!started_) write_heading();
  }
  void write_heading();

  std::string& out_;
  const FamilyInfo& info_;
  bool started_ = false;
};

struct Family {
  FamilyInfo info;
  void (*write)(FamilyWriter& out, const Context& context);  // Null: known, not collected.
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
      out.sample(labels, [&](char* to) { return put_seconds(to, *value); });
    else
      out.sample(labels, [&](char* to) { return put_unsigned(to, *value); });
  });
}

// A limit: 0 stands for "unlimited", as everywhere in cAdvisor's families.
template <Field kField>
void write_limit_or_zero(FamilyWriter& out, const Context& context) {
  if (!context.snapshot.any(kField)) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto limit = context.snapshot.limit(kField, row);
    if (!limit) return;
    const std::uint64_t value = limit->is_none() ? 0 : limit->value();
    out.sample(labels, [&](char* to) { return put_unsigned(to, value); });
  });
}

}  // namespace plimsoll::exporter
