#include "runtime/seccomp/test_filters.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::seccomp {

namespace {

std::uint32_t action_of(spec::SeccompAction action, std::optional<std::uint32_t> errno_return) {
  using spec::SeccompAction;
  const std::uint32_t number = errno_return.value_or(EPERM);
  switch (action) {
    case SeccompAction::kKillThread:
      return SCMP_ACT_KILL_THREAD;
    case SeccompAction::kKillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case SeccompAction::kTrap:
      return SCMP_ACT_TRAP;
    case SeccompAction::kErrno:
      return SCMP_ACT_ERRNO(number);
    case SeccompAction::kTrace:
      return SCMP_ACT_TRACE(number);
    case SeccompAction::kAllow:
      return SCMP_ACT_ALLOW;
    case SeccompAction::kLog:
      return SCMP_ACT_LOG;
    case SeccompAction::kNotify:
      return SCMP_ACT_NOTIFY;
  }
  std::abort();
}

scmp_arg_cmp condition_of(const spec::SeccompArgument& argument) {
  static constexpr scmp_compare kOperators[] = {SCMP_CMP_NE,       SCMP_CMP_LT, SCMP_CMP_LE,
                                                SCMP_CMP_EQ,       SCMP_CMP_GE, SCMP_CMP_GT,
                                                SCMP_CMP_MASKED_EQ};
  return {argument.index, kOperators[static_cast<std::size_t>(argument.op)], argument.value,
          argument.value_two};
}

bool has_argument_twice(const std::vector<scmp_arg_cmp>& conditions) {
  for (std::size_t i = 0; i < conditions.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (conditions[i].arg == conditions[j].arg) return true;
  return false;
}

void add(scmp_filter_ctx context, std::uint32_t action, int call,
         const std::vector<scmp_arg_cmp>& conditions) {
  const int failed = ::seccomp_rule_add_array(
      context, action, call, static_cast<unsigned>(conditions.size()), conditions.data());
  PLIMSOLL_CHECK(failed == 0 || failed == -EEXIST);
}

std::uint32_t arch_token(const std::string& name) {
  std::string lower;
  for (const char c : name.substr(10)) lower += static_cast<char>(c | 0x20);  // SCMP_ARCH_
  return ::seccomp_arch_resolve_name(lower.c_str());
}

}  // namespace

std::vector<sock_filter> by_libseccomp(const spec::Seccomp& seccomp) {
  const std::uint32_t fallback = action_of(seccomp.default_action, seccomp.default_errno_return);
  scmp_filter_ctx context = ::seccomp_init(fallback);
  for (const std::string& arch : seccomp.architectures) {
    const int failed = ::seccomp_arch_add(context, arch_token(arch));
    PLIMSOLL_CHECK(failed == 0 || failed == -EEXIST);
  }
  for (const spec::SeccompRule& rule : seccomp.rules) {
    const std::uint32_t action = action_of(rule.action, rule.errno_return);
    if (action == fallback) continue;
    std::vector<scmp_arg_cmp> conditions;
    for (const auto& argument : rule.arguments) conditions.push_back(condition_of(argument));
    for (const std::string& name : rule.names) {
      const int call = ::seccomp_syscall_resolve_name(name.c_str());
      if (call == __NR_SCMP_ERROR) continue;
      if (!has_argument_twice(conditions)) {
        add(context, action, call, conditions);
      } else {
        for (const scmp_arg_cmp& condition : conditions) add(context, action, call, {condition});
      }
    }
  }
  const Fd memory(::memfd_create("plimsoll-test", MFD_CLOEXEC));
  PLIMSOLL_CHECK(memory.get() >= 0 && ::seccomp_export_bpf(context, memory.get()) == 0);
  ::seccomp_release(context);
  const auto size = static_cast<std::size_t>(::lseek(memory.get(), 0, SEEK_END));
  std::vector<sock_filter> program(size / sizeof(sock_filter));
  PLIMSOLL_CHECK(::pread(memory.get(), program.data(), size, 0) == static_cast<ssize_t>(size));
  return program;
}

std::uint32_t interpret(const std::vector<sock_filter>& program, const seccomp_data& call) {
  std::uint32_t word = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        PLIMSOLL_CHECK(step.k % 4 == 0 && step.k + 4 <= sizeof call);
        std::memcpy(&word, reinterpret_cast<const char*>(&call) + step.k, sizeof word);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        word &= step.k;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += word == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += word > step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += word >= step.k ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        std::abort();
    }
  }
  std::abort();  // Ran off the end.
}

}  // namespace plimsoll::seccomp
