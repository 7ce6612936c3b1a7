#include "runtime/engine/places.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/fill_in.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

constexpr std::array<std::string_view, 6> kPropagations{"private", "rprivate", "shared",
                                                        "rshared", "slave",    "rslave"};

bool is_propagation(std::string_view word) {
  return std::ranges::find(kPropagations, word) != kPropagations.end();
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t end = text.find(by);
    words.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

std::unexpected<model::Refusal> bad_bind(const std::string& text) {
  return refuse(Refused::kInvalid, fill_in("invalid volume specification: '{}'", text));
}

std::unexpected<model::Refusal> bad_mount(const std::string& type, std::string_view why) {
  return refuse(Refused::kInvalid, fill_in("invalid mount config for type \"{}\": {}", type, why));
}

void finish_bind(Place& place, bool recursive) {
  if (place.point.propagation.empty()) place.point.propagation = "rprivate";
  place.options = {recursive ? "rbind" : "bind", place.point.propagation};
  if (!place.point.writable) place.options.emplace_back("ro");
}

void finish_volume(Place& place) {
  place.point.type = "volume";
  place.point.driver = "local";
  place.options = {"rbind", "rprivate"};
  if (!place.point.writable) place.options.emplace_back("ro");
  place.wanted.name = place.point.name;
}

Answer<> read_bind_options(const std::string& text, std::string_view mode, Place& place) {
  place.point.mode = mode;
  for (const std::string& word : split(mode, ',')) {
    if (word == "ro")
      place.point.writable = false;
    else if (word == "nocopy")
      place.no_copy = true;
    else if (is_propagation(word))
      place.point.propagation = word;
    else if (word != "rw" && word != "z" && word != "Z" && word != "copy" && word != "consistent" &&
             word != "cached" && word != "delegated")
      return refuse(Refused::kInvalid, fill_in("invalid mode: {}: {}", mode, text));
  }
  return {};
}

std::string octal(std::uint32_t number) {
  std::array<char, 16> text{};
  const auto [end, error] = std::to_chars(text.begin(), text.end(), number, 8);
  return {text.begin(), end};
}

void put(std::vector<Place>& places, Place place) {
  const auto same = std::ranges::find_if(
      places, [&](const Place& one) { return one.point.destination == place.point.destination; });
  if (same == places.end())
    places.push_back(std::move(place));
  else
    *same = std::move(place);
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string& part : split(path, '/')) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(std::move(part));
  }
  std::string clean;
  for (const std::string& part : parts) clean += "/" + part;
  return clean.empty() ? "/" : clean;
}

Answer<Place> parse_bind(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  Place place;
  std::string source;
  if (parts.size() == 1) {
    place.point.destination = parts[0];
  } else if (parts.size() == 2 || parts.size() == 3) {
    source = parts[0];
    place.point.destination = parts[1];
    if (parts.size() == 3) PLIMSOLL_TRY(read_bind_options(text, parts[2], place));
    if (source.empty()) return bad_bind(text);
  } else {
    return bad_bind(text);
  }
  if (!place.point.destination.starts_with('/'))
    return refuse(Refused::kInvalid,
                  fill_in("invalid volume specification: '{}': invalid mount config for type "
                          "\"volume\": invalid mount path: '{}' mount path must be absolute",
                          text, place.point.destination));
  place.point.destination = clean_path(place.point.destination);
  if (place.point.destination == "/")
    return refuse(Refused::kInvalid,
                  fill_in("invalid volume specification: '{}': invalid mount config for type "
                          "\"{}\": invalid specification: destination can't be '/'",
                          text, source.starts_with('/') ? "bind" : "volume"));
  if (source.starts_with('/')) {
    place.point.type = "bind";
    place.point.source = clean_path(source);
    place.make_source = true;
    finish_bind(place, true);
    return place;
  }
  if (!source.empty() && !is_name(source))
    return refuse(Refused::kInvalid,
                  fill_in("create {}: \"{}\" includes invalid characters for a local volume name, "
                          "only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass "
                          "a host directory, use absolute path",
                          source, source));
  place.point.name = source;
  place.anonymous = source.empty();
  finish_volume(place);
  return place;
}

Answer<Place> place_of(const model::Mount& mount) {
  Place place;
  if (!mount.target.starts_with('/'))
    return bad_mount(mount.type,
                     fill_in("invalid mount path: '{}' mount path must be absolute", mount.target));
  place.point.destination = clean_path(mount.target);
  if (place.point.destination == "/")
    return bad_mount(mount.type, "invalid specification: destination can't be '/'");
  place.point.writable = !mount.read_only;
  if (mount.type == "bind") {
    if (!mount.source.starts_with('/'))
      return bad_mount(mount.type, fill_in("invalid mount path: '{}' mount path must be absolute",
                                           mount.source));
    place.point.type = "bind";
    place.point.source = clean_path(mount.source);
    place.make_source = mount.create_mountpoint;
    struct stat facts{};
    if (!place.make_source && ::stat(place.point.source.c_str(), &facts) != 0 && errno == ENOENT)
      return bad_mount(mount.type,
                       fill_in("bind source path does not exist: {}", place.point.source));
    if (!mount.propagation.empty() && !is_propagation(mount.propagation))
      return bad_mount(mount.type, "invalid propagation mode: " + mount.propagation);
    place.point.propagation = mount.propagation;
    finish_bind(place, !mount.non_recursive);
    return place;
  }
  if (mount.type == "volume") {
    if (!mount.source.empty() && !is_name(mount.source))
      return bad_mount(mount.type, fill_in("invalid volume name: {}", mount.source));
    place.point.name = mount.source;
    place.point.mode = "z";
    place.anonymous = mount.source.empty();
    place.no_copy = mount.no_copy;
    finish_volume(place);
    place.wanted.labels = mount.labels;
    place.wanted.options = mount.driver_options;
    if (!mount.driver.empty()) place.wanted.driver = mount.driver;
    return place;
  }
  if (mount.type != "tmpfs")
    return refuse(Refused::kInvalid, fill_in("mount type unknown: \"{}\"", mount.type));
  if (!mount.source.empty()) return bad_mount(mount.type, "field Source must not be specified");
  place.point.type = "tmpfs";
  place.options = {"noexec", "nosuid", "nodev", "rprivate"};
  if (mount.read_only) place.options.emplace_back("ro");
  if (mount.tmpfs_size != 0) place.options.push_back("size=" + std::to_string(mount.tmpfs_size));
  if (mount.tmpfs_mode != 0) place.options.push_back("mode=" + octal(mount.tmpfs_mode));
  return place;
}

Answer<Place> tmpfs_place(const std::string& path, const std::string& options) {
  if (!path.starts_with('/'))
    return bad_mount("tmpfs",
                     fill_in("invalid mount path: '{}' mount path must be absolute", path));
  Place place;
  place.shown = false;
  place.point.type = "tmpfs";
  place.point.destination = clean_path(path);
  place.options = {"noexec", "nosuid", "nodev"};
  if (options.empty()) return place;
  // What is asked for replaces its opposite.
  for (const std::string& word : split(options, ',')) {
    std::erase(place.options, "no" + word);
    if (word != "exec" && word != "suid" && word != "dev" && word != "rw" &&
        std::ranges::find(place.options, word) == place.options.end())
      place.options.push_back(word);
  }
  return place;
}

Answer<std::vector<Place>> collect_places(const model::Definition& definition,
                                          const PlacesOf& places_of) {
  std::vector<Place> places;
  for (const std::string& from : definition.host.volumes_from) {
    const std::size_t colon = from.find(':');
    const std::string mode = colon == std::string::npos ? "" : from.substr(colon + 1);
    if (!mode.empty() && mode != "ro" && mode != "rw" && mode != "z" && mode != "Z")
      return refuse(Refused::kInvalid, fill_in("invalid mode: {}", mode));
    auto theirs = places_of(from.substr(0, colon));
    // Of what is not found clients take the image to be meant, and pull it.
    if (!theirs) return refuse(Refused::kInvalid, theirs.error().message);
    for (Place& place : *theirs) {
      if (place.point.type == "tmpfs") continue;
      place.anonymous = false;
      if (mode == "ro" && place.point.writable) {
        place.point.writable = false;
        place.options.emplace_back("ro");
      }
      put(places, std::move(place));
    }
  }
  std::vector<std::string> taken;
  const auto take = [&](Place place) -> Answer<> {
    if (std::ranges::find(taken, place.point.destination) != taken.end())
      return refuse(Refused::kInvalid, "Duplicate mount point: " + place.point.destination);
    taken.push_back(place.point.destination);
    put(places, std::move(place));
    return {};
  };
  for (const std::string& bind : definition.host.binds)
    PLIMSOLL_TRY(take(PLIMSOLL_TRY(parse_bind(bind))));
  for (const model::Mount& mount : definition.host.mounts)
    PLIMSOLL_TRY(take(PLIMSOLL_TRY(place_of(mount))));
  for (const auto& [path, options] : definition.host.tmpfs)
    PLIMSOLL_TRY(take(PLIMSOLL_TRY(tmpfs_place(path, options))));
  for (const std::string& volume : definition.config.volumes) {
    Place place = PLIMSOLL_TRY(parse_bind(volume));
    const bool covered = std::ranges::any_of(
        places, [&](const Place& one) { return one.point.destination == place.point.destination; });
    if (!covered) places.push_back(std::move(place));
  }
  std::ranges::stable_sort(places, {}, [](const Place& place) {
    return std::ranges::count(place.point.destination, '/');
  });
  return places;
}

}  // namespace plimsoll::engine
