// A page of metrics: a snapshot and the exporter's own numbers, in any of the formats.
//
// Formatting only. Keeps its working memory from page to page, so that a scrape in steady state
// allocates nothing besides growing `out`. Thread: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

struct PageSource {
  const Snapshot& snapshot;
  const SelfStats& self;
  const DirFd& proc;  // Only for process_* (PROC/self).
};

class PageWriter {
 public:
  // Appends the page to `out`. A row without labels is not written; no series is written twice,
  // whatever the snapshot holds. With options.max_series the page has no more series than that:
  // rows are left out whole, the same ones in every family, the youngest containers last.
  void write(std::string& out, Format format, const PageSource& source, const TextOptions& options);

 private:
  void write_page(std::string& out, Format format, const PageSource& source,
                  const TextOptions& options);
  void write_families(Page& page, const Context& context);
  void prepare(Page& page, const Snapshot& snapshot);
  // Chooses what to leave out of a page that has too much; true if there is something.
  [[nodiscard]] bool choose_hidden(const Snapshot& snapshot, std::uint64_t max_series);
  void order_rows(const Snapshot& snapshot);

  RowIndex rows_;
  std::string scratch_;
  std::string body_;
  ContainerUsage usage_;
  std::vector<std::uint32_t> series_by_row_;
  std::vector<std::uint64_t> series_by_family_;  // Those that belong to no row.
  std::vector<std::uint8_t> hidden_rows_, hidden_families_;
  std::vector<std::size_t> order_;
  PageStats stats_;
};

}  // namespace plimsoll::exporter
