#include "exporter/metrics/catalogue.h"

#include <vector>

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kPreamble =
    R"(# Metrics

Every family that `/metrics` can show, from the table in the code (`exporter/metrics/families_*.cc`; a test compares).

- Names, types and labels of `container_*`, `machine_*` and `cadvisor_*` are cAdvisor's. Where cAdvisor gives a wrong value the note says what we give.
- **A series exists only if its value does.** A number that this kernel, this cgroup version or this configuration does not offer is absent, never 0.
- Every `container_*` and `plimsoll_container_*` series has the base labels `id` (the cgroup's path) and, where known, `image` and `name`; chosen container
  labels as `container_label_NAME` and environment variables as `container_env_NAME`. Only labels that a container has are printed on it.
- A group that is off is neither read nor printed. "always" cannot be switched off.
- `memory_stat` and `pressure_avg` are groups of our own: many series that few want, so off by default.
- Text that is not UTF-8 is made so: a bad byte becomes U+FFFD and its two hex digits, so that different ids stay different series.
- cAdvisor's groups `perf_event`, `app`, `sched`, `tcp`, `udp`, `advtcp`, `referenced_memory`, `resctrl` and `cpu_topology` are not collected.
)";

void append_cell(std::string& out, std::string_view text) {
  out += ' ';
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  out += text.empty() ? "|" : " |";
}

std::string_view type_name(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      break;
  }
  return "histogram";
}

void append_code(std::string& out, std::string_view text) {
  append_cell(out, text.empty() ? std::string() : '`' + std::string(text) + '`');
}

void append_row(std::string& out, const FamilyInfo& info, bool exporter) {
  out += '|';
  append_code(out, info.name);
  append_cell(out, type_name(info.type));
  append_cell(out, info.unit);
  append_code(out, info.labels);
  append_cell(out, info.help);
  if (!exporter) {
    append_cell(out, info.group == cgroupfs::Group::kAlways ? "always" : name_of(info.group));
    append_cell(out, info.v1);
    append_cell(out, info.v2);
  }
  append_cell(out, info.note);
  out += '\n';
}

}  // namespace

std::span<const FamilyInfo> catalogue() {
  // Constant data, put together from the tables on first use.
  static const std::vector<FamilyInfo> all = [] {
    std::vector<FamilyInfo> infos;
    for (const FamilyTable& table : family_tables())
      for (const Family& family : table.families) infos.push_back(family.info);
    return infos;
  }();
  return all;
}

std::string catalogue_markdown() {
  std::string out(kPreamble);
  for (const FamilyTable& table : family_tables()) {
    out += "\n## ";
    out += table.title;
    if (table.exporter) {
      out += "\n\nNot with `--web.disable-exporter-metrics`.\n\n";
      out += "| family | type | unit | labels | help | note |\n|---|---|---|---|---|---|\n";
    } else {
      out += "\n\n| family | type | unit | further labels | help | group | v1 | v2 | note |\n";
      out += "|---|---|---|---|---|---|---|---|---|\n";
    }
    for (const Family& family : table.families) append_row(out, family.info, table.exporter);
  }
  return out;
}

}  // namespace plimsoll::exporter
