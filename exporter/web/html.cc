#include "exporter/web/html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

void append_row(std::string& out, const Snapshot& snapshot, std::size_t row,
                std::string_view base) {
  const inventory::Identity& identity = *snapshot.rows[row].identity;
  out += "<tr><td><a href=\"";
  append_url_path(out, base);
  out += "/containers";
  append_url_path(out, identity.cgroup);
  out += "\">";
  append_html(out, identity.display);
  out += "</a></td><td>";
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

}  // namespace

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

void append_url_path(std::string& out, std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "/-_.~";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
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

std::string page_head(const PageHead& head) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  append_html(out, head.title);
  out +=
      "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";
  if (head.refresh > 0)
    out += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(head.refresh) + "\">\n";
  std::string base;
  append_html(base, head.base);
  out += "<link rel=\"stylesheet\" href=\"" + base + "/page/page.css\">\n";
  if (head.scripts == Scripts::kPage)
    out += "<script type=\"module\" src=\"" + base + "/page/page.js\"></script>\n";
  out += "</head><body data-base=\"" + base + "\">\n";
  return out;
}

std::string_view page_end() {
  return "</body></html>\n";
}

void append_container_table(std::string& out, const Snapshot& snapshot,
                            std::span<const std::size_t> rows, std::string_view base) {
  out +=
      "<div class=w><table><thead><tr><th>Name</th><th>Runtime</th><th>Image</th>"
      "<th class=n>CPU</th><th class=n>Memory</th><th class=n>Limit</th>"
      "<th class=n>PIDs</th></tr></thead><tbody>\n";
  for (const std::size_t row : rows.first(std::min(rows.size(), kMostTableRows)))
    append_row(out, snapshot, row, base);
  out += "</tbody></table></div>\n";
  if (rows.size() > kMostTableRows)
    out += "<p>The first " + std::to_string(kMostTableRows) + " of " + std::to_string(rows.size()) +
           ".</p>\n";
}

}  // namespace plimsoll::exporter
