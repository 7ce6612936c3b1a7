// A directory for an engine's state, removed with all it holds.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace plimsoll::bench {

class StateDirectory {
 public:
  // In `parent`, which decides on what kind of medium it is.
  [[nodiscard]] static Result<StateDirectory> make(const std::string& parent);
  ~StateDirectory();
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit StateDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace plimsoll::bench
