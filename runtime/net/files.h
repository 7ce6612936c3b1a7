// A directory of small sealed files, one per record: each is the old one or the new one, whole.
//
// Thread: any, but one writer per name at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::net {

enum class Lasting : std::uint8_t {
  kProcess,  // Survives this program: enough on a tmpfs.
  kMachine   // Survives a power cut.
};

class Files {
 public:
  // Makes the directory and its parents, if need be; 0700.
  [[nodiscard]] static Result<Files> open(const std::string& path, Lasting lasting);

  [[nodiscard]] Result<> write(const std::string& name, std::string_view text) const;
  [[nodiscard]] Result<> rename(const std::string& from, const std::string& to) const;
  // Postcondition: there is none of this name.
  [[nodiscard]] Result<> remove(const std::string& name) const;

  struct Loaded {
    std::vector<std::pair<std::string, std::string>> records;  // Name and text, sorted.
    std::vector<std::string> damaged;  // Why each of these was not read. They are left there.
  };
  // What a dead writer left half written is removed.
  [[nodiscard]] Result<Loaded> load() const;

 private:
  Files(DirFd directory, Lasting lasting) : directory_(std::move(directory)), lasting_(lasting) {}
  DirFd directory_;
  Lasting lasting_;
};

// mkdir -p. The last is 0700.
[[nodiscard]] Result<> make_directory(const std::string& path);

}  // namespace plimsoll::net
