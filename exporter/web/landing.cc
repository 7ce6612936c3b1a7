#include "exporter/web/landing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "exporter/stream/select.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

void append_html(std::string& out, std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  for (const char c : valid) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

void append_row(std::string& out, const Snapshot& snapshot, std::size_t row) {
  const inventory::Identity& identity = *snapshot.rows[row].identity;
  out += "<tr><td>";
  append_html(out, identity.display);
  out += "</td><td>";
  append_html(out, name_of(identity.runtime));
  out += "</td><td>";
  append_html(out, identity.image);
  out += "</td><td class=n>";
  const float cores = snapshot.rates[row].cpu_cores;
  if (!std::isnan(cores)) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f %%", static_cast<double>(cores) * 100);
    out += text.data();
  }
  out += "</td><td class=n>";
  if (const auto memory = snapshot.value(Field::kMemoryWorkingSet, row)) out += bytes_text(*memory);
  out += "</td><td class=n>";
  if (const auto limit = snapshot.limit(Field::kMemoryLimit, row))
    out += limit->is_none() ? "none" : bytes_text(limit->value());
  out += "</td><td class=n>";
  if (const auto pids = snapshot.value(Field::kPids, row)) out += std::to_string(*pids);
  out += "</td></tr>\n";
}

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Plimsoll</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}
h1{margin-bottom:0}p.sub{margin-top:0;opacity:.7}
div.w{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}
.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.9em}
</style></head><body>
<h1>Plimsoll</h1>
)";

constexpr std::string_view kLinks = R"(">metrics</a></code> for Prometheus</li>
<li><code><a href="/api/v1/containers">/api/v1/containers</a></code> as JSON
 (<code><a href="/api/v1/containers?all=true">?all=true</a></code>: every cgroup)</li>
<li><code><a href="/api/v1/stream">/api/v1/stream</a></code> live, one snapshot a line
 (<code>?format=sse</code>, <code>?interval=5s</code>, <code>?name=...</code>, <code>?since=-5m</code>)</li>
<li><code><a href="/healthz">/healthz</a></code>, <code><a href="/-/ready">/-/ready</a></code></li>
</ul>
</body></html>
)";

}  // namespace

std::string landing_page(const Snapshot* snapshot, std::string_view telemetry_path) {
  std::string out(kHead);
  out += "<p class=sub>version " PLIMSOLL_VERSION;
  if (snapshot != nullptr && snapshot->machine) {
    out += " on ";
    append_html(out, snapshot->machine->hostname);
    out += ", " + std::to_string(snapshot->machine->cores) + " CPUs, " +
           bytes_text(snapshot->machine->memory_bytes) + "; " + rfc3339(snapshot->wall);
  }
  out += "</p>\n";
  if (snapshot == nullptr) {
    out += "<p>Starting: no sample has been taken yet.</p>\n";
  } else {
    auto rows = select_rows(*snapshot, {});
    const bool containers = !rows.empty();
    if (!containers) rows = select_rows(*snapshot, {.all = true});
    out += containers ? "<h2>Containers</h2>\n"
                      : "<h2>No container runs here; services and cgroups</h2>\n";
    const std::size_t total = rows.size();
    constexpr std::size_t kMost = 500;
    rows.resize(std::min(total, kMost));
    out +=
        "<div class=w><table><thead><tr><th>Name</th><th>Runtime</th><th>Image</th>"
        "<th class=n>CPU</th><th class=n>Memory</th><th class=n>Limit</th>"
        "<th class=n>PIDs</th></tr></thead><tbody>\n";
    for (const std::size_t row : rows) append_row(out, *snapshot, row);
    out += "</tbody></table></div>\n";
    if (total > kMost)
      out += "<p>The first " + std::to_string(kMost) + " of " + std::to_string(total) + ".</p>\n";
  }
  out += "<h2>Numbers</h2><ul>\n<li><code><a href=\"";
  append_html(out, telemetry_path);
  out += kLinks;
  return out;
}

}  // namespace plimsoll::exporter
