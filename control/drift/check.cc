#include "control/drift/check.h"

#include <algorithm>
#include <optional>
#include <set>

#include "cgroupfs/limit/apply.h"

namespace plimsoll::drift {
namespace {

bool is_there(const std::vector<const cgroupfs::Cgroup*>& cgroups, const std::string& path,
              const Group& group) {
  return std::ranges::any_of(cgroups, [&](const cgroupfs::Cgroup* cgroup) {
    return cgroup->path == path && cgroup->inode[group.first] == group.second;
  });
}

}  // namespace

Checked DriftChecker::check(const cgroupfs::TreeChanges& changes) {
  Checked checked;
  // The tree has taken their inodes away; what is under their paths now, if anything, is new.
  for (const auto& removed : changes.removed)
    for (const Group& group : book_.groups_at(removed->path))
      if (!is_there(changes.added, removed->path, group)) book_.forget(group);
  // Our own change has written a group, and has ended: that is one look.
  std::set<Group> seen;
  const auto look_once = [&](const Group& group) {
    if (seen.insert(group).second) look(book_.to_read(group), checked);
  };
  for (const cgroupfs::Cgroup* changed : changes.changed)
    for (const Group& group : book_.groups_at(changed->path)) look_once(group);
  for (const cgroupfs::Cgroup* written : changes.written)
    for (std::size_t h = 0; h < written->inode.size(); ++h)
      if (written->in(h)) look_once({h, written->inode[h]});
  for (const Group& group : book_.take_ended()) look_once(group);
  look(book_.due(), checked);
  return checked;
}

Checked DriftChecker::check_group(const Group& group) {
  Checked checked;
  look(book_.to_read(group), checked);
  return checked;
}

void DriftChecker::look(const std::vector<Spot>& spots, Checked& checked) {
  // Lines of one file, one for each device, come one after the other mostly.
  const Spot* last = nullptr;
  std::optional<Result<std::string>> text;
  for (const Spot& spot : spots) {
    if (last == nullptr || last->at != spot.at || last->file != spot.file)
      text = port_.read(spot.at, spot.file);
    last = &spot;
    if (!*text) {
      if (text->error().kind == ErrorKind::kGone)
        book_.forget(group_of(spot));
      else
        checked.unreadable.emplace_back(spot, text->error());
      continue;
    }
    if (auto finding = book_.judge(spot, limit::line_of(**text, spot.key)))
      checked.findings.push_back(*std::move(finding));
  }
}

}  // namespace plimsoll::drift
