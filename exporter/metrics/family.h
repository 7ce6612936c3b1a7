// A family = its catalogue entry and the function that prints its samples. The tables of all
// families live in families_*.cc, one file per theme.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/collect/usage_histograms.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/format.h"
#include "exporter/metrics/histogram_sample.h"
#include "exporter/metrics/print.h"
#include "exporter/metrics/process_stats.h"
#include "exporter/metrics/row_index.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {

// Series that --metrics.max-series left out.
struct PageStats {
  std::uint64_t rows_dropped = 0;          // Of this page.
  std::uint64_t series_dropped_total = 0;  // Of this page and all before.
};

// What a family may print from.
struct Context {
  const Snapshot& snapshot;
  const SelfStats& self;
  const ProcessStats& process;
  const TextOptions& options;
  const PageStats& page;
  ContainerUsage& usage;  // Working memory for families_histogram.
};

// A page in the making: what the writers of its families share.
struct Page {
  std::string& out;
  Format format = Format::kText;
  // Null when it does not matter whose series it is: plain text of everything.
  RowIndex* rows = nullptr;
  const std::vector<std::uint8_t>* hidden = nullptr;  // By row: its series are left out.
  std::vector<std::uint32_t>* series_by_row = nullptr;
  Compat compat = Compat::kDefault;
  const Snapshot* created = nullptr;  // With the time since which counters count; null: without.
  std::int64_t process_created_ms = 0;
  std::uint64_t series = 0;   // Written so far.
  std::uint64_t unowned = 0;  // Of them those of no row.
  std::string scratch = {};
  std::string body = {};  // Of a protobuf histogram.
};

// Prints the samples of one family: name{further,labels} value, in the format of the page. What
// describes the family stands before the first sample, so a family without samples leaves no trace.
// A whole line is one growth check and a few copies: that is what makes a series cheap.
class FamilyWriter {
 public:
  using Further = std::initializer_list<Label>;

  FamilyWriter(Page& page, const FamilyInfo& info);
  ~FamilyWriter() { finish(); }
  FamilyWriter(const FamilyWriter&) = delete;
  FamilyWriter& operator=(const FamilyWriter&) = delete;

  // `labels` is the row's rendered block, or "" for series that are not about a container.
  void count(std::string_view labels, std::uint64_t value, Further further = {});
  void integer(std::string_view labels, std::int64_t value, Further further = {});
  void seconds(std::string_view labels, std::uint64_t nanoseconds, Further further = {});
  void real(std::string_view labels, double value, Further further = {});
  void histogram(std::string_view labels, const HistogramSample& sample, Further further = {});

  // A value that is missing is to be printed as 0 (Compat::kStrict).
  [[nodiscard]] bool invents_zeros() const { return invents_zeros_; }

  // The following samples carry this time; without one they are of the time of the scrape.
  void set_time(std::optional<WallTime> time);

 private:
  struct Series {  // A line to be.
    std::string_view suffix;
    std::string_view labels;
    Further further;
    Label last;  // Behind `further`.
  };
  [[nodiscard]] bool admit(std::string_view labels, std::uint32_t lines);
  void add_lines(std::uint32_t lines);
  void describe();
  void describe_text();
  template <class Put>
  void print(const Series& series, Put put);
  void print_bucket(std::string_view labels, Further further, double bound, std::uint64_t count);
  void print_created(std::string_view labels, Further further);
  // Protobuf: one Metric of the family, labels encoded once per row and page.
  void metric(std::string_view labels, Further further, double value);
  void append_metric(std::string_view labels, Further further, std::string_view body);
  void append_histogram(std::string& body, const HistogramSample& sample) const;
  template <class PutLabels>
  void append_message(std::size_t labels_size, std::string_view body, PutLabels put_labels);
  [[nodiscard]] char* put_created(char* to, unsigned field) const;  // At most kMaxCreated bytes.
  void begin_message();
  void finish();
  // Since when the counter counts, in milliseconds of Unix time; nothing where nobody knows.
  [[nodiscard]] std::optional<std::int64_t> created_ms() const;

  // Names are copied with a fixed length, which compilers turn into a few moves.
  static constexpr std::size_t kPrefixRoom = 64;
  static constexpr std::size_t kMaxCreated = 24;
  Page& page_;
  const FamilyInfo& info_;
  std::array<char, kPrefixRoom> name_{};
  std::size_t name_size_;  // Of what stands before a suffix.
  std::string_view suffix_;
  std::optional<std::int64_t> time_ms_;
  std::optional<std::size_t> row_;  // Of the series at hand, if the page knows rows.
  bool invents_zeros_ = false;
  bool started_ = false;
  std::size_t message_ = 0;  // Where the family's length will stand.
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
[[nodiscard]] std::span<const Family> families_sockets();
[[nodiscard]] std::span<const Family> families_perf();
[[nodiscard]] std::span<const Family> families_optional();
[[nodiscard]] std::span<const Family> families_machine();
[[nodiscard]] std::span<const Family> families_container();
[[nodiscard]] std::span<const Family> families_histogram();
[[nodiscard]] std::span<const Family> families_own_limits();
[[nodiscard]] std::span<const Family> families_own_memory();
[[nodiscard]] std::span<const Family> families_own_oom();
[[nodiscard]] std::span<const Family> families_own_state();
// What the exporter says about itself (TextOptions::exporter_metrics).
[[nodiscard]] std::span<const Family> families_self();
[[nodiscard]] std::span<const Family> families_self_rooms();
[[nodiscard]] std::span<const Family> families_access();
[[nodiscard]] std::span<const Family> families_page();
[[nodiscard]] std::span<const Family> families_process();
[[nodiscard]] std::span<const Family> families_push();
[[nodiscard]] std::span<const Family> families_etcd();

struct FamilyTable {
  std::string_view title;
  std::span<const Family> families;
  bool exporter = false;       // About the exporter itself, not about containers.
  std::string_view word = {};  // For collect[], where the families' groups are not the choice.
};
[[nodiscard]] std::span<const FamilyTable> family_tables();

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
  if (!context.snapshot.any(kField) && !out.invents_zeros()) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    std::optional<std::uint64_t> value = context.snapshot.value(kField, row);
    if (!value && out.invents_zeros()) value = 0;
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
  if (!context.snapshot.any(kField) && !out.invents_zeros()) return;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const auto limit = context.snapshot.limit(kField, row);
    if (!limit && !out.invents_zeros()) return;
    out.count(labels, !limit || limit->is_none() ? 0 : limit->value());
  });
}

}  // namespace plimsoll::exporter
