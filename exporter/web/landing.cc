#include "exporter/web/landing.h"

#include "base/text.h"
#include "exporter/stream/select.h"
#include "exporter/web/html.h"

namespace plimsoll::exporter {

namespace {

// A list item: the path as text and as a link below `base`, then what it is.
void append_link(std::string& out, std::string_view base, std::string_view path,
                 std::string_view text, std::string_view what) {
  out += "<code><a href=\"";
  append_html(out, base);
  append_html(out, path);
  out += "\">";
  append_html(out, text);
  out += "</a></code>";
  out += what;
}

void append_links(std::string& out, std::string_view base, std::string_view telemetry_path) {
  out += "<h2>Numbers</h2><ul>\n<li>";
  append_link(out, base, telemetry_path, "metrics", " for Prometheus</li>\n<li>");
  append_link(out, base, "/api/v1/containers", "/api/v1/containers", " as JSON\n (");
  append_link(out, base, "/api/v1/containers?all=true", "?all=true", ": every cgroup)</li>\n<li>");
  append_link(out, base, "/api/v1/stream", "/api/v1/stream",
              " live, one snapshot a line\n (<code>?format=sse</code>, <code>?interval=5s</code>, "
              "<code>?name=...</code>, <code>?since=-5m</code>)</li>\n<li>");
  append_link(out, base, "/containers/", "/containers/", ", ");
  append_link(out, base, "/docker/", "/docker/", ", ");
  append_link(out, base, "/podman/", "/podman/", ": a page each</li>\n<li>");
  append_link(out, base, "/healthz", "/healthz", ", ");
  append_link(out, base, "/-/ready", "/-/ready", "</li>\n</ul>\n");
}

}  // namespace

std::string landing_page(const Snapshot* snapshot, std::string_view telemetry_path,
                         std::string_view base) {
  std::string out = page_head({.title = "Plimsoll", .base = base, .scripts = Scripts::kPage});
  out += "<header><h1>Plimsoll</h1>\n<p class=sub>version " PLIMSOLL_VERSION;
  if (snapshot != nullptr && snapshot->machine) {
    out += " on ";
    append_html(out, snapshot->machine->hostname);
    out += ", " + std::to_string(snapshot->machine->cores) + " CPUs, " +
           bytes_text(snapshot->machine->memory_bytes) + "<span id=taken>; " +
           rfc3339(snapshot->wall) + "</span>";
  }
  out += "</p></header>\n<main>\n";
  if (snapshot == nullptr) {
    out += "<p>Starting: no sample has been taken yet.</p>\n";
  } else {
    auto rows = select_rows(*snapshot, {});
    const bool containers = !rows.empty();
    if (!containers) rows = select_rows(*snapshot, {.all = true});
    out += containers ? "<h2>Containers</h2>\n"
                      : "<h2>No container runs here; services and cgroups</h2>\n";
    append_container_table(out, *snapshot, rows, base);
  }
  out += "</main>\n<footer>";
  append_links(out, base, telemetry_path);
  out += "</footer>\n";
  out += page_end();
  return out;
}

}  // namespace plimsoll::exporter
