// Files of the engine's own: replaced whole or not at all; trees that are removed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::engine {

enum class Keep : std::uint8_t {
  kProcess,  // Survives the death of every process.
  kMachine   // Survives a power cut.
};

// Directories on the way are made, 0755 but for the last.
[[nodiscard]] Result<> make_directories(const std::string& path, mode_t last = 0700);
[[nodiscard]] Result<> replace_file(const std::string& path, std::string_view text, mode_t mode,
                                    Keep keep = Keep::kProcess);
// In place: whoever has it mounted sees it.
[[nodiscard]] Result<> rewrite_file(const std::string& path, std::string_view text, mode_t mode);
[[nodiscard]] Result<std::string> read_text(const std::string& path);
// Postcondition: there is nothing at `path`. Links are not followed, mounts are not entered.
[[nodiscard]] Result<> remove_tree(const std::string& path);
// Without "." and ".."; sorted; none where there is no such directory.
[[nodiscard]] std::vector<std::string> names_in(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);

}  // namespace plimsoll::engine
