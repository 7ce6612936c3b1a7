// Writes a tar (POSIX 1003.1, pax where ustar is too small) of what a directory tree has.
//
// Thread: one.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "runtime/image/store.h"

namespace plimsoll::image {

class TarWriter {
 public:
  // kGone: the sink takes no more.
  explicit TarWriter(const Sink& sink) : sink_(sink) {}

  // One entry of `directory`, whatever it is, under `path` in the archive ("etc/hosts"). A file of
  // several names goes out once, and as hard links after that. Sockets are left out. What vanishes
  // meanwhile is, too.
  [[nodiscard]] Result<> add(const DirFd& directory, const std::string& name,
                             const std::string& path);
  // The directory itself, without what is in it; `path` empty: none is written.
  [[nodiscard]] Result<> add_directory(const DirFd& directory, const std::string& path);
  // And all that is below it. Devices 0:0 and opaque directories become what layers have.
  enum class Whiteouts : std::uint8_t { kAsTheyStand, kAsLayersHave };
  [[nodiscard]] Result<> add_below(const DirFd& directory, const std::string& path,
                                   Whiteouts whiteouts);
  // A file made up.
  [[nodiscard]] Result<> add_text(const std::string& path, std::string_view text,
                                  std::int64_t time);
  [[nodiscard]] Result<> add_file(const std::string& path, const Fd& file, std::int64_t time);
  [[nodiscard]] Result<> finish();

 private:
  struct Head;
  [[nodiscard]] Result<> put(std::string_view bytes);
  [[nodiscard]] Result<> put_head(const Head& head);
  [[nodiscard]] Result<> put_pax(const Head& head);
  [[nodiscard]] Result<> put_data(const Fd& file, std::uint64_t size);
  [[nodiscard]] Result<> put_padding(std::uint64_t size);
  [[nodiscard]] Result<> add_regular(const DirFd& directory, const std::string& name, Head head);

  const Sink& sink_;
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;
};

}  // namespace plimsoll::image
