// Sysctls that belong to a namespace, and to one that is not the host's (CVE-2022-0811: a name or a
// value that reached kernel.core_pattern).
#include <sched.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/fill_in.h"
#include "runtime/launch/plan.h"

namespace plimsoll::runtime {

namespace {

constexpr std::array<std::string_view, 8> kIpc{
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

std::string dotted(std::string_view name) {
  std::string text(name);
  // Either separator may be written; the first one met says which ("net/ipv4/conf/eth0.1/...").
  const std::size_t first = text.find_first_of("./");
  if (first != std::string::npos && text[first] == '/') {
    for (char& letter : text) letter = letter == '/' ? '.' : letter == '.' ? '/' : letter;
  }
  return text;
}

bool is_name(std::string_view dots) {
  if (dots.empty() || dots.front() == '.' || dots.back() == '.') return false;
  if (dots.find("..") != std::string_view::npos || dots.find("//") != std::string_view::npos)
    return false;
  return std::ranges::all_of(dots, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || std::string_view("._-/@:").contains(letter);
  });
}

// The namespace a sysctl belongs to; 0: none.
std::uint64_t namespace_of(std::string_view dots) {
  if (std::ranges::find(kIpc, dots) != kIpc.end() || dots.starts_with("fs.mqueue."))
    return CLONE_NEWIPC;
  if (dots.starts_with("net.")) return CLONE_NEWNET;
  if (dots == "kernel.hostname" || dots == "kernel.domainname") return CLONE_NEWUTS;
  if (dots.starts_with("user.")) return CLONE_NEWUSER;
  return 0;
}

bool is_private(const Plan& plan, std::uint64_t flag) {
  return (plan.new_namespaces & flag) != 0 ||
         std::ranges::any_of(plan.joins, [flag](const Join& join) { return join.flag == flag; });
}

}  // namespace

Result<> plan_sysctls(const spec::Config& config, Plan& plan) {
  for (const auto& [name, value] : config.linux_.sysctl) {
    const std::string dots = dotted(name);
    const std::uint64_t flag = is_name(dots) ? namespace_of(dots) : 0;
    if (flag == 0)
      return invalid_input("plan", fill_in("/linux/sysctl/{}: sysctl \"{}\" is not in a "
                                           "separate kernel namespace",
                                           name, name));
    if (!is_private(plan, flag))
      return invalid_input("plan", fill_in("/linux/sysctl/{}: sysctl \"{}\" is not allowed "
                                           "in the hosts namespace",
                                           name, name));
    std::string path = dots;
    for (char& letter : path) letter = letter == '.' ? '/' : letter == '/' ? '.' : letter;
    plan.sysctls.emplace_back(std::move(path), value);
  }
  return {};
}

}  // namespace plimsoll::runtime
