#include "runtime/lifecycle/inner.h"
#include "runtime/seccomp/compile.h"

namespace plimsoll::runtime {

Result<std::optional<Filter>> compile_filter(const spec::Config& config) {
  if (!config.linux_.seccomp) return std::optional<Filter>();
  seccomp::Compiled compiled =
      PLIMSOLL_TRY(in("/linux/seccomp", seccomp::compile(*config.linux_.seccomp)));
  if (compiled.program.wants_listener)
    return failure(ErrorKind::kNotOffered, "seccomp",
                   "/linux/seccomp: notifications (SCMP_ACT_NOTIFY) are not offered yet");
  return Filter{std::move(compiled.program.instructions), compiled.program.flags};
}

}  // namespace plimsoll::runtime
