#include "runtime/image/passing.h"

#include <fcntl.h>

#include "base/fd.h"

namespace plimsoll::image {

Result<> mark_passing(const Store& store, const std::string& container) {
  const RootInfo info = PLIMSOLL_TRY(store.root_info(container));
  const std::string directory = info.mount_point.substr(0, info.mount_point.rfind('/'));
  const std::string path = directory + "/" + kPassing;
  const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_failure("open", path);
  return {};
}

}  // namespace plimsoll::image
