#include <algorithm>

#include "runtime/image/catalog.h"
#include "runtime/image/digest.h"

namespace plimsoll::image {

namespace {

using model::refuse;
using model::Refused;

std::string shortened(std::string_view id) {
  constexpr std::size_t kShown = 12;
  return std::string(hex_of(id).substr(0, kShown));
}

// Chain ids, lowest first: what Docker calls a layer.
std::vector<std::string> chain_of(const std::vector<std::string>& layers) {
  std::vector<std::string> chain;
  chain.reserve(layers.size());
  for (const std::string& layer : layers)
    chain.push_back(chain.empty() ? layer : digest_of(chain.back() + " " + layer));
  return chain;
}

std::string repository_of(std::string_view name) {
  return std::string(name.substr(0, std::min(name.find('@'), name.rfind(':'))));
}

bool is_one_repository(const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [&](const std::string& name) {
    return repository_of(name) == repository_of(names.front());
  });
}

std::unexpected<model::Refusal> conflict(const std::string& id, bool can_be_forced,
                                         const std::string& why) {
  return refuse(Refused::kConflict,
                "conflict: unable to delete " + shortened(id) +
                    (can_be_forced ? " (must be forced) - " : " (cannot be forced) - ") + why);
}

}  // namespace

void Catalog::drop(State& state, const std::string& id, bool prune_parents, const InUse& in_use,
                   Removed& removed) {
  for (std::string next = id; !next.empty();) {
    for (const std::string& name : names_of(state, next)) {
      removed.untagged.push_back(familiar_name(name));
      state.names.erase(name);
    }
    const auto gone = state.images.extract(next);
    removed.deleted.push_back(next);
    std::set<std::string> kept;
    for (const auto& [other, entry] : state.images) {
      const std::vector<std::string> chain = chain_of(entry.image.layers);
      kept.insert(chain.begin(), chain.end());
    }
    const std::vector<std::string> chain = chain_of(gone.mapped().image.layers);
    for (auto layer = chain.rbegin(); layer != chain.rend(); ++layer)
      if (!kept.contains(*layer)) removed.deleted.push_back(*layer);
    const auto parent = state.parents.extract(next);
    next.clear();
    if (!prune_parents || !parent || !state.images.contains(parent.mapped())) continue;
    const std::string& above = parent.mapped();
    if (names_of(state, above).empty() && !has_children(state, above) && !in_use.contains(above))
      next = above;
  }
}

model::Answer<Removed> Catalog::remove(std::string_view reference, bool force, bool prune_parents,
                                       const InUse& in_use) {
  const std::lock_guard lock(writing_);
  State next = *current();
  const std::string id = PLIMSOLL_TRY(id_of(next, reference));
  const std::vector<std::string> names = names_of(next, id);
  const auto user = in_use.find(id);
  const std::string container = user == in_use.end() ? "" : shortened(user->second);
  const model::Answer<Reference> parsed = parse_tagged(reference);
  const std::string name =
      !parsed ? ""
              : parsed->repository() +
                    (parsed->digest.empty() ? ":" + parsed->tag : "@" + parsed->digest);
  const bool by_name = next.names.contains(name) && !is_digest(reference);
  Removed removed;
  if (by_name) {
    const auto tags = std::ranges::count_if(
        names, [](const std::string& each) { return each.find('@') == std::string::npos; });
    const bool is_tag = name.find('@') == std::string::npos;
    const bool is_last = is_tag ? tags == 1 : names.size() == 1;
    if (is_last && !container.empty() && !force)
      return refuse(Refused::kConflict, "conflict: unable to remove repository reference \"" +
                                            std::string(reference) +
                                            "\" (must force) - container " + container +
                                            " is using its referenced image " + shortened(id));
    // The last tag takes the digests of its repository with it.
    if (!is_last || !container.empty() || has_children(next, id)) {
      removed.untagged.push_back(familiar_name(name));
      next.names.erase(name);
      if (is_last)
        for (const std::string& each : names)
          if (next.names.erase(each) != 0) removed.untagged.push_back(familiar_name(each));
      PLIMSOLL_TRY(commit(std::move(next)));
      return removed;
    }
  } else {
    if (has_children(next, id)) return conflict(id, false, "image has dependent child images");
    if (!container.empty())
      return force ? conflict(id, false, "image is being used by running container " + container)
                   : conflict(id, true, "image is being used by stopped container " + container);
    if (!force && names.size() > 1 && !is_one_repository(names))
      return conflict(id, true, "image is referenced in multiple repositories");
  }
  drop(next, id, prune_parents, in_use, removed);
  PLIMSOLL_TRY(commit(std::move(next)));
  return removed;
}

model::Answer<Removed> Catalog::prune(bool all, const InUse& in_use, const Store::Chosen& chosen) {
  const std::lock_guard lock(writing_);
  State next = *current();
  Removed removed;
  // Children first: what they leave may go in the next round.
  for (bool again = true; again;) {
    again = false;
    for (const auto& [id, entry] : next.images) {
      if (in_use.contains(id) || has_children(next, id)) continue;
      if (!all && !names_of(next, id).empty()) continue;
      if (chosen && !chosen(entry.image)) continue;
      const std::string gone = id;
      drop(next, gone, false, in_use, removed);
      again = true;
      break;
    }
  }
  if (removed.deleted.empty()) return removed;
  PLIMSOLL_TRY(commit(std::move(next)));
  return removed;
}

}  // namespace plimsoll::image
