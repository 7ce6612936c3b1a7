#include "http/etcd/directory.h"

#include "http/etcd/file_sd.h"

namespace plimsoll::etcd {

void Directory::put(const KeyChange& change) {
  groups_.erase(change.key);
  malformed_.erase(change.key);
  if (!change.value) return;
  Result<std::string> groups = target_groups(*change.value);
  if (!groups)
    malformed_.insert(change.key);
  else if (!groups->empty())
    groups_[change.key] = *std::move(groups);
}

void Directory::replace(const std::vector<KeyChange>& keys) {
  {
    const std::scoped_lock guard(mutex_);
    groups_.clear();
    malformed_.clear();
    for (const KeyChange& key : keys) put(key);
  }
  if (on_change_) on_change_();
}

void Directory::apply(const std::vector<KeyChange>& changes) {
  {
    const std::scoped_lock guard(mutex_);
    for (const KeyChange& change : changes) put(change);
  }
  if (on_change_) on_change_();
}

std::string Directory::text() const {
  const std::scoped_lock guard(mutex_);
  if (groups_.empty()) return "[]\n";
  std::string text = "[\n";
  for (const auto& [key, groups] : groups_) {
    if (text.size() > 2) text += ",\n";
    text += groups;
  }
  return text + "\n]\n";
}

std::size_t Directory::malformed() const {
  const std::scoped_lock guard(mutex_);
  return malformed_.size();
}

}  // namespace plimsoll::etcd
