// The program's first instructions, ahead of the C library's. What starts a container runs again
// from a read-only mount of itself (launch/seal.h); done here, the first run ends before libc looks
// at the processor, some thirty instructions that a virtual machine's host answers, and before most
// pages of the program are there.
//
// Nothing of libc works yet: no thread-local storage, no string functions; the system calls are
// made by hand. Whatever fails is left to run_from_sealed_self().
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

namespace {

constexpr const char* kSelf = "/proc/self/exe";

long call(long number, long a, long b, long c = 0, long d = 0, long e = 0) {
  register const long fourth asm("r10") = d;
  register const long fifth asm("r8") = e;
  long result = 0;  // NOLINT(misc-const-correctness): the kernel's answer.
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
               : "rcx", "r11", "memory");
  return result;
}

long address(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}

bool is(const char* word, const char* other) {
  for (; *word == *other; ++word, ++other)
    if (*word == '\0') return true;
  return false;
}

// One that only has such a name as an argument runs twice for nothing, and does the same.
bool launches(char* const* argv) {
  for (char* const* word = argv; *word != nullptr; ++word)
    if (is(*word, "create") || is(*word, "run") || is(*word, "exec")) return true;
  return false;
}

}  // namespace

// `stack` as the kernel leaves it: the count of arguments, they, null, the environment, null.
extern "C" [[gnu::used, gnu::visibility("hidden")]] void plimsoll_seal_first(char** stack) {
  char** const argv = stack + 1;
  char** const envp = argv + *reinterpret_cast<const long*>(stack) + 1;
  if (*argv == nullptr || !launches(argv + 1)) return;
  struct statfs self{};
  if (call(SYS_statfs, address(kSelf), address(&self)) != 0) return;
  if ((static_cast<unsigned long>(self.f_flags) & ST_RDONLY) != 0) return;
  const long tree = call(SYS_open_tree, AT_FDCWD, address(kSelf),
                         static_cast<long>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (tree < 0) return;
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  if (call(SYS_mount_setattr, tree, address(""), AT_EMPTY_PATH, address(&attr), sizeof attr) == 0)
    call(SYS_execveat, tree, address(""), reinterpret_cast<long>(argv),
         reinterpret_cast<long>(envp), AT_EMPTY_PATH);
  call(SYS_close, tree, 0);
}

// The linker's entry (CMakeLists.txt). rdx is libc's, and 0 in a static program.
asm(R"(
  .text
  .globl plimsoll_entry
  .type plimsoll_entry, @function
plimsoll_entry:
  xor %ebp, %ebp
  mov %rdx, %rbx
  mov %rsp, %rdi
  call plimsoll_seal_first
  mov %rbx, %rdx
  jmp _start
  .size plimsoll_entry, . - plimsoll_entry
)");
