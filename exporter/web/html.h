// Pieces of the pages: plain HTML, no script. Whatever comes from a container is escaped.
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

// Up to and with the <h1>. `refresh`: the browser asks again after so many seconds; 0: it does not.
[[nodiscard]] std::string page_head(std::string_view title, int refresh);
[[nodiscard]] std::string_view page_end();

// At most so many rows of a page's table; what is more is said below it.
inline constexpr std::size_t kMostTableRows = 500;

// Name, runtime, image, CPU, memory, limit, pids of each row; the name leads to its page below
// `base`, the path that we are served under.
void append_container_table(std::string& out, const Snapshot& snapshot,
                            std::span<const std::size_t> rows, std::string_view base);

}  // namespace plimsoll::exporter
