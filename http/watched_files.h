// Files that are read again when they change. What counts is what the name leads to now: a file
// that is replaced, or a link that is turned, is a change.
#pragma once

#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace plimsoll::http {

class WatchedFiles {
 public:
  // Reads the file whole and watches it from now on. kRejected when it is too large for what it
  // should be.
  [[nodiscard]] Result<std::string> read(const std::string& path);
  // Those that exist and may not be read by who we are now.
  [[nodiscard]] std::vector<std::string> denied() const;
  // Some file is not what it was when it was read, or could not be.
  [[nodiscard]] bool changed() const;

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified = 0, changed = 0;  // Nanoseconds.
    bool operator==(const Stamp&) const = default;
  };
  using Seen = std::optional<Stamp>;  // Nothing: there was none.
  [[nodiscard]] static Seen look(const std::string& path);

  std::map<std::string, Seen> seen_;
};

}  // namespace plimsoll::http
