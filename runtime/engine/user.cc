#include "runtime/engine/user.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/open_in_root.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

constexpr std::uint32_t kMostId = 2'147'483'647;

std::string_view field(std::string_view line, int wanted) {
  for (; wanted > 0; --wanted) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

// The first line whose name is `word`, or whose id (field 2) is it: a name goes first.
std::optional<std::string_view> find_line(std::string_view text, std::string_view word) {
  std::optional<std::string_view> by_id;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.starts_with('#') || trim(line).empty()) continue;
    if (field(line, 0) == word) return line;
    if (!by_id && field(line, 2) == word) by_id = line;
  }
  return by_id;
}

bool lists(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    const std::string_view member = members.substr(0, members.find(','));
    members.remove_prefix(std::min(members.size(), member.size() + 1));
    if (trim(member) == name) return true;
  }
  return false;
}

void add(std::vector<std::uint32_t>& groups, std::uint32_t gid) {
  if (std::ranges::find(groups, gid) == groups.end()) groups.push_back(gid);
}

Answer<std::uint32_t> find_group(std::string_view word, std::string_view group) {
  if (const auto line = find_line(group, word))
    if (const auto gid = to_number<std::uint32_t>(field(*line, 2))) return *gid;
  const auto number = to_number<std::int64_t>(word);
  if (!number)
    return refuse(Refused::kInvalid,
                  fill_in("unable to find group {}: no matching entries in group file", word));
  if (*number < 0 || *number > kMostId)
    return refuse(Refused::kInvalid, "uids and gids must be in range 0-2147483647");
  return static_cast<std::uint32_t>(*number);
}

std::string read_in(const DirFd& root, const char* path) {
  const auto file = open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return {};
  ReadBuffer buffer;
  const auto text = buffer.read_all(*file, path);
  return text ? std::string(*text) : std::string();
}

}  // namespace

Answer<Identity> find_user(std::string_view user, const std::vector<std::string>& further_groups,
                           std::string_view passwd, std::string_view group) {
  Identity found;
  const std::size_t colon = user.find(':');
  const std::string_view who = user.substr(0, colon);
  const std::string_view which =
      colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);
  std::string_view name;
  if (const auto line = find_line(passwd, who.empty() ? "0" : who)) {
    name = field(*line, 0);
    found.uid = to_number<std::uint32_t>(field(*line, 2)).value_or(0);
    found.gid = to_number<std::uint32_t>(field(*line, 3)).value_or(0);
  } else if (!who.empty()) {
    const auto number = to_number<std::int64_t>(who);
    if (!number)
      return refuse(Refused::kInvalid,
                    fill_in("unable to find user {}: no matching entries in passwd file", who));
    if (*number < 0 || *number > kMostId)
      return refuse(Refused::kInvalid, "uids and gids must be in range 0-2147483647");
    found.uid = static_cast<std::uint32_t>(*number);
  }
  if (!which.empty()) {
    found.gid = PLIMSOLL_TRY(find_group(which, group));
  } else if (!name.empty()) {
    // A group that is asked for stands alone; else all of the user's count.
    std::string_view rest = group;
    std::string_view line;
    while (next_line(rest, line)) {
      if (!lists(field(line, 3), name)) continue;
      if (const auto gid = to_number<std::uint32_t>(field(line, 2))) add(found.groups, *gid);
    }
  }
  for (const std::string& word : further_groups)
    add(found.groups, PLIMSOLL_TRY(find_group(word, group)));
  return found;
}

Answer<Identity> find_user_in(const DirFd& root, std::string_view user,
                              const std::vector<std::string>& further_groups) {
  return find_user(user, further_groups, read_in(root, "/etc/passwd"), read_in(root, "/etc/group"));
}

}  // namespace plimsoll::engine
