// For tests: archives from literals, hostile ones included.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/temp_tree.h"

namespace plimsoll::image {

struct TarEntry {
  std::string name;
  std::string data;
  char type = '0';
  unsigned mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string link;
  unsigned major = 0;
  unsigned minor = 0;
  std::map<std::string, std::string> pax;  // Records of an extended header before it.
  std::uint64_t claimed_size = 0;          // What the header says instead of the data's size.
};

[[nodiscard]] std::string tar_of(const std::vector<TarEntry>& entries);
// As `docker save` writes it: layers, config, manifest.json.
[[nodiscard]] std::string docker_archive(const std::vector<std::string>& layers,
                                         const std::vector<std::string>& tags);
[[nodiscard]] std::string gzip_of(const std::string& bytes);
// A file with these bytes, opened for reading.
[[nodiscard]] Fd file_of(const TempTree& tree, const std::string& bytes);
[[nodiscard]] std::string text_of(const std::string& path);

}  // namespace plimsoll::image
