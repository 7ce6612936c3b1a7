// Classic BPF, written forwards: a jump's distance is known when what it jumps over is written.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "runtime/seccomp/table.h"

namespace plimsoll::seccomp {

using Code = std::vector<sock_filter>;

// Where a range of numbers begins, and what is decided in it.
struct Range {
  std::uint32_t first = 0;
  Decision decision;
};

// `ranges` are sorted, begin with 0 and differ from their neighbours. A balanced tree: the kernel
// runs some eight comparisons whatever the call is.
[[nodiscard]] Code write_ranges(const std::vector<Range>& ranges);

// "if architecture == token: body", falling through when not. Loads the number before the body.
void append_section(Code& code, std::uint32_t token, const Code& body);

void append_load(Code& code, std::uint32_t offset);
void append_return(Code& code, std::uint32_t value);

}  // namespace plimsoll::seccomp
