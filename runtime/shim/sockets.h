// Unix sockets in a directory that is open, whatever the length of its path, and what is sent over
// them.
#pragma once

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::shim {

// Listens at `name` in `dir`, mode 0600, in place of what is there.
[[nodiscard]] Result<Fd> listen_in(const DirFd& dir, const char* name, int type);
[[nodiscard]] Result<Fd> connect_in(const DirFd& dir, const char* name, int type);

// One descriptor by SCM_RIGHTS, with whatever bytes; the terminal of a container comes so.
[[nodiscard]] Result<Fd> receive_descriptor(const Fd& socket);

}  // namespace plimsoll::shim
