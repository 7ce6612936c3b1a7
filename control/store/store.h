// Where the write plane keeps what must outlive it: one directory of files that are appended to.
//
// A seam: DirStore is the disk, tests put files in memory here, let any call fail and end the
// "process" at any of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::control {

// Names are plain file names. Not thread-safe: each log that uses it has a lock of its own, and two
// logs use two stores or different files of a DirStore, which is safe.
class Store {
 public:
  virtual ~Store() = default;
  // The whole file. kNotOffered: there is none.
  [[nodiscard]] virtual Result<std::string> read(const std::string& name) = 0;
  // At the end, making the file if need be. Everything or nothing: what a full disk took of the
  // bytes is cut off again. After a kill a part may stay; readers find it by checksums.
  [[nodiscard]] virtual Result<> append(const std::string& name, std::string_view bytes) = 0;
  // What was appended is on the medium.
  [[nodiscard]] virtual Result<> sync(const std::string& name) = 0;
  // The old content or the new one, whatever happens meanwhile; on the medium when it returns.
  [[nodiscard]] virtual Result<> replace(const std::string& name, std::string_view bytes) = 0;
  [[nodiscard]] virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<> remove(const std::string& name) = 0;
  // Sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;
};

}  // namespace plimsoll::control
