// Where a container's tree is not its image's: binds, volumes and tmpfs, of all the ways in which
// Docker lets people ask for them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine/engine.h"
#include "runtime/model/host_config.h"
#include "runtime/model/refusal.h"

namespace plimsoll::engine {

struct Place {
  MountPoint point;
  std::vector<std::string> options;  // As config.json has them.
  bool shown = true;                 // Among inspect's Mounts.
  bool no_copy = false;              // A new volume stays empty.
  bool anonymous = false;            // Goes with the container.
  bool make_source = false;          // A bind's source that is missing is made: a directory.
  Volume wanted;                     // If a volume of that name is to be made.
};

// "source:destination[:options]", "destination". kInvalid in Docker's words.
[[nodiscard]] model::Answer<Place> parse_bind(const std::string& text);
[[nodiscard]] model::Answer<Place> place_of(const model::Mount& mount);
[[nodiscard]] model::Answer<Place> tmpfs_place(const std::string& path, const std::string& options);

// All of a definition's, one for each destination, outer ones first. Volumes without a name have
// none yet. `places_of` answers a container of --volumes-from.
using PlacesOf = std::function<model::Answer<std::vector<Place>>(const std::string& container)>;
[[nodiscard]] model::Answer<std::vector<Place>> collect_places(const model::Definition& definition,
                                                               const PlacesOf& places_of);

// "/a//b/../c/" is "/a/c".
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace plimsoll::engine
