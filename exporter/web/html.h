// Pieces of the pages: plain HTML, style and scripts by reference only (page_files.h). Whatever
// comes from a container is escaped.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Text, or the value of an attribute in quotes; bytes that are no UTF-8 become U+FFFD.
void append_html(std::string& out, std::string_view text);
// The path of a URL: everything but letters, digits and "/-_.~" in percent.
void append_url_path(std::string& out, std::string_view path);

[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

// `refresh`: the browser asks again after so many seconds; 0: it does not. `base`: the path that we
// are served under, "" mostly.
enum class Scripts : std::uint8_t { kNone, kPage };
struct PageHead {
  std::string_view title;
  std::string_view base;
  int refresh = 0;
  Scripts scripts = Scripts::kNone;
};
// Up to and with the <body>.
[[nodiscard]] std::string page_head(const PageHead& head);
[[nodiscard]] std::string_view page_end();

// At most so many rows of a page's table; what is more is said below it.
inline constexpr std::size_t kMostTableRows = 500;

// Name, runtime, image, CPU, memory, limit, pids of each row; the name leads to its page below
// `base`, the path that we are served under.
void append_container_table(std::string& out, const Snapshot& snapshot,
                            std::span<const std::size_t> rows, std::string_view base);

}  // namespace plimsoll::exporter
