#include "exporter/metrics/page_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "exporter/metrics/strict.h"

namespace plimsoll::exporter {

namespace {

// When this process began, in milliseconds of Unix time; 0 where it cannot be known.
std::int64_t started_ms(const Snapshot& snapshot, const ProcessStats& process) {
  const MachineInfo* const machine = snapshot.machine.get();
  if (!process.start_ns || machine == nullptr || machine->boot_time_seconds == 0) return 0;
  return static_cast<std::int64_t>(machine->boot_time_seconds * 1000 +
                                   *process.start_ns / 1'000'000);
}

}  // namespace

void PageWriter::write(std::string& out, Format format, const PageSource& source,
                       const TextOptions& options) {
  if (options.compat != Compat::kStrict) return write_page(out, format, source, options);
  const Snapshot united = with_label_union(source.snapshot);
  write_page(out, format, {united, source.self, source.proc}, options);
}

void PageWriter::write_page(std::string& out, Format format, const PageSource& source,
                            const TextOptions& options) {
  const ProcessStats process = options.exporter_metrics || options.created
                                   ? read_process_stats(source.proc)
                                   : ProcessStats();
  const Context context{source.snapshot, source.self, process, options, stats_, usage_};
  Page page{.out = out,
            .format = format,
            .compat = options.compat,
            .scratch = std::move(scratch_),
            .body = std::move(body_)};
  if (options.created && format != Format::kText) {
    page.created = &source.snapshot;
    page.process_created_ms = started_ms(source.snapshot, process);
  }
  stats_.rows_dropped = 0;
  hidden_families_.clear();
  if (format == Format::kProtobuf || page.created != nullptr || options.max_series > 0 ||
      options.rows != nullptr)
    prepare(page, source.snapshot);
  if (options.rows != nullptr) {
    hidden_rows_.assign(rows_.size(), 1);
    for (const std::size_t row : *options.rows) hidden_rows_[row] = 0;
    page.hidden = &hidden_rows_;
  }
  if (options.max_series > 0) page.series_by_row = &series_by_row_;

  const std::size_t begin = out.size();
  write_families(page, context);
  if (options.max_series > 0 && page.series > options.max_series &&
      choose_hidden(source.snapshot, options.max_series)) {
    out.resize(begin);
    page.hidden = &hidden_rows_;
    page.series = page.unowned = 0;
    write_families(page, context);
  }
  if (format == Format::kOpenMetrics) out += "# EOF\n";
  scratch_ = std::move(page.scratch);
  body_ = std::move(page.body);
}

void PageWriter::prepare(Page& page, const Snapshot& snapshot) {
  rows_.start(snapshot);
  if (page.format == Format::kProtobuf) rows_.encode_labels();
  page.rows = &rows_;
  hidden_rows_.assign(rows_.size(), 0);
  series_by_row_.assign(rows_.size(), 0);
}

void PageWriter::write_families(Page& page, const Context& context) {
  const TextOptions& options = context.options;
  const bool counting = page.series_by_row != nullptr && hidden_families_.empty();
  if (counting) series_by_family_.clear();
  std::size_t number = 0;
  for (const FamilyTable& table : family_tables()) {
    for (const Family& family : table.families) {
      const std::size_t at = number++;
      if (counting) series_by_family_.push_back(0);
      if (family.write == nullptr || !options.groups.has(family.info.group)) continue;
      if (table.exporter && !options.exporter_metrics) continue;
      if (options.families != nullptr && !(*options.families)[at]) continue;
      if (!hidden_families_.empty() && hidden_families_[at] != 0) continue;
      const std::uint64_t before = page.unowned;
      {
        FamilyWriter writer(page, family.info);
        if (options.compat == Compat::kStrict && is_stamped(family.info.name))
          writer.set_time(context.snapshot.wall);
        family.write(writer, context);
      }
      if (counting) series_by_family_[at] = page.unowned - before;
    }
  }
}

// The host, then containers, the oldest first, then everything else; last what is gone already. A
// container that was shown stays shown, however many come after it.
void PageWriter::order_rows(const Snapshot& snapshot) {
  const std::size_t alive = snapshot.rows.size();
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  const auto rank = [&](std::size_t row) -> std::pair<int, std::uint64_t> {
    if (row >= alive) return {3, row};
    const Row& of = snapshot.rows[row];
    if (is_host(of)) return {0, 0};
    return {of.identity && of.identity->is_container() ? 1 : 2, of.serial};
  };
  std::ranges::sort(order_, {}, rank);
}

bool PageWriter::choose_hidden(const Snapshot& snapshot, std::uint64_t max_series) {
  // What is about no cgroup is little and about all of them: it stays as long as there is room.
  std::uint64_t room = max_series;
  hidden_families_.assign(series_by_family_.size(), 0);
  std::uint64_t dropped = 0;
  for (std::size_t family = 0; family < series_by_family_.size(); ++family) {
    if (series_by_family_[family] <= room) {
      room -= series_by_family_[family];
    } else {
      hidden_families_[family] = 1;
      dropped += series_by_family_[family];
    }
  }
  order_rows(snapshot);
  bool full = false;
  for (const std::size_t row : order_) {
    const std::uint32_t series = series_by_row_[row];
    if (series == 0) continue;
    full = full || series > room;
    if (!full) {
      room -= series;
      continue;
    }
    hidden_rows_[row] = 1;
    dropped += series;
    if (row < snapshot.rows.size()) ++stats_.rows_dropped;
  }
  stats_.series_dropped_total += dropped;
  return dropped > 0;
}

}  // namespace plimsoll::exporter
