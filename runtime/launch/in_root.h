// Walking an untrusted root filesystem without allocation, links meaning what they mean in there
// (openat2 with RESOLVE_IN_ROOT): nothing that an image or a volume contains leads out of it.
#pragma once

#include <cstdint>

namespace plimsoll::runtime {

enum class Links : bool { kFollow, kRefuse };
enum class Make : std::uint8_t { kNothing, kDirectory, kFile };

// An O_PATH descriptor of `path` below `root`; what is missing of it is made: directories on the
// way, and last what `make` says. -1 and errno.
int open_in_root_path(int root, const char* path, Make make, Links links) noexcept;

// The directory that contains `path`, made if need be; `name` then points to the last part.
struct Parent {
  int directory = -1;
  const char* name = nullptr;
};
Parent open_parent(int root, const char* path) noexcept;

}  // namespace plimsoll::runtime
