#include "runtime/seccomp/numbers.h"

#include <linux/audit.h>

#include <algorithm>

namespace plimsoll::seccomp {

namespace {

constexpr SystemCall kCalls[] = {
#include "runtime/seccomp/numbers.inc"
};
static_assert(std::ranges::is_sorted(kCalls, {}, &SystemCall::name));

struct Selected {
  std::string_view call;
  Multiplexed where;
};
constexpr std::uint32_t kSocketcall = 102;
constexpr std::uint32_t kIpc = 117;
// linux/net.h and linux/ipc.h.
constexpr Selected kSelected[] = {
    {"accept", {kSocketcall, 5}},
    {"accept4", {kSocketcall, 18}},
    {"bind", {kSocketcall, 2}},
    {"connect", {kSocketcall, 3}},
    {"getpeername", {kSocketcall, 7}},
    {"getsockname", {kSocketcall, 6}},
    {"getsockopt", {kSocketcall, 15}},
    {"listen", {kSocketcall, 4}},
    {"msgctl", {kIpc, 14}},
    {"msgget", {kIpc, 13}},
    {"msgrcv", {kIpc, 12}},
    {"msgsnd", {kIpc, 11}},
    {"recv", {kSocketcall, 10}},
    {"recvfrom", {kSocketcall, 12}},
    {"recvmmsg", {kSocketcall, 19}},
    {"recvmsg", {kSocketcall, 17}},
    {"semctl", {kIpc, 3}},
    {"semget", {kIpc, 2}},
    {"semop", {kIpc, 1}},
    {"semtimedop", {kIpc, 4}},
    {"send", {kSocketcall, 9}},
    {"sendmmsg", {kSocketcall, 20}},
    {"sendmsg", {kSocketcall, 16}},
    {"sendto", {kSocketcall, 11}},
    {"setsockopt", {kSocketcall, 14}},
    {"shmat", {kIpc, 21}},
    {"shmctl", {kIpc, 24}},
    {"shmdt", {kIpc, 22}},
    {"shmget", {kIpc, 23}},
    {"shutdown", {kSocketcall, 13}},
    {"socket", {kSocketcall, 1}},
    {"socketpair", {kSocketcall, 8}},
};
static_assert(std::ranges::is_sorted(kSelected, {}, &Selected::call));

struct NamedArch {
  std::string_view name;
  ArchName meaning;
};
constexpr NamedArch kArches[] = {
    {"SCMP_ARCH_X86_64", {Named::kFiltered, Arch::kX86_64}},
    {"SCMP_ARCH_X86", {Named::kFiltered, Arch::kX86}},
    {"SCMP_ARCH_X32", {Named::kFiltered, Arch::kX32}},
    {"SCMP_ARCH_AARCH64", {Named::kFiltered, Arch::kAarch64}},
    {"SCMP_ARCH_ARM", {Named::kFiltered, Arch::kArm}},
    {"SCMP_ARCH_MIPS", {Named::kOther}},
    {"SCMP_ARCH_MIPS64", {Named::kOther}},
    {"SCMP_ARCH_MIPS64N32", {Named::kOther}},
    {"SCMP_ARCH_MIPSEL", {Named::kOther}},
    {"SCMP_ARCH_MIPSEL64", {Named::kOther}},
    {"SCMP_ARCH_MIPSEL64N32", {Named::kOther}},
    {"SCMP_ARCH_PPC", {Named::kOther}},
    {"SCMP_ARCH_PPC64", {Named::kOther}},
    {"SCMP_ARCH_PPC64LE", {Named::kOther}},
    {"SCMP_ARCH_S390", {Named::kOther}},
    {"SCMP_ARCH_S390X", {Named::kOther}},
    {"SCMP_ARCH_PARISC", {Named::kOther}},
    {"SCMP_ARCH_PARISC64", {Named::kOther}},
    {"SCMP_ARCH_RISCV64", {Named::kOther}},
    {"SCMP_ARCH_LOONGARCH64", {Named::kOther}},
    {"SCMP_ARCH_M68K", {Named::kOther}},
    {"SCMP_ARCH_SH", {Named::kOther}},
    {"SCMP_ARCH_SHEB", {Named::kOther}},
};

}  // namespace

Arch native_arch() {
#if defined(__x86_64__)
  return Arch::kX86_64;
#elif defined(__aarch64__)
  return Arch::kAarch64;
#else
#error "no table of system calls for this architecture"
#endif
}

std::vector<Arch> reachable_from(Arch native) {
  if (native == Arch::kX86_64) return {Arch::kX86_64, Arch::kX86, Arch::kX32};
  if (native == Arch::kAarch64) return {Arch::kAarch64, Arch::kArm};
  return {native};
}

ArchName arch_named(std::string_view name) {
  const NamedArch* const found = std::ranges::find(kArches, name, &NamedArch::name);
  return found == std::end(kArches) ? ArchName{} : found->meaning;
}

std::uint32_t audit_token(Arch arch) {
  switch (arch) {
    case Arch::kX86_64:
    case Arch::kX32:
      return AUDIT_ARCH_X86_64;
    case Arch::kX86:
      return AUDIT_ARCH_I386;
    case Arch::kAarch64:
      return AUDIT_ARCH_AARCH64;
    case Arch::kArm:
      return AUDIT_ARCH_ARM;
  }
  return 0;
}

bool has_64_bits(Arch arch) {
  return arch == Arch::kX86_64 || arch == Arch::kAarch64;
}

const SystemCall* find_call(std::string_view name) {
  const SystemCall* call = std::ranges::lower_bound(kCalls, name, {}, &SystemCall::name);
  return call != std::end(kCalls) && call->name == name ? call : nullptr;
}

std::optional<std::uint32_t> number_of(Arch arch, const SystemCall* call) {
  if (call == nullptr) return std::nullopt;
  const std::int32_t number = call->numbers[static_cast<std::size_t>(arch)];
  if (number < 0) return std::nullopt;
  return static_cast<std::uint32_t>(number) | (arch == Arch::kX32 ? kX32Bit : 0);
}

std::optional<std::uint32_t> number_of(Arch arch, std::string_view call) {
  return number_of(arch, find_call(call));
}

bool is_call(std::string_view call) {
  return find_call(call) != nullptr || multiplexed(Arch::kX86, call).has_value();
}

std::optional<Multiplexed> multiplexed(Arch arch, std::string_view call) {
  if (arch != Arch::kX86) return std::nullopt;
  const Selected* const found = std::ranges::lower_bound(kSelected, call, {}, &Selected::call);
  if (found == std::end(kSelected) || found->call != call) return std::nullopt;
  return found->where;
}

}  // namespace plimsoll::seccomp
