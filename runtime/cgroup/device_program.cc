#include "runtime/cgroup/device_program.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace plimsoll::runtime {
namespace {

static_assert(kMknod == BPF_DEVCG_ACC_MKNOD && kRead == BPF_DEVCG_ACC_READ &&
              kWrite == BPF_DEVCG_ACC_WRITE);

constexpr int kType = BPF_REG_2;
constexpr int kAccess = BPF_REG_3;
constexpr int kMajor = BPF_REG_4;
constexpr int kMinor = BPF_REG_5;

bpf_insn instruction(unsigned code, int to, int from, int offset, std::uint32_t immediate) {
  bpf_insn one{};
  one.code = static_cast<__u8>(code);
  one.dst_reg = static_cast<__u8>(to & 15);
  one.src_reg = static_cast<__u8>(from & 15);
  one.off = static_cast<__s16>(offset);
  one.imm = static_cast<__s32>(immediate);
  return one;
}

bpf_insn load(int to, std::size_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, static_cast<int>(offset), 0);
}

bpf_insn result(bool allowed) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allowed ? 1 : 0);
}

bpf_insn leave() {
  return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

// 32 bits: a device number may have the uppermost one set, which would be extended by sign.
bpf_insn skip_unless(int reg, std::uint32_t value) {
  return instruction(BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, value);
}

// What is excepted ends the program with the other answer. The jumps over it are filled in last.
void put(const DeviceException& exception, bool rest, std::vector<bpf_insn>& program) {
  const bool block = exception.match.type == spec::DeviceRule::Type::kBlock;
  std::vector<std::size_t> jumps;
  const auto jump = [&](bpf_insn one) {
    jumps.push_back(program.size());
    program.push_back(one);
  };
  jump(skip_unless(kType, block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
  if (exception.match.major) jump(skip_unless(kMajor, *exception.match.major));
  if (exception.match.minor) jump(skip_unless(kMinor, *exception.match.minor));
  if (exception.access != (kMknod | kRead | kWrite)) {
    if (rest) {
      // Any of it is denied.
      program.push_back(instruction(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, kAccess, 0, 0));
      program.push_back(instruction(BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, exception.access));
      jump(instruction(BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_1, 0, 0, 0));
    } else {
      // What is left to be allowed, by this one or by a later one.
      program.push_back(instruction(BPF_ALU | BPF_AND | BPF_K, kAccess, 0, 0, ~exception.access));
      jump(skip_unless(kAccess, 0));
    }
  }
  program.push_back(result(!rest));
  program.push_back(leave());
  for (const std::size_t at : jumps) program[at].off = static_cast<__s16>(program.size() - at - 1);
}

long bpf(bpf_cmd command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

std::uint64_t address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// Nothing is done about RLIMIT_MEMLOCK: since Linux 5.11 programs count as memory of the cgroup.
Result<Fd> load_program(const std::vector<bpf_insn>& program) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address(program.data());
  attributes.insn_cnt = static_cast<__u32>(program.size());
  attributes.license = address("Apache-2.0");
  const long fd = bpf(BPF_PROG_LOAD, attributes);
  if (fd < 0) return os_failure("bpf", "load the program for devices");
  return Fd(static_cast<int>(fd));
}

struct Programs {
  std::array<__u32, 64> ids{};
  std::size_t count = 0;
};

// The group's own ones, not its ancestors'.
Result<Programs> programs_of(const Fd& group) {
  Programs programs;
  bpf_attr attributes{};
  attributes.query.target_fd = static_cast<__u32>(group.get());
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = address(programs.ids.data());
  attributes.query.prog_cnt = static_cast<__u32>(programs.ids.size());
  if (bpf(BPF_PROG_QUERY, attributes) != 0)
    return os_failure("bpf", "list the programs for devices");
  programs.count = attributes.query.prog_cnt;
  return programs;
}

Result<> attach(const Fd& group, const Fd& program, const Fd* instead) {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<__u32>(group.get());
  attributes.attach_bpf_fd = static_cast<__u32>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (instead != nullptr) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<__u32>(instead->get());
  }
  if (bpf(BPF_PROG_ATTACH, attributes) != 0)
    return os_failure("bpf", "attach the program for devices");
  return {};
}

Result<Fd> program_by_id(__u32 id) {
  bpf_attr attributes{};
  attributes.prog_id = id;
  const long fd = bpf(BPF_PROG_GET_FD_BY_ID, attributes);
  if (fd < 0) return os_failure("bpf", "open the program for devices");
  return Fd(static_cast<int>(fd));
}

Result<> detach(const Fd& group, const Fd& program) {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<__u32>(group.get());
  attributes.attach_bpf_fd = static_cast<__u32>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  if (bpf(BPF_PROG_DETACH, attributes) != 0)
    return os_failure("bpf", "detach the earlier program for devices");
  return {};
}

}  // namespace

std::vector<bpf_insn> device_program(const DevicePolicy& policy) {
  const bool rest = policy.rest == DevicePolicy::Rest::kAllow;
  // struct bpf_cgroup_dev_ctx: the type in the lower half of access_type, the access in the upper.
  std::vector<bpf_insn> program = {
      load(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
      instruction(BPF_ALU | BPF_MOV | BPF_X, kAccess, kType, 0, 0),
      instruction(BPF_ALU | BPF_AND | BPF_K, kType, 0, 0, 0xffff),
      instruction(BPF_ALU | BPF_RSH | BPF_K, kAccess, 0, 0, 16),
      load(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
      load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  for (const DeviceException& exception : policy.exceptions) put(exception, rest, program);
  program.push_back(result(rest));
  program.push_back(leave());
  return program;
}

Result<> attach_device_program(const Fd& group, const DevicePolicy& policy, Earlier earlier) {
  const Fd program = PLIMSOLL_TRY(load_program(device_program(policy)));
  if (earlier == Earlier::kNone) return attach(group, program, nullptr);
  const Programs before = PLIMSOLL_TRY(programs_of(group));
  if (before.count == 1) {
    const Fd only = PLIMSOLL_TRY(program_by_id(before.ids[0]));
    return attach(group, program, &only);
  }
  // All of them are asked, so for a moment what either denies is denied.
  PLIMSOLL_TRY(attach(group, program, nullptr));
  for (std::size_t i = 0; i < before.count; ++i)
    PLIMSOLL_TRY(detach(group, PLIMSOLL_TRY(program_by_id(before.ids[i]))));
  return {};
}

}  // namespace plimsoll::runtime
