// Architectures whose calls a filter can see, and the numbers of their system calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace plimsoll::seccomp {

// x32 is x86_64's audit architecture with a bit in the number.
enum class Arch : std::uint8_t { kX86_64, kX86, kX32, kAarch64, kArm };

inline constexpr std::uint32_t kX32Bit = 0x40000000;

// What this program was built for.
[[nodiscard]] Arch native_arch();
// Those whose programs a kernel of `native` can run, `native` first: calls of others never come.
[[nodiscard]] std::vector<Arch> reachable_from(Arch native);

enum class Named : std::uint8_t { kFiltered, kOther, kUnknown };
struct ArchName {
  Named named = Named::kUnknown;
  Arch arch{};  // With kFiltered.
};
// "SCMP_ARCH_X86_64"; kOther for the specification's architectures that are none of ours.
[[nodiscard]] ArchName arch_named(std::string_view name);

[[nodiscard]] std::uint32_t audit_token(Arch arch);  // AUDIT_ARCH_*
[[nodiscard]] bool has_64_bits(Arch arch);           // Of a system call's arguments.

// A system call on all architectures: looked up by name once, and then by number.
struct SystemCall {
  std::string_view name;
  std::int32_t numbers[5];  // By Arch; -1: it has none.
};
[[nodiscard]] const SystemCall* find_call(std::string_view name);

// With x32's bit. Null has none.
[[nodiscard]] std::optional<std::uint32_t> number_of(Arch arch, const SystemCall* call);
[[nodiscard]] std::optional<std::uint32_t> number_of(Arch arch, std::string_view call);
// On any of the architectures.
[[nodiscard]] bool is_call(std::string_view call);

// i386 has its sockets' and System V's calls a second time, as numbers in the first argument of
// socketcall(2) and ipc(2).
struct Multiplexed {
  std::uint32_t number = 0;  // Of socketcall or ipc.
  std::uint32_t selector = 0;
};
[[nodiscard]] std::optional<Multiplexed> multiplexed(Arch arch, std::string_view call);

}  // namespace plimsoll::seccomp
