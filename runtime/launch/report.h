// What the child tells its parent: at which stage it is, or failed, with errno and which of the
// stage's items it was. Messages over a SOCK_SEQPACKET pair; no text, the parent has the words.
#pragma once

#include <cstdint>

namespace plimsoll::runtime {

enum class Stage : std::uint8_t {
  kSync,
  kGroup,    // item: index in Plan::group_files
  kJoin,     // item: index in Plan::joins
  kSetIds,   // Becoming root of a new user namespace.
  kSession,  // setsid, keyring
  kCgroupNamespace,
  kPropagation,
  kRoot,           // The root filesystem mounted on itself.
  kMountTarget,    // item: index in Plan::mounts; its destination could not be made.
  kMountOverProc,  // item: as above; the destination lies in a procfs.
  kMount,          // item: as above
  kCopyUp,         // item: as above
  kDevice,         // item: index in Plan::devices
  kDeviceLink,     // item: index in Plan::links
  kPivot,
  kRootAttributes,
  kSysctl,        // item: index in Plan::sysctls
  kReadonlyPath,  // item: index in Plan::readonly_paths
  kMaskedPath,    // item: index in Plan::masked_paths
  kHostname,
  kDomainname,
  kConsole,
  kWorkDirectory,
  kWorkDirectoryOutside,
  kPersonality,
  kMemoryPolicy,
  kStdio,
  kPrivateProc,
  kLabel,
  kBounding,
  kGroups,
  kUser,
  kCapabilities,
  kAmbient,
  kNoNewPrivileges,
  kSeccomp,
  kListener,   // Handing over the filter's.
  kLookup,     // The program was not found, or may not be executed; item: see Plan.
  kStartHook,  // item: index in Plan::start_hooks; error: the wait status
  kStart,
  kExec
};

enum class Message : std::uint8_t {
  kFailed,
  kEntered,  // It is in its cgroups.
  kWaiting,  // The rootfs is ready, hooks may run; the child waits for one byte.
  kReady     // All is done but exec.
};

struct Report {
  Message message = Message::kFailed;
  Stage stage = Stage::kSync;
  std::uint16_t item = 0;
  std::int32_t os_error = 0;
};

}  // namespace plimsoll::runtime
