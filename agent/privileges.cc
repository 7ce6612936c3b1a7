#include "agent/privileges.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

constexpr unsigned kMostCapabilities = 64;

std::vector<gid_t> groups_of(const std::string& name, gid_t gid) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) count = 0;
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// "998" or "998:997".
std::optional<Account> numeric_account(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string_view view = text;
  const auto uid = to_number<uid_t>(view.substr(0, colon));
  if (!uid) return std::nullopt;
  if (colon == std::string::npos) return Account{*uid, *uid, text, {}};
  const auto gid = to_number<gid_t>(view.substr(colon + 1));
  if (!gid) return std::nullopt;
  return Account{*uid, *gid, text, {}};
}

Result<> set_prctl(int option, unsigned long argument, const char* what) {
  if (::prctl(option, argument, 0, 0, 0) != 0) return os_failure("prctl", what);
  return {};
}

// What is not in the bounding set cannot be gained by executing a file. Needs CAP_SETPCAP; without
// it no_new_privs keeps us from gaining anything as well.
void cut_bounding_set(CapabilityMask keep) {
  for (unsigned number = 0; number < kMostCapabilities; ++number)
    if ((keep >> number & 1U) == 0) (void)::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // Linux 4.3.
}

Result<> become(const Account& account) {
  // Otherwise changing from root to another user clears every set.
  PLIMSOLL_TRY(set_prctl(PR_SET_KEEPCAPS, 1, "PR_SET_KEEPCAPS"));
  if (::setgroups(account.groups.size(), account.groups.data()) != 0)
    return os_failure("setgroups", account.name);
  if (::setresgid(account.gid, account.gid, account.gid) != 0)
    return os_failure("setresgid", account.name);
  if (::setresuid(account.uid, account.uid, account.uid) != 0)
    return os_failure("setresuid", account.name);
  return {};
}

Result<> keep_only(CapabilityMask mask) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (std::size_t half = 0; half < data.size(); ++half) {
    const auto bits = static_cast<std::uint32_t>(mask >> (32 * half));
    data[half].effective = bits;
    data[half].permitted = bits;
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) return os_failure("capset", "self");
  return {};
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Result<> hand_over(const std::string& path, const Account& account) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) return os_failure("mkdir", path, failed.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_failure("mkdir", path);
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return os_failure("open", path);
  if (::fchown(fd.get(), account.uid, account.gid) != 0) return os_failure("fchown", path);
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd.get()));
  if (!dir) return os_failure("fdopendir", path);
  const int at = fd.release();  // The stream closes it.
  while (const dirent* entry = ::readdir(dir.get())) {
    struct stat status{};
    if (::fstatat(at, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // Our own files of an earlier run; a file with a second name may be somebody else's.
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) continue;
    if (::fchownat(at, entry->d_name, account.uid, account.gid, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fchownat", path + "/" + entry->d_name);
  }
  return {};
}

// Another thread would keep all it has.
Result<> be_alone() {
  const std::unique_ptr<DIR, CloseDir> tasks(::opendir("/proc/self/task"));
  if (!tasks) return {};  // No /proc: nobody can tell.
  std::size_t threads = 0;
  while (const dirent* entry = ::readdir(tasks.get())) threads += entry->d_name[0] == '.' ? 0 : 1;
  if (threads == 1) return {};
  return failure(ErrorKind::kBusy, "drop_privileges",
                 std::to_string(threads) + " threads run already");
}

// "         0          0 4294967295" lines: the ids inside this user namespace, where they are
// outside, how many.
bool is_mapped(const char* file, std::uint32_t id) {
  const auto self = open_dir("/proc/self");
  if (!self) return true;  // Then trying tells.
  const auto text = read_file_at(*self, file);
  if (!text) return true;  // A kernel without user namespaces.
  std::string_view lines = *text;
  std::string_view line;
  while (next_line(lines, line)) {
    std::string_view inside;
    std::string_view outside;
    std::string_view count;
    if (!next_word(line, inside) || !next_word(line, outside) || !next_word(line, count)) continue;
    const auto first = to_number<std::uint64_t>(inside);
    const auto size = to_number<std::uint64_t>(count);
    if (first && size && id >= *first && id - *first < *size) return true;
  }
  return false;
}

}  // namespace

Result<Account> find_account(const std::string& name) {
  std::vector<char> text(16384);
  passwd entry{};
  passwd* found = nullptr;
  const int failed = ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  if (found != nullptr)
    return Account{found->pw_uid, found->pw_gid, name, groups_of(name, found->pw_gid)};
  if (const auto account = numeric_account(name)) return *account;
  if (failed != 0) return os_failure("getpwnam", name, failed);
  return failure(ErrorKind::kNotOffered, "getpwnam", "user '" + name + "': there is none");
}

Result<Account> default_account() {
  Result<Account> own = find_account("plimsoll");
  if (own || own.error().kind != ErrorKind::kNotOffered) return own;
  Result<Account> nobody = find_account("nobody");
  // An image without /etc/passwd. The number is the same everywhere.
  if (!nobody && nobody.error().kind == ErrorKind::kNotOffered) return find_account("65534");
  return nobody;
}

bool can_become(const Account& account) {
  const auto held = held_capabilities();
  const CapabilityMask needed = CapabilityMask{1} << CAP_SETUID | CapabilityMask{1} << CAP_SETGID;
  return held && (held->effective & needed) == needed && is_mapped("uid_map", account.uid) &&
         is_mapped("gid_map", account.gid);
}

Result<> drop_privileges(const PrivilegePlan& plan) {
  PLIMSOLL_TRY(be_alone());
  if (plan.account)
    for (const std::string& directory : plan.writable_directories)
      PLIMSOLL_TRY(hand_over(directory, *plan.account));
  const HeldCapabilities before = PLIMSOLL_TRY(held_capabilities());
  cut_bounding_set(plan.keep);
  if (plan.account) PLIMSOLL_TRY(become(*plan.account));
  PLIMSOLL_TRY(keep_only(plan.keep & before.permitted));
  PLIMSOLL_TRY(set_prctl(PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS"));
  PLIMSOLL_TRY(set_prctl(PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE"));
  // Believed only when seen: a way back would be worse than not to start.
  if (plan.account && plan.account->uid != 0 && ::setresuid(0, 0, 0) == 0)
    return failure(ErrorKind::kIo, "setresuid", "root could be regained");
  return {};
}

}  // namespace plimsoll::agent
