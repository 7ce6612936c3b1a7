// update: limits of a container that runs, from flags or as JSON ("-": the standard input).
#include <fcntl.h>

#include <functional>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/read_file.h"
#include "runtime/oci/command.h"
#include "runtime/spec/decode.h"

namespace plimsoll::oci {

namespace {

// "512m" and the like: powers of 1024, as docker writes sizes; -1 is no limit.
Result<std::optional<std::int64_t>> size_of(const Arguments& arguments, std::string_view name) {
  if (!arguments.has(name)) return std::optional<std::int64_t>();
  std::string text = arguments.value(name);
  const auto bad = [&] {
    return invalid_input("arguments", fill_in("invalid value for {}: {}", name, text));
  };
  if (text == "-1") return std::int64_t{-1};
  std::string_view digits = text;
  if (digits.ends_with('b') || digits.ends_with('B')) digits.remove_suffix(1);
  unsigned shift = 0;
  constexpr std::string_view kUnits = "kmgtp";
  if (!digits.empty()) {
    const std::size_t unit = kUnits.find(static_cast<char>(digits.back() | 0x20));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  const auto number = to_number<std::int64_t>(digits);
  if (!number || *number < 0 || *number > (INT64_MAX >> shift)) return bad();
  return *number << shift;
}

Result<std::string> read_resources(const std::string& path) {
  ReadBuffer buffer;
  if (path == "-") {
    const Fd input(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    return std::string(PLIMSOLL_TRY(buffer.read_all(input, "standard input")));
  }
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_failure("open", path);
  return std::string(PLIMSOLL_TRY(buffer.read_all(file, path)));
}

template <class T>
Result<> take_number(const Arguments& arguments, std::string_view name, std::optional<T>& target) {
  const auto number = PLIMSOLL_TRY(arguments.number(name));
  if (!number) return {};
  if (std::is_unsigned_v<T> && *number < 0)
    return invalid_input("arguments", fill_in("invalid value for {}: {}", name, *number));
  target = static_cast<T>(*number);
  return {};
}

Result<spec::Resources> resources_of(const Arguments& arguments) {
  spec::Resources resources;
  spec::MemoryResources memory;
  memory.limit = PLIMSOLL_TRY(size_of(arguments, "memory"));
  memory.reservation = PLIMSOLL_TRY(size_of(arguments, "memory-reservation"));
  memory.swap = PLIMSOLL_TRY(size_of(arguments, "memory-swap"));
  if (memory.limit || memory.reservation || memory.swap) resources.memory = memory;
  spec::CpuResources cpu;
  PLIMSOLL_TRY(take_number(arguments, "cpu-period", cpu.period));
  PLIMSOLL_TRY(take_number(arguments, "cpu-quota", cpu.quota));
  PLIMSOLL_TRY(take_number(arguments, "cpu-burst", cpu.burst));
  PLIMSOLL_TRY(take_number(arguments, "cpu-share", cpu.shares));
  PLIMSOLL_TRY(take_number(arguments, "cpu-rt-period", cpu.realtime_period));
  PLIMSOLL_TRY(take_number(arguments, "cpu-rt-runtime", cpu.realtime_runtime));
  PLIMSOLL_TRY(take_number(arguments, "cpu-idle", cpu.idle));
  cpu.cpus = arguments.value("cpuset-cpus");
  cpu.mems = arguments.value("cpuset-mems");
  if (cpu.period || cpu.quota || cpu.burst || cpu.shares || cpu.realtime_period ||
      cpu.realtime_runtime || cpu.idle || !cpu.cpus.empty() || !cpu.mems.empty())
    resources.cpu = cpu;
  PLIMSOLL_TRY(take_number(arguments, "pids-limit", resources.pids_limit));
  std::optional<std::uint16_t> weight;
  PLIMSOLL_TRY(take_number(arguments, "blkio-weight", weight));
  if (weight) {
    resources.block_io.emplace();
    resources.block_io->weight = weight;
  }
  return resources;
}

}  // namespace

Result<int> run_update(Context& context, const Arguments& arguments) {
  for (const char* name : {"l3-cache-schema", "mem-bw-schema"}) {
    if (arguments.has(name))
      return failure(ErrorKind::kNotOffered, "arguments",
                     fill_in("--{} is not offered: no Intel RDT", name));
  }
  spec::Resources resources;
  if (arguments.has("resources")) {
    const std::string text = PLIMSOLL_TRY(read_resources(arguments.value("resources")));
    resources = PLIMSOLL_TRY(spec::decode_resources(text));
  } else {
    resources = PLIMSOLL_TRY(resources_of(arguments));
  }
  PLIMSOLL_TRY(runtime::update(context.host(), arguments.rest()[0], resources));
  return 0;
}

}  // namespace plimsoll::oci
