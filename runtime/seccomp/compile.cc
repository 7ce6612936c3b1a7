#include "runtime/seccomp/compile.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>

#include "runtime/seccomp/assembler.h"
#include "runtime/seccomp/table.h"

namespace plimsoll::seccomp {

namespace {

using spec::SeccompAction;

// The decisions of one audit architecture over all numbers, without holes.
class Ranges {
 public:
  // What is decided for a number that has no decision of its own, up to and above the newest.
  struct Rest {
    std::uint32_t known = 0;
    std::uint32_t newer = 0;
    std::optional<std::uint32_t> newest;
  };

  // Everything from where the last call ended up to `end`, which is not included.
  void fill(const Table& table, const Rest& rest, std::uint64_t end) {
    for (const auto& [number, decision] : table.decisions) {
      gap(rest, number);
      put(decision);
      ++at_;
    }
    gap(rest, end);
  }
  void fill(std::uint32_t result, std::uint64_t end) { gap({.known = result}, end); }

  [[nodiscard]] const std::vector<Range>& all() const { return ranges_; }

 private:
  void gap(const Rest& rest, std::uint64_t end) {
    const std::uint64_t newer = rest.newest ? std::uint64_t{*rest.newest} + 1 : end;
    if (at_ < std::min(newer, end)) {
      put({.otherwise = rest.known});
      at_ = std::min(newer, end);
    }
    if (at_ < end) {
      put({.otherwise = rest.newer});
      at_ = end;
    }
  }

  void put(const Decision& decision) {
    if (!ranges_.empty() && decision.is_plain()) {
      const Decision& last = ranges_.back().decision;
      if (last.is_plain() && last.otherwise == decision.otherwise) return;
    }
    ranges_.push_back({static_cast<std::uint32_t>(at_), decision});
  }

  std::vector<Range> ranges_;
  std::uint64_t at_ = 0;
};

bool refuses(SeccompAction action) {
  return action != SeccompAction::kAllow && action != SeccompAction::kLog;
}

Ranges::Rest rest_of(const spec::Seccomp& seccomp, const Table& table) {
  Ranges::Rest rest;
  rest.known = return_value(seccomp.default_action, seccomp.default_errno_return);
  rest.newer = SECCOMP_RET_ERRNO | ENOSYS;
  if (refuses(seccomp.default_action)) rest.newest = table.newest;
  return rest;
}

constexpr std::uint64_t kNumbers = std::uint64_t{1} << 32;

Code native_64(const spec::Seccomp& seccomp, const std::vector<ResolvedRule>& rules,
               bool with_x32) {
  const Table table = make_table(seccomp, rules, Arch::kX86_64);
  const Ranges::Rest rest = rest_of(seccomp, table);
  Ranges ranges;
  if (with_x32) {
    ranges.fill(table, rest, kX32Bit);
    const Table x32 = make_table(seccomp, rules, Arch::kX32);
    ranges.fill(x32, rest_of(seccomp, x32), kNumbers);
  } else if (rest.newest) {
    ranges.fill(table, rest, kNumbers);
  } else {
    // Another architecture's numbers; the last of all is what a tracer writes to skip a call.
    ranges.fill(table, rest, kX32Bit);
    ranges.fill(SECCOMP_RET_KILL_THREAD, kNumbers - 1);
    ranges.fill(rest.known, kNumbers);
  }
  return write_ranges(ranges.all());
}

Code plain(const spec::Seccomp& seccomp, const std::vector<ResolvedRule>& rules, Arch arch) {
  const Table table = make_table(seccomp, rules, arch);
  Ranges ranges;
  ranges.fill(table, rest_of(seccomp, table), kNumbers);
  return write_ranges(ranges.all());
}

// Those named whose calls can come here, and the native one.
Result<std::set<Arch>> filtered(const spec::Seccomp& seccomp, Arch native) {
  const std::vector<Arch> reachable = reachable_from(native);
  std::set<Arch> result{native};
  for (std::size_t i = 0; i < seccomp.architectures.size(); ++i) {
    const ArchName name = arch_named(seccomp.architectures[i]);
    if (name.named == Named::kUnknown)
      return invalid_input("seccomp", "/linux/seccomp/architectures/" + std::to_string(i) +
                                          ": unknown architecture " + seccomp.architectures[i]);
    if (name.named == Named::kFiltered &&
        std::ranges::find(reachable, name.arch) != reachable.end())
      result.insert(name.arch);
  }
  return result;
}

Result<std::vector<std::string>> check_names(const spec::Seccomp& seccomp,
                                             const std::vector<ResolvedRule>& rules) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < seccomp.rules.size(); ++i) {
    const spec::SeccompRule& rule = seccomp.rules[i];
    const std::string place = "/linux/seccomp/syscalls/" + std::to_string(i) + "/names: ";
    for (std::size_t j = 0; j < rule.names.size(); ++j) {
      const std::string& name = rule.names[j];
      if (rules[i].calls[j] == nullptr && !is_call(name))
        warnings.push_back(place + "unknown system call " + name + " is ignored");
      // The runtime passes the listener on with these, and would wait for whoever gets it.
      if (rule.action == SeccompAction::kNotify && (name == "write" || name == "sendmsg"))
        return invalid_input("seccomp", place + "SCMP_ACT_NOTIFY cannot be used for " + name);
    }
  }
  return warnings;
}

unsigned flags_of(const spec::Seccomp& seccomp, bool wants_listener) {
  // One thread installs it, so there is none to synchronise; and the kernel refuses that beside a
  // listener. As runc, without a word about flags the filter does not slow speculation down.
  unsigned flags = seccomp.flags & ~static_cast<unsigned>(SECCOMP_FILTER_FLAG_TSYNC);
  if (seccomp.flags == 0) flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  if (wants_listener) return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return flags & ~static_cast<unsigned>(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

}  // namespace

Result<Compiled> compile(const spec::Seccomp& seccomp, Arch native) {
  const std::vector<ResolvedRule> rules = resolve(seccomp);
  Compiled result;
  result.warnings = PLIMSOLL_TRY(check_names(seccomp, rules));
  const std::set<Arch> arches = PLIMSOLL_TRY(filtered(seccomp, native));
  Code code;
  append_load(code, offsetof(seccomp_data, arch));
  for (const Arch arch : arches) {
    if (arch == Arch::kX32) continue;  // A part of x86_64's.
    const Code body = arch == Arch::kX86_64 ? native_64(seccomp, rules, arches.contains(Arch::kX32))
                                            : plain(seccomp, rules, arch);
    append_section(code, audit_token(arch), body);
  }
  append_return(code, SECCOMP_RET_KILL_THREAD);
  if (code.size() > BPF_MAXINSNS)
    return invalid_input("seccomp", "/linux/seccomp: needs " + std::to_string(code.size()) +
                                        " instructions, the kernel takes 4096");
  result.program.wants_listener = std::ranges::any_of(
      seccomp.rules,
      [](const spec::SeccompRule& rule) { return rule.action == SeccompAction::kNotify; });
  result.program.flags = flags_of(seccomp, result.program.wants_listener);
  result.program.instructions = std::move(code);
  return result;
}

}  // namespace plimsoll::seccomp
