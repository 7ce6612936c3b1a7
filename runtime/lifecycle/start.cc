#include <unistd.h>

#include "base/fill_in.h"
#include "runtime/lifecycle/hooks.h"
#include "runtime/lifecycle/inner.h"

namespace plimsoll::runtime {

Result<> start(const Host& host, const std::string& id) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  switch (opened.status) {
    case Status::kCreated:
      break;
    case Status::kStopped:
      return failure(ErrorKind::kInvalidInput, "start",
                     "cannot start a container that has stopped");
    default:
      return failure(ErrorKind::kInvalidInput, "start",
                     "cannot start an already running container");
  }
  const spec::Config config = PLIMSOLL_TRY(config_of(opened.directory));
  // Only for the words of a failure.
  Plan plan;
  plan.process = PLIMSOLL_TRY(make_process_plan(*config.process));
  plan.start_hooks = config.hooks.start_container;
  {
    const Fd socket = PLIMSOLL_TRY(connect_in(opened.directory, kStartSocket));
    PLIMSOLL_TRY(start_created(socket, plan));
  }
  if (::unlinkat(opened.directory.fd().get(), kStartSocket, 0) != 0)
    return os_failure("unlinkat", kStartSocket);
  if (config.hooks.poststart.empty()) return {};
  View view;
  view.record = opened.record;
  const Fd input = PLIMSOLL_TRY(make_hook_input());
  PLIMSOLL_TRY(
      fill_hook_input(input, hook_state_text(view, Status::kRunning, opened.record.init.pid)));
  return run_hooks(config.hooks.poststart, input, {});
}

}  // namespace plimsoll::runtime
