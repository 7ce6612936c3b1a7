// Reports in words. Engines look for some of them: dockerd makes 127 of "no such file or directory"
// and "executable file not found in $PATH", and 126 of "permission denied".
#include <sys/wait.h>

#include <array>
#include <cctype>
#include <cstring>

#include "base/fill_in.h"
#include "runtime/launch/act.h"

namespace plimsoll::runtime {

namespace {

std::string mount_words(const PlannedMount& mount, const std::string& what) {
  return fill_in("error mounting \"{}\" to rootfs at \"/{}\": {}",
                 mount.source.empty() ? mount.type : mount.source, mount.destination, what);
}

std::string exec_words(const Plan& plan, const Report& report, const std::string& errno_text) {
  const std::string& program = plan.process.args[0];
  if (report.stage == Stage::kExec) {
    const std::string& path =
        plan.process.candidates.size() == 1 ? plan.process.candidates[0] : program;
    return fill_in("exec {}: {}", path, errno_text);
  }
  if (report.item == 0xffff)
    return fill_in("exec: \"{}\": executable file not found in $PATH", program);
  // A directory too: engines make 126 of these words only.
  if (report.os_error == EACCES || report.os_error == EISDIR)
    return fill_in("exec: \"{}\": permission denied", program);
  return fill_in("exec: \"{}\": stat {}: {}", program, program, errno_text);
}

std::string hook_words(const Report& report, const std::string& errno_text) {
  const int status = report.os_error;
  std::string how = errno_text;
  if (status == -1) {
    how = "timed out";
  } else if (WIFEXITED(status)) {
    how = fill_in("exit status {}", WEXITSTATUS(status));
  } else if (WIFSIGNALED(status)) {
    how = fill_in("signal: {}", ::strsignal(WTERMSIG(status)));
  }
  return fill_in("error running hook #{}: error running hook: {}", report.item, how);
}

const char* step_of(Stage stage) {
  switch (stage) {
    case Stage::kSync:
      return "waiting for the runtime";
    case Stage::kJoin:
      return "joining a namespace";
    case Stage::kSetIds:
      return "becoming root of the user namespace";
    case Stage::kSession:
      return "beginning a session and its keyring";
    case Stage::kCgroupNamespace:
      return "making the cgroup namespace";
    case Stage::kPropagation:
      return "setting the propagation of mounts";
    case Stage::kRoot:
      return "error preparing rootfs";
    case Stage::kPivot:
      return "error jailing process inside rootfs: pivot_root";
    case Stage::kRootAttributes:
      return "setting the root filesystem's attributes";
    case Stage::kHostname:
      return "sethostname";
    case Stage::kDomainname:
      return "setdomainname";
    case Stage::kConsole:
      return "setting up the console";
    case Stage::kPersonality:
      return "unable to set personality";
    case Stage::kMemoryPolicy:
      return "setting the memory policy";
    case Stage::kStdio:
      return "setting up the standard streams";
    case Stage::kPrivateProc:
      return "mounting a private procfs";
    case Stage::kLabel:
      return "unable to apply the security label";
    case Stage::kBounding:
      return "unable to drop bounding capabilities";
    case Stage::kGroups:
      return "unable to setgroups";
    case Stage::kUser:
      return "unable to set the user";
    case Stage::kCapabilities:
      return "unable to apply caps";
    case Stage::kAmbient:
      return "unable to apply ambient caps";
    case Stage::kNoNewPrivileges:
      return "unable to set no_new_privs";
    case Stage::kSeccomp:
      return "unable to init seccomp: error loading seccomp filter into kernel";
    case Stage::kListener:
      return "unable to init seccomp: error sending the listener to listenerPath";
    case Stage::kStart:
      return "starting";
    default:
      return "setting up";
  }
}

template <class List>
std::string name_in(const List& list, std::size_t i) {
  return i < list.size() ? list[i] : "?";
}

std::string words_of(const Plan& plan, const Report& report) {
  const std::string why = go_text(report.os_error);
  const std::size_t i = report.item;
  switch (report.stage) {
    case Stage::kGroup:
      return fill_in("error entering its cgroup: write 0 to {}: {}", name_in(plan.group_files, i),
                     why);
    case Stage::kMountTarget:
      return mount_words(plan.mounts[i], fill_in("create mount destination: {}", why));
    case Stage::kMountOverProc:
      return mount_words(plan.mounts[i],
                         fill_in("check proc-safety of /{} mount: \"/{}\" "
                                 "cannot be mounted because it is inside /proc",
                                 plan.mounts[i].destination, plan.mounts[i].destination));
    case Stage::kMount:
      return mount_words(plan.mounts[i],
                         fill_in("mount src={}, dst=/{}, type={}, options={}: {}",
                                 plan.mounts[i].source, plan.mounts[i].destination,
                                 plan.mounts[i].type, plan.mounts[i].options_text, why));
    case Stage::kCopyUp:
      return mount_words(plan.mounts[i], fill_in("tmpcopyup: {}", why));
    case Stage::kDevice:
      return fill_in("error creating device nodes: /{}: {}", plan.devices[i].path, why);
    case Stage::kDeviceLink:
      return fill_in("error creating device symlink /{}: {}", plan.links[i].path, why);
    case Stage::kSysctl:
      return fill_in("write sysctl key {}: {}", plan.sysctls[i].first, why);
    case Stage::kReadonlyPath:
      return fill_in("can't make \"{}\" read-only: {}", name_in(plan.readonly_paths, i), why);
    case Stage::kMaskedPath:
      return fill_in("can't mask path \"{}\": {}", name_in(plan.masked_paths, i), why);
    case Stage::kWorkDirectory:
      return fill_in("chdir to cwd (\"{}\") set in config.json failed: {}", plan.process.cwd, why);
    case Stage::kWorkDirectoryOutside:
      return "current working directory is outside of container mount namespace root -- possible "
             "container breakout detected";
    case Stage::kStartHook:
      return hook_words(report, why);
    default:
      return fill_in("{}: {}", step_of(report.stage), why);
  }
}

}  // namespace

std::string go_text(int os_error) {
  std::string text = ::strerror(os_error);
  // "No such file or directory", but "RFS specific error" and "Level 2 halted".
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0)
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  if (os_error == EIO) text[0] = 'i';
  return text;
}

Failure describe(const Plan& plan, const Report& report) {
  const std::string why = go_text(report.os_error);
  if (report.stage == Stage::kLookup || report.stage == Stage::kExec)
    return failure(kind_of(report.os_error), "launch",
                   "unable to start container process: " + exec_words(plan, report, why));
  const bool late =
      report.stage == Stage::kWorkDirectory || report.stage == Stage::kWorkDirectoryOutside;
  return failure(kind_of(report.os_error), "launch",
                 fill_in("unable to start container process: {}{}",
                         late ? "" : "error during container init: ", words_of(plan, report)));
}

}  // namespace plimsoll::runtime
