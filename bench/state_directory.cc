#include "bench/state_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <utility>

namespace plimsoll::bench {

Result<StateDirectory> StateDirectory::make(const std::string& parent) {
  std::string path = parent + "/plimsoll-test-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return os_failure("mkdtemp", path);
  return StateDirectory(std::move(path));
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

StateDirectory::~StateDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace plimsoll::bench
