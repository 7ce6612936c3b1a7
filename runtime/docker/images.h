// Images: looking, naming, removing; and bringing them in and out.
#pragma once

#include <map>
#include <string>

#include "runtime/docker/api.h"
#include "runtime/engine/engine.h"

namespace plimsoll::docker {

void add_images(Api& api, engine::Engine& engine);
// load, save, import, pull, push.
void add_image_transfers(Api& api, engine::Engine& engine);

// Ids of images that containers are made of, with a container's id each.
[[nodiscard]] std::multimap<std::string, std::string> images_in_use(const engine::Engine& engine);

// For those who listen to events.
void tell_image(engine::Engine& engine, std::string action, std::string id, std::string name);

// Pure. `containers`: how many are made of it; -1: not counted.
[[nodiscard]] std::string summary_json(const image::Image& image, std::int64_t containers = -1);
[[nodiscard]] std::string inspect_json(const image::Image& image, const std::string& driver);
[[nodiscard]] std::string history_json(const image::Image& image);
[[nodiscard]] std::string removed_json(const image::Removed& removed);  // [{"Untagged":..},...]

// "docker.io/library/busybox" and "latest" to "docker.io/library/busybox:latest"; a digest goes
// with '@'. Pure.
[[nodiscard]] std::string reference_of(const std::string& name, const std::string& tag);
// Whether "busybox:1.36" is meant by the filter "busybox", "busy*", "busybox:1.*". Pure.
[[nodiscard]] bool matches_reference(const std::string& name, const std::string& pattern);

// The header X-Registry-Auth: base64url of JSON. Empty: nobody in particular. Pure.
[[nodiscard]] model::Answer<image::Credentials> decode_credentials(std::string_view header);

}  // namespace plimsoll::docker
