#include "runtime/docker/host_facts.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::docker {

namespace {

std::string go_name(const std::string& machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

}  // namespace

std::string os_release_value(std::string_view text, std::string_view key) {
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") continue;
    std::string_view value = trim(line.substr(key.size() + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

HostFacts read_host_facts(const DirFd& etc) {
  HostFacts facts;
  utsname names{};
  if (::uname(&names) == 0) {
    facts.name = names.nodename;
    facts.kernel = names.release;
    facts.machine = names.machine;
    facts.architecture = go_name(facts.machine);
  }
  struct sysinfo sizes{};
  if (::sysinfo(&sizes) == 0) facts.memory = std::uint64_t{sizes.totalram} * sizes.mem_unit;
  if (const long online = ::sysconf(_SC_NPROCESSORS_ONLN); online > 0)
    facts.processors = static_cast<int>(online);
  const auto release = read_file_at(etc, "os-release", 4096);
  facts.os_name = release ? os_release_value(*release, "PRETTY_NAME") : "";
  facts.os_version = release ? os_release_value(*release, "VERSION_ID") : "";
  if (facts.os_name.empty()) facts.os_name = "Linux";
  return facts;
}

}  // namespace plimsoll::docker
