#include "exporter/collect/perf_names.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "exporter/collect/sysfs_text.h"

namespace plimsoll::exporter {

namespace {

struct Named {
  std::string_view name;
  std::uint32_t type;
  std::uint64_t config;
};

constexpr Named kGeneric[] = {
    {"cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
    {"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
    {"stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    {"stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
    {"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    {"ref-cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    {"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
    {"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    {"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    {"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"page-faults-min", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    {"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"page-faults-maj", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
    {"emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
};

constexpr std::string_view kCaches[] = {"l1-dcache", "l1-icache", "llc", "dtlb",
                                        "itlb",      "branch",    "node"};
struct Operation {
  std::string_view name;
  std::uint64_t operation, result;
};
constexpr Operation kOperations[] = {
    {"loads", PERF_COUNT_HW_CACHE_OP_READ, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
    {"load-misses", PERF_COUNT_HW_CACHE_OP_READ, PERF_COUNT_HW_CACHE_RESULT_MISS},
    {"stores", PERF_COUNT_HW_CACHE_OP_WRITE, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
    {"store-misses", PERF_COUNT_HW_CACHE_OP_WRITE, PERF_COUNT_HW_CACHE_RESULT_MISS},
    {"prefetches", PERF_COUNT_HW_CACHE_OP_PREFETCH, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
    {"prefetch-misses", PERF_COUNT_HW_CACHE_OP_PREFETCH, PERF_COUNT_HW_CACHE_RESULT_MISS},
};

// perf's spelling of the name: small letters, dashes, no prefix.
std::string plain(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  for (const std::string_view prefix : {"perf-count-hw-", "perf-count-sw-"})
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    return to_number<std::uint64_t>(text.substr(2), 16);
  return to_number<std::uint64_t>(text);
}

std::map<std::string, std::string, std::less<>> files_in(const DirFd& sys, const std::string& dir) {
  std::map<std::string, std::string, std::less<>> files;
  for (const std::string& name : names_in(sys, dir, ""))
    if (!name.starts_with('.')) files.emplace(name, line_of(sys, dir + "/" + name));
  return files;
}

// Puts the low bits of `value` where a format such as "config1:0-7,32-35" wants them.
bool place(PerfCode& code, std::string_view format, std::uint64_t value) {
  const std::size_t colon = format.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view word = format.substr(0, colon);
  const std::size_t index = word == "config"    ? 0
                            : word == "config1" ? 1
                            : word == "config2" ? 2
                                                : 3;
  if (index == 3) return false;
  for (std::string_view rest = format.substr(colon + 1); !rest.empty();) {
    const std::string_view range = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto low = to_number<std::uint32_t>(range.substr(0, dash));
    const auto high =
        dash == std::string_view::npos ? low : to_number<std::uint32_t>(range.substr(dash + 1));
    if (!low || !high || *high < *low || *high > 63) return false;
    for (std::uint32_t bit = *low; bit <= *high; ++bit, value >>= 1U)
      code.config[index] |= (value & 1U) << bit;
  }
  return value == 0;  // Else it does not fit.
}

}  // namespace

std::optional<PerfCode> generic_event(std::string_view name) {
  const std::string word = plain(name);
  for (const Named& event : kGeneric)
    if (event.name == word) return PerfCode{event.type, {event.config}};
  for (std::size_t cache = 0; cache < std::size(kCaches); ++cache) {
    if (!word.starts_with(kCaches[cache])) continue;
    const std::string_view rest = std::string_view(word).substr(kCaches[cache].size());
    for (const Operation& it : kOperations)
      if (rest.starts_with('-') && rest.substr(1) == it.name)
        return PerfCode{PERF_TYPE_HW_CACHE, {cache | it.operation << 8U | it.result << 16U}};
  }
  return std::nullopt;
}

Result<Pmu> read_pmu(const DirFd& sys, const std::string& name) {
  const std::string dir = "bus/event_source/devices/" + name;
  const auto type = number_of<std::uint32_t>(sys, dir + "/type");
  if (!type) return failure(ErrorKind::kNotOffered, "read", dir + "/type");
  Pmu pmu{.type = *type,
          .format = files_in(sys, dir + "/format"),
          .events = files_in(sys, dir + "/events"),
          .cpumask = line_of(sys, dir + "/cpumask")};
  return pmu;
}

Result<PerfCode> encode_event(const Pmu& pmu, std::string_view terms) {
  PerfCode code{.type = pmu.type, .config = {}};
  for (std::string_view rest = trim(terms); !rest.empty();) {
    const std::string_view term = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), term.size() + 1));
    const std::size_t equals = std::min(term.find('='), term.size());
    const auto value =
        equals == term.size() ? std::optional<std::uint64_t>(1) : number(term.substr(equals + 1));
    const auto format = pmu.format.find(term.substr(0, equals));
    if (!value || format == pmu.format.end() || !place(code, format->second, *value))
      return invalid_input("perf event", "'" + std::string(term) + "' has no place in this PMU");
  }
  return code;
}

}  // namespace plimsoll::exporter
