#include "agent/engine/socket_owner.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/log.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kAcl = "system.posix_acl_access";
constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kNoId = 0xffffffff;
constexpr std::uint16_t kReadWrite = 6;
// Tags of linux/posix_acl.h.
constexpr std::uint16_t kUserObject = 0x01;
constexpr std::uint16_t kGroupObject = 0x04;
constexpr std::uint16_t kGroup = 0x08;
constexpr std::uint16_t kMask = 0x10;
constexpr std::uint16_t kOther = 0x20;

// Little endian on every machine.
void put(std::string& out, std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

void put_entry(std::string& out, std::uint16_t tag, std::uint16_t rights, std::uint32_t id) {
  put(out, tag, 2);
  put(out, rights, 2);
  put(out, id, 4);
}

}  // namespace

std::string acl_with_group(gid_t group) {
  std::string out;
  put(out, kVersion, 4);
  put_entry(out, kUserObject, kReadWrite, kNoId);
  put_entry(out, kGroupObject, kReadWrite, kNoId);
  put_entry(out, kGroup, kReadWrite, group);
  put_entry(out, kMask, kReadWrite, kNoId);
  put_entry(out, kOther, 0, kNoId);
  return out;
}

Result<> own_socket(const std::string& path, const control::RoleGroups& groups) {
  const mode_t mode = groups.control ? 0660 : 0600;
  if (::chmod(path.c_str(), 0600) != 0) return os_failure("chmod", path);
  // Not root: nobody else can be let in, and nobody else is.
  if (groups.control && ::chown(path.c_str(), static_cast<uid_t>(-1), *groups.control) != 0)
    return os_failure("chown", path);
  if (::chmod(path.c_str(), mode) != 0) return os_failure("chmod", path);
  if (!groups.read || groups.read == groups.control) return {};
  std::string acl = acl_with_group(*groups.read);
  // Without a control group the file's own group is root's, which root does not need.
  if (::setxattr(path.c_str(), kAcl, acl.data(), acl.size(), 0) == 0) return {};
  log::warn(os_failure("setxattr", path + ": the read group cannot connect").error().message());
  return {};
}

}  // namespace plimsoll::agent
