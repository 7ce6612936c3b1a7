#include <linux/seccomp.h>

#include "base/fill_in.h"
#include "runtime/lifecycle/hooks.h"
#include "runtime/lifecycle/inner.h"
#include "runtime/seccomp/compile.h"

namespace plimsoll::runtime {

Result<std::optional<Filter>> compile_filter(const spec::Config& config) {
  if (!config.linux_.seccomp) return std::optional<Filter>();
  seccomp::Compiled compiled =
      PLIMSOLL_TRY(in("/linux/seccomp", seccomp::compile(*config.linux_.seccomp)));
  return Filter{std::move(compiled.program.instructions), compiled.program.flags};
}

Result<NotifyEnds> open_notify(const spec::Config& config, const std::optional<Filter>& filter) {
  if (!filter || (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0) return NotifyEnds();
  NotifyEnds ends;
  ends.socket = PLIMSOLL_TRY(
      in("/linux/seccomp/listenerPath", connect_console(config.linux_.seccomp->listener_path)));
  ends.state = PLIMSOLL_TRY(make_hook_input());
  return ends;
}

std::string notify_text(const spec::Config& config, const std::string& state, pid_t pid) {
  std::string text =
      fill_in(R"({"ociVersion":{},"fds":["seccompFd"],"pid":{})", quoted(config.oci_version), pid);
  const std::string& metadata = config.linux_.seccomp->listener_metadata;
  if (!metadata.empty()) text += ",\"metadata\":" + quoted(metadata);
  return text + ",\"state\":" + state + "}";
}

}  // namespace plimsoll::runtime
