#include <string_view>
#include <tuple>
#include <vector>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/group_path.h"
#include "runtime/cgroup/group_files.h"
#include "runtime/cgroup/groups.h"

namespace plimsoll::runtime {
namespace {

// The words of `wanted` that `has` lacks.
std::vector<std::string_view> lacking(std::string_view wanted, std::string_view has) {
  std::vector<std::string_view> missing;
  for (std::string_view word; next_word(wanted, word);) {
    bool found = false;
    std::string_view rest = has;
    for (std::string_view one; !found && next_word(rest, one);) found = one == word;
    if (!found) missing.push_back(word);
  }
  return missing;
}

// All at once; where that is refused one by one, so that one stubborn controller does not keep the
// others from the container.
void enable(const DirFd& root, const std::string& below,
            const std::vector<std::string_view>& controllers) {
  const std::string file = below + "/cgroup.subtree_control";
  std::string all;
  for (const std::string_view one : controllers) all.append(all.empty() ? "+" : " +").append(one);
  if (write_once(root, file, all) || controllers.size() == 1) return;
  for (const std::string_view one : controllers)
    std::ignore = write_once(root, file, "+" + std::string(one));
}

Result<std::string> words_at(const DirFd& root, const std::string& file) {
  const std::string text = PLIMSOLL_TRY(read_file_at(root, file.c_str(), 4096));
  return std::string(trim(text));
}

}  // namespace

Result<> enable_controllers(const cgroupfs::Hierarchy& hierarchy, const std::string& group) {
  const DirFd& root = hierarchy.dir;
  std::string offered;
  for (std::size_t c = 0; c < cgroupfs::kControllerCount; ++c)
    if (hierarchy.controllers.test(c))
      offered.append(" ").append(cgroupfs::name_of(static_cast<cgroupfs::Controller>(c)));
  const std::string has =
      PLIMSOLL_TRY(words_at(root, cgroupfs::relative(group) + "/cgroup.controllers"));
  if (lacking(offered, has).empty()) return {};
  std::vector<std::string> ancestors;
  for (std::string path = group; path != "/";) {
    path = cgroupfs::parent_path(path);
    ancestors.push_back(cgroupfs::relative(path));
  }
  for (auto below = ancestors.rbegin(); below != ancestors.rend(); ++below) {
    const std::string can = PLIMSOLL_TRY(words_at(root, *below + "/cgroup.controllers"));
    const std::string does = PLIMSOLL_TRY(words_at(root, *below + "/cgroup.subtree_control"));
    const auto missing = lacking(can, does);
    if (!missing.empty()) enable(root, *below, missing);
  }
  return {};
}

}  // namespace plimsoll::runtime
