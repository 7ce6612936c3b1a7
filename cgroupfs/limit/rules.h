// The kernel's rules by control file, for KernelModel alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cgroupfs/limit/model.h"

namespace plimsoll::limit {

// One write to an existing file of one group.
struct Attempt {
  const KernelModel& model;
  std::size_t group = 0;
  std::string_view file;
  std::string_view text;

  [[nodiscard]] bool is_root() const { return model.view().groups[group].path == "/"; }
  [[nodiscard]] std::string_view now() const { return *model.text(group, file); }
};
using Rule = Verdict (*)(const Attempt&);

struct RuleRow {
  std::string_view file;
  Rule rule = nullptr;
};

[[nodiscard]] std::span<const RuleRow> cpu_rules();
[[nodiscard]] std::span<const RuleRow> cpuset_rules();
[[nodiscard]] std::span<const RuleRow> memory_rules();
[[nodiscard]] std::span<const RuleRow> io_rules();
[[nodiscard]] std::span<const RuleRow> core_rules();
// hugetlb.<size>.limit_in_bytes and hugetlb.<size>.max.
[[nodiscard]] Verdict hugetlb_rule(const Attempt& attempt);

[[nodiscard]] Verdict refuse(int os_error);
[[nodiscard]] Verdict store(std::string text);
// "cpu io memory" has "io".
[[nodiscard]] bool has_word(std::string_view text, std::string_view wanted);
// Threads of one process may be told apart by this controller.
[[nodiscard]] bool is_threaded(std::string_view controller);
// 0 or 1; anything else is EINVAL.
[[nodiscard]] Verdict flag_rule(const Attempt& attempt);

// page_counter_memparse (mm/page_counter.c): whole pages, `unlimited` or beyond: nothing in the
// inner optional. Nothing at all: no number.
[[nodiscard]] std::optional<std::optional<std::uint64_t>> parse_pages(std::string_view text,
                                                                      std::string_view unlimited,
                                                                      std::uint64_t page_size);
// Of any file: a number; nothing for "max", "-1" and v1's unlimited bytes.
[[nodiscard]] std::optional<std::uint64_t> finite(std::string_view text);
// v1's word for unlimited bytes.
[[nodiscard]] std::string unlimited_bytes(std::uint64_t page_size);
// 2MB to bytes; nothing if it is no page size.
[[nodiscard]] std::optional<std::uint64_t> page_size_named(std::string_view name);

}  // namespace plimsoll::limit
