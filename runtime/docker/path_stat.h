// The header X-Docker-Container-Path-Stat: what `docker cp` asks before it copies. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/image/store.h"

namespace plimsoll::docker {

// st_mode as Go's os.FileMode has it: other bits for types than the kernel's.
[[nodiscard]] std::uint32_t go_file_mode(std::uint32_t st_mode);

// Base64 of {"name":...,"size":...,"mode":...,"mtime":...,"linkTarget":...}
[[nodiscard]] std::string path_stat_header(const image::PathStat& stat);

}  // namespace plimsoll::docker
