#include "exporter/web/container_pages.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "base/text.h"
#include "exporter/cadvisor/reference.h"
#include "exporter/web/html.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Unit;
using inventory::Identity;

constexpr int kRefreshSeconds = 5;

std::string titled(std::string_view title, std::string_view base) {
  std::string out = page_head({.title = title, .base = base, .refresh = kRefreshSeconds});
  out += "<h1>";
  append_html(out, title);
  out += "</h1>\n";
  return out;
}

void append_fact(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += "<tr><th>";
  append_html(out, name);
  out += "</th><td>";
  append_html(out, text);
  out += "</td></tr>\n";
}

std::string seconds_text(std::uint64_t nanoseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f s", static_cast<double>(nanoseconds) / 1e9);
  return text.data();
}

std::string number_text(std::uint64_t value, Unit unit) {
  switch (unit) {
    case Unit::kNanoseconds:
      return seconds_text(value);
    case Unit::kBytes:
      return bytes_text(value);
    case Unit::kBool:
      return value != 0 ? "yes" : "no";
    case Unit::kCount:
      break;
  }
  return std::to_string(value);
}

void append_identity(std::string& out, const Snapshot& snapshot, std::size_t row) {
  const Identity& identity = *snapshot.rows[row].identity;
  out += "<table>\n";
  append_fact(out, "cgroup", identity.cgroup);
  append_fact(out, "runtime", name_of(identity.runtime));
  append_fact(out, "id", identity.id);
  append_fact(out, "name", identity.name);
  append_fact(out, "image", identity.image);
  append_fact(out, "pod",
              identity.pod_name.empty() ? "" : identity.pod_namespace + "/" + identity.pod_name);
  if (snapshot.rows[row].created != WallTime{})
    append_fact(out, "created", rfc3339(snapshot.rows[row].created));
  for (const auto& [key, value] : identity.labels) append_fact(out, key, value);
  out += "</table>\n";
}

// Every number that this row has: the table of fields is the list.
void append_numbers(std::string& out, const Snapshot& snapshot, std::size_t row) {
  out += "<h2>Now</h2>\n<div class=w><table>\n";
  for (std::size_t i = 0; i < cgroupfs::kFieldCount; ++i) {
    const auto field = static_cast<cgroupfs::Field>(i);
    const auto limit = snapshot.limit(field, row);
    if (!limit) continue;
    append_fact(
        out, cgroupfs::info(field).path,
        limit->is_none() ? "unlimited" : number_text(limit->value(), cgroupfs::info(field).unit));
  }
  if (row < snapshot.cpuset_cpus.size()) append_fact(out, "cpuset.cpus", snapshot.cpuset_cpus[row]);
  for (const InterfaceCounters& link : snapshot.interfaces.of(row))
    append_fact(out, link.name,
                bytes_text(link.rx_bytes) + " received, " + bytes_text(link.tx_bytes) + " sent");
  for (const FilesystemUsage& fs : snapshot.filesystems.of(row))
    append_fact(out, fs.device, bytes_text(fs.usage_bytes) + " of " + bytes_text(fs.limit_bytes));
  out += "</table></div>\n";
}

// "/a/b" as links to each of the groups above it.
void append_way_up(std::string& out, std::string_view cgroup, std::string_view base) {
  out += "<p class=sub><a href=\"";
  append_url_path(out, base);
  out += "/containers/\">/</a>";
  for (std::size_t at = 1; at < cgroup.size();) {
    const std::size_t end = std::min(cgroup.find('/', at), cgroup.size());
    out += "<a href=\"";
    append_url_path(out, base);
    out += "/containers";
    append_url_path(out, cgroup.substr(0, end));
    out += "\">";
    append_html(out, cgroup.substr(at, end - at));
    out += end < cgroup.size() ? "</a>/" : "</a>";
    at = end + 1;
  }
  out += "</p>\n";
}

void append_json_links(std::string& out, const Identity& identity, std::string_view base) {
  out += "<p>As JSON: ";
  for (const char* api : {"/api/v1/containers/", "/api/v1.3/containers", "/api/v2.0/ps"}) {
    out += "<code><a href=\"";
    append_url_path(out, base);
    out += api;
    append_url_path(out, identity.cgroup);
    out += "\">";
    out += api;
    out += "...</a></code> ";
  }
  out += "</p>\n";
}

std::string one(const Snapshot& snapshot, std::size_t row, std::string_view base) {
  const Identity& identity = *snapshot.rows[row].identity;
  std::string out = titled(identity.display, base);
  append_way_up(out, identity.cgroup, base);
  append_identity(out, snapshot, row);
  append_numbers(out, snapshot, row);
  std::vector<std::size_t> below = subtree_of(snapshot, identity.cgroup);
  std::erase(below, row);
  if (!below.empty()) {
    out += "<h2>Below it</h2>\n";
    append_container_table(out, snapshot, below, base);
  }
  append_json_links(out, identity, base);
  out += page_end();
  return out;
}

std::string all(const Snapshot& snapshot, std::string_view name_space, std::string_view base) {
  const std::vector<std::size_t> rows = all_of(snapshot, name_space);
  std::string out = titled(std::string(name_space) + " containers", base);
  if (rows.empty())
    out += "<p>None runs here.</p>\n";
  else
    append_container_table(out, snapshot, rows, base);
  out += page_end();
  return out;
}

}  // namespace

Result<std::string> container_page(const Snapshot& snapshot, std::string_view path,
                                   std::string_view base) {
  path.remove_prefix(1);
  const std::string_view kind = path.substr(0, path.find('/'));
  std::string_view rest = path.substr(kind.size());
  if (kind == "containers") {
    while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
    const std::size_t row = PLIMSOLL_TRY(find_by_path(snapshot, rest.empty() ? "/" : rest));
    return one(snapshot, row, base);
  }
  if (rest.size() <= 1) return all(snapshot, kind, base);
  rest.remove_prefix(1);
  const std::size_t row = PLIMSOLL_TRY(find_by_alias(snapshot, rest, kind));
  return one(snapshot, row, base);
}

}  // namespace plimsoll::exporter
