#include <algorithm>
#include <tuple>

#include "runtime/image/catalog.h"
#include "runtime/image/digest.h"

namespace plimsoll::image {

namespace {

using model::refuse;
using model::Refused;

constexpr std::size_t kIdDigits = 64;

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string key_of(const Reference& reference) {
  return reference.repository() +
         (reference.digest.empty() ? ":" + reference.tag : "@" + reference.digest);
}

}  // namespace

model::Answer<std::string> Catalog::id_of(const State& state, std::string_view reference) {
  if (reference.starts_with("sha256:") && is_digest(reference)) {
    std::string id(reference);
    if (state.images.contains(id)) return id;
    return refuse(Refused::kNotFound, "No such image: " + id);
  }
  const model::Answer<Reference> parsed = parse_tagged(reference);
  if (parsed) {
    const auto found = state.names.find(key_of(*parsed));
    if (found != state.names.end()) return found->second;
  }
  std::string_view digits = reference;
  if (digits.starts_with("sha256:")) digits.remove_prefix(7);
  if (is_hex(digits) && digits.size() <= kIdDigits) {
    const std::string prefix = "sha256:" + std::string(digits);
    const auto first = state.images.lower_bound(prefix);
    if (first != state.images.end() && first->first.starts_with(prefix)) {
      const auto second = std::next(first);
      if (second == state.images.end() || !second->first.starts_with(prefix)) return first->first;
    }
  }
  if (!parsed && !is_hex(digits)) return std::unexpected(parsed.error());
  return refuse(Refused::kNotFound,
                "No such image: " + (parsed ? parsed->familiar_full() : std::string(reference)));
}

Image Catalog::named(const State& state, const Entry& entry) {
  Image image = entry.image;
  for (const std::string& name : names_of(state, image.id)) {
    auto& list = name.find('@') == std::string::npos ? image.repo_tags : image.repo_digests;
    list.push_back(familiar_name(name));
  }
  const auto parent = state.parents.find(image.id);
  if (parent != state.parents.end()) image.parent = parent->second;
  return image;
}

std::vector<std::string> Catalog::names_of(const State& state, const std::string& id) {
  std::vector<std::string> names;
  for (const auto& [name, image] : state.names)
    if (image == id) names.push_back(name);
  return names;
}

bool Catalog::has_children(const State& state, const std::string& id) {
  return std::ranges::any_of(state.parents, [&](const auto& each) { return each.second == id; });
}

model::Answer<Entry> Catalog::find(std::string_view reference) const {
  const Ptr state = current();
  const std::string id = PLIMSOLL_TRY(id_of(*state, reference));
  Entry entry = state->images.at(id);
  entry.image = named(*state, entry);
  return entry;
}

std::vector<std::string> Catalog::tags_in(std::string_view repository) const {
  const std::string prefix = std::string(repository) + ":";
  std::vector<std::string> tags;
  for (const auto& [name, id] : current()->names)
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos)
      tags.push_back(name);
  return tags;
}

std::string Catalog::id_with(const std::vector<std::string>& lowers) const {
  if (lowers.empty()) return "";
  for (const auto& [id, entry] : current()->images) {
    const std::vector<std::string>& layers = entry.image.layers;
    if (layers.size() == lowers.size() &&
        std::equal(layers.rbegin(), layers.rend(), lowers.begin(),
                   [](const std::string& layer, const std::string& key) {
                     return short_key(layer) == key;
                   }))
      return id;
  }
  return "";
}

std::vector<Image> Catalog::list() const {
  const Ptr state = current();
  std::vector<Image> images;
  images.reserve(state->images.size());
  for (const auto& [id, entry] : state->images) images.push_back(named(*state, entry));
  std::ranges::sort(images, [](const Image& a, const Image& b) {
    return std::tie(b.created_seconds, a.id) < std::tie(a.created_seconds, b.id);
  });
  return images;
}

model::Answer<> Catalog::tag(std::string_view reference, std::string_view repository,
                             std::string_view tag) {
  const std::string text = std::string(repository) + (tag.empty() ? "" : ":" + std::string(tag));
  const Reference name = PLIMSOLL_TRY(parse_tagged(text));
  if (!name.digest.empty())
    return refuse(Refused::kInvalid, "refusing to create a tag with a digest reference");
  const std::lock_guard lock(writing_);
  State next = *current();
  const std::string id = PLIMSOLL_TRY(id_of(next, reference));
  next.names.insert_or_assign(key_of(name), id);
  PLIMSOLL_TRY(commit(std::move(next)));
  return {};
}

model::Answer<> Catalog::name_digest(const std::string& id, const std::string& name) {
  const std::lock_guard lock(writing_);
  State next = *current();
  if (!next.images.contains(id)) return refuse(Refused::kNotFound, "No such image: " + id);
  next.names.insert_or_assign(name, id);
  PLIMSOLL_TRY(commit(std::move(next)));
  return {};
}

}  // namespace plimsoll::image
