#include "inventory/homes.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::inventory {

namespace {

constexpr std::uint32_t kFirstPerson = 1000;
constexpr std::uint32_t kNobody = 65534;
constexpr std::size_t kMostUsers = 256;

bool waits_for_a_server(std::string_view type) {
  static constexpr std::array<std::string_view, 10> kTypes{
      "nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "lustre", "gpfs", "autofs", "fuse"};
  return std::ranges::find(kTypes, type) != kTypes.end() || type.starts_with("fuse.");
}

bool is_above(std::string_view mount_point, std::string_view path) {
  if (mount_point == "/") return true;
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

}  // namespace

std::vector<User> parse_passwd(std::string_view text) {
  std::vector<User> users;
  std::string_view line;
  while (next_line(text, line)) {
    std::array<std::string_view, 7> fields;
    std::size_t count = 0;
    while (count < fields.size()) {
      const std::size_t colon = line.find(':');
      fields[count++] = line.substr(0, colon);
      if (colon == std::string_view::npos) break;
      line.remove_prefix(colon + 1);
    }
    const auto uid = to_number<std::uint32_t>(fields[2]);
    if (count == fields.size() && uid && fields[5].starts_with('/'))
      users.push_back({*uid, std::string(fields[5])});
  }
  return users;
}

bool is_remote(std::string_view mountinfo, std::string_view path) {
  std::string_view line;
  std::size_t longest = 0;
  bool remote = false;
  while (next_line(mountinfo, line)) {
    std::string_view word;
    std::string_view rest = line;
    for (int field = 1; field <= 5; ++field) static_cast<void>(next_word(rest, word));
    const std::size_t dash = rest.find(" - ");
    if (dash == std::string_view::npos || !is_above(word, path) || word.size() < longest) continue;
    longest = word.size();  // Of two mounts on one directory the later covers the first.
    std::string_view type;
    rest.remove_prefix(dash + 3);
    static_cast<void>(next_word(rest, type));
    remote = waits_for_a_server(type);
  }
  return remote;
}

std::optional<std::string> Homes::of(std::uint32_t uid) {
  refresh();
  const auto user = std::ranges::find(users_, uid, &User::uid);
  if (user == users_.end() || !is_local(mountinfo(), user->home)) return std::nullopt;
  return user->home;
}

std::vector<User> Homes::all() {
  refresh();
  const std::string mounts = mountinfo();
  std::vector<User> people;
  for (const User& user : users_) {
    if (user.uid < kFirstPerson || user.uid == kNobody || people.size() == kMostUsers) continue;
    if (is_local(mounts, user.home)) people.push_back(user);
  }
  return people;
}

void Homes::refresh() {
  const auto version = files_.version(passwd_);
  if (!version || *version == version_) return;
  const auto file = files_.read(passwd_);
  if (!file) return;
  users_ = parse_passwd(file->text);
  version_ = file->version;
}

// Of ourselves: the paths are opened in our mount namespace. "" when /proc is not ours to read.
std::string Homes::mountinfo() const {
  return read_file_at(proc_, "self/mountinfo").value_or(std::string());
}

bool Homes::is_local(std::string_view mountinfo, const std::string& home) const {
  return !is_remote(mountinfo, files_.host_root() + home);
}

}  // namespace plimsoll::inventory
