#include "exporter/metrics/catalogue.h"

#include <vector>

#include "exporter/metrics/family.h"
#include "exporter/metrics/tested.h"

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
- cAdvisor's group `app` (metrics that a container serves itself, found by its labels) has no families and is not collected: let Prometheus scrape such containers.
- "tested" is empty where the tests compare a family with the kernel's own numbers on live kernels (6.18 with cgroup v1 and hybrid, 6.1 with systemd and v2). Where no machine at hand has the
  hardware or the kernel option, it says on what the family was tested instead: files recorded on another host, or made up from the kernel's documentation and source.
- `--compat=strict` gives what people need who compare with cAdvisor: zeros for what was not measured, every label name on every series, explicit timestamps. Measured values are the same.
- What looks at single processes, threads or sockets (`sched`, `process`, `referenced_memory`, `tcp`, `udp`, `advtcp`, `resctrl`, `cpuLoad`) is read every 10 s by a worker that takes 5 % of one
  CPU at most, however many there are; with very many it is read more rarely.
)";

void append_cell(std::string& out, std::string_view text) {
  out += ' ';
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  out += text.empty() ? "|" : " |";
}

void append_code(std::string& out, std::string_view text) {
  append_cell(out, text.empty() ? std::string() : '`' + std::string(text) + '`');
}

void append_row(std::string& out, const FamilyInfo& info, bool exporter) {
  out += '|';
  append_code(out, info.name);
  append_cell(out, name_of(info.type));
  append_cell(out, info.unit);
  append_code(out, info.labels);
  append_cell(out, info.help);
  if (!exporter) {
    append_cell(out, group_word(info.group));
    append_cell(out, info.v1);
    append_cell(out, info.v2);
  }
  append_cell(out, info.note);
  if (!exporter) append_cell(out, tested_on(info.name));
  out += '\n';
}

}  // namespace

std::string_view name_of(FamilyType type) {
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

std::string_view group_word(cgroupfs::Group group) {
  return group == cgroupfs::Group::kAlways ? "always" : cgroupfs::name_of(group);
}

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
      out +=
          "\n\n| family | type | unit | further labels | help | group | v1 | v2 | note | tested "
          "|\n";
      out += "|---|---|---|---|---|---|---|---|---|---|\n";
    }
    for (const Family& family : table.families) append_row(out, family.info, table.exporter);
  }
  return out;
}

}  // namespace plimsoll::exporter
