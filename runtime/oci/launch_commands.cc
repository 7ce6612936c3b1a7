// create, run, exec: what starts something.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/capability.h"
#include "base/fill_in.h"
#include "base/number.h"
#include "base/read_file.h"
#include "runtime/oci/command.h"
#include "runtime/oci/foreground.h"
#include "runtime/spec/decode.h"

namespace plimsoll::oci {

namespace {

Result<runtime::CreateOptions> create_options(const Arguments& arguments) {
  runtime::CreateOptions options;
  options.id = arguments.rest()[0];
  options.bundle =
      PLIMSOLL_TRY(absolute(arguments.has("bundle") ? arguments.value("bundle") : "."));
  if (::access(options.bundle.c_str(), X_OK) != 0)
    return failure(kind_of(errno), "bundle",
                   fill_in("chdir {}: {}", options.bundle, runtime::go_text(errno)));
  options.pid_file = arguments.value("pid-file");
  options.console_socket = arguments.value("console-socket");
  options.pidfd_socket = arguments.value("pidfd-socket");
  options.pivot = !arguments.has("no-pivot");
  options.new_keyring = !arguments.has("no-new-keyring");
  const auto preserved = PLIMSOLL_TRY(arguments.number("preserve-fds"));
  options.preserved_fds =
      static_cast<int>(std::clamp<std::int64_t>(preserved.value_or(0), 0, 4096));
  return options;
}

// "uid" or "uid:gid", each a whole number and nothing else (CVE-2026-30892).
Result<spec::User> parse_user(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto uid = to_number<std::uint32_t>(std::string_view(text).substr(0, colon));
  const auto gid = colon == std::string::npos
                       ? std::optional<std::uint32_t>(0)
                       : to_number<std::uint32_t>(std::string_view(text).substr(colon + 1));
  if (!uid || !gid)
    return invalid_input("arguments",
                         fill_in("parsing {} as int for uid failed: invalid syntax", text));
  spec::User user;
  user.uid = *uid;
  user.gid = *gid;
  return user;
}

Result<std::uint64_t> capability_bits(const std::vector<std::string>& names) {
  std::uint64_t bits = 0;
  for (const std::string& name : names) {
    const auto number = capability_named(name);
    if (!number) return invalid_input("arguments", fill_in("unknown capability \"{}\"", name));
    bits |= std::uint64_t{1} << *number;
  }
  return bits;
}

Result<runtime::ExecOptions> exec_options(const Arguments& arguments) {
  runtime::ExecOptions options;
  options.id = arguments.rest()[0];
  options.args.assign(arguments.rest().begin() + 1, arguments.rest().end());
  if (arguments.has("process")) {
    const std::string path = PLIMSOLL_TRY(absolute(arguments.value("process")));
    const DirFd root = PLIMSOLL_TRY(open_dir("/"));
    const std::string text = PLIMSOLL_TRY(read_file_at(root, path.c_str()));
    options.process = PLIMSOLL_TRY(spec::decode_process(text));
  } else if (options.args.empty()) {
    return invalid_input("arguments", "process args cannot be empty");
  }
  options.env = arguments.values("env");
  options.cwd = arguments.value("cwd");
  if (arguments.has("user")) options.user = PLIMSOLL_TRY(parse_user(arguments.value("user")));
  for (const std::string& text : arguments.values("additional-gids")) {
    const auto gid = to_number<std::uint32_t>(text);
    if (!gid) return invalid_input("arguments", fill_in("parsing {} as gid failed", text));
    options.additional_gids.push_back(*gid);
  }
  options.extra_capabilities = PLIMSOLL_TRY(capability_bits(arguments.values("cap")));
  if (arguments.has("tty")) options.terminal = true;
  if (arguments.has("no-new-privs")) options.no_new_privileges = true;
  options.apparmor_profile = arguments.value("apparmor");
  options.selinux_label = arguments.value("process-label");
  options.pid_file = arguments.value("pid-file");
  options.console_socket = arguments.value("console-socket");
  options.pidfd_socket = arguments.value("pidfd-socket");
  options.cgroups = arguments.values("cgroup");
  options.ignore_paused = arguments.has("ignore-paused");
  const auto preserved = PLIMSOLL_TRY(arguments.number("preserve-fds"));
  options.preserved_fds =
      static_cast<int>(std::clamp<std::int64_t>(preserved.value_or(0), 0, 4096));
  return options;
}

}  // namespace

Result<int> run_create(Context& context, const Arguments& arguments) {
  const runtime::CreateOptions options =
      PLIMSOLL_TRY(in("runc create failed", create_options(arguments)));
  PLIMSOLL_TRY(in("runc create failed", runtime::create(context.host(), options)));
  return 0;
}

Result<int> run_run(Context& context, const Arguments& arguments) {
  runtime::CreateOptions options = PLIMSOLL_TRY(in("runc run failed", create_options(arguments)));
  const bool detached = arguments.has("detach");
  options.terminal_here = !detached && options.console_socket.empty();
  if (!detached) {
    hold_signals();
    // So that what a container without pids of its own leaves behind comes to us.
    if (!arguments.has("no-subreaper") && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
      return os_failure("prctl", "PR_SET_CHILD_SUBREAPER");
  }
  runtime::Started started =
      PLIMSOLL_TRY(in("runc run failed", runtime::create_and_start(context.host(), options)));
  if (detached) return 0;
  const Result<int> code = watch(std::move(started));
  if (!arguments.has("keep"))
    PLIMSOLL_TRY(runtime::remove(context.host(), options.id, runtime::Force::kYes));
  return code;
}

Result<int> run_exec(Context& context, const Arguments& arguments) {
  const bool detached = arguments.has("detach");
  if (!detached) hold_signals();
  const auto started = [&]() -> Result<runtime::Started> {
    runtime::ExecOptions options = PLIMSOLL_TRY(exec_options(arguments));
    options.terminal_here = !detached && options.console_socket.empty();
    return runtime::exec(context.host(), options);
  };
  Result<runtime::Started> process = in("exec failed", started());
  if (!process) {
    // As runc: 255 says that it was not the program's own code.
    context.log->fatal(words_of(process.error()));
    return 255;
  }
  if (detached) return 0;
  return watch(*std::move(process));
}

}  // namespace plimsoll::oci
