#include "runtime/docker/path_stat.h"

#include <sys/stat.h>

#include "base/base64.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

constexpr std::uint32_t bit(unsigned number) {
  return 1U << number;
}

// os.FileMode: types from bit 31 down, then the rights.
std::uint32_t go_type(std::uint32_t st_mode) {
  switch (st_mode & S_IFMT) {
    case S_IFDIR:
      return bit(31);
    case S_IFLNK:
      return bit(27);
    case S_IFBLK:
      return bit(26);
    case S_IFCHR:
      return bit(26) | bit(21);
    case S_IFIFO:
      return bit(25);
    case S_IFSOCK:
      return bit(24);
    default:
      return 0;
  }
}

}  // namespace

std::uint32_t go_file_mode(std::uint32_t st_mode) {
  std::uint32_t mode = (st_mode & 0777U) | go_type(st_mode);
  if ((st_mode & S_ISUID) != 0) mode |= bit(23);
  if ((st_mode & S_ISGID) != 0) mode |= bit(22);
  if ((st_mode & S_ISVTX) != 0) mode |= bit(20);
  return mode;
}

std::string path_stat_header(const image::PathStat& stat) {
  std::string json;
  model::Writer write(json);
  write("name", stat.name);
  write("size", stat.size);
  write("mode", go_file_mode(stat.mode));
  write("mtime", stat.mtime);
  write("linkTarget", stat.link_target);
  write.close();
  return to_base64(json);
}

}  // namespace plimsoll::docker
