#include "exporter/collect/sysfs_text.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

std::string line_of(const DirFd& dir, const std::string& name) {
  const Result<std::string> text = read_file_at(dir, name.c_str(), std::size_t{64} << 10);
  if (!text) return {};
  // Device tree strings end in NUL.
  const std::string_view line = std::string_view(*text).substr(0, text->find('\0'));
  return std::string(trim(line));
}

std::vector<std::string> names_in(const DirFd& dir, const std::string& path,
                                  std::string_view prefix) {
  std::vector<std::string> names;
  Result<Fd> fd = open_at(dir, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::fdopendir(fd->get()), &::closedir);
  if (!opened) return names;
  static_cast<void>(fd->release());  // closedir closes it.
  while (const dirent* entry = ::readdir(opened.get()))
    if (std::string_view(entry->d_name).starts_with(prefix)) names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

}  // namespace plimsoll::exporter
