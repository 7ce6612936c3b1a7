#include "runtime/docker/fake_engine.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace plimsoll::docker::testing {

namespace {

std::string read_all(const Fd& file) {
  std::string text(1 << 16, '\0');
  const ssize_t n = ::read(file.get(), text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

std::string joined(std::initializer_list<std::string_view> words) {
  std::string line;
  for (const std::string_view word : words) line.append(line.empty() ? "" : " ").append(word);
  return line;
}

}  // namespace

Answer<image::Image> FakeStore::find(std::string_view reference) const {
  for (const image::Image& image : images) {
    const auto& tags = image.repo_tags;
    if (image.id == reference || std::ranges::find(tags, reference) != tags.end()) return image;
  }
  return model::refuse(Refused::kNotFound, "No such image: " + std::string(reference));
}

Answer<> FakeStore::tag(std::string_view reference, std::string_view repository,
                        std::string_view tag) {
  calls.push_back(joined({"tag", reference, repository, tag}));
  auto found = find(reference);
  if (!found) return std::unexpected(found.error());
  return {};
}

Answer<image::Removed> FakeStore::remove(std::string_view reference, bool force, bool prune_parents,
                                         const std::multimap<std::string, std::string>& in_use) {
  calls.push_back(
      joined({"remove", reference, force ? "force" : "", prune_parents ? "prune" : ""}));
  const auto image = find(reference);
  if (!image) return std::unexpected(image.error());
  if (in_use.contains(image->id) && !force)
    return model::refuse(Refused::kConflict, "conflict: image is being used");
  return image::Removed{.untagged = image->repo_tags, .deleted = {image->id}, .reclaimed = 5};
}

Answer<image::Removed> FakeStore::prune(bool all, const std::multimap<std::string, std::string>&,
                                        const Chosen& chosen) {
  calls.emplace_back(all ? "prune all" : "prune");
  for (const image::Image& image : images)
    if (!chosen || chosen(image)) calls.back() += " " + image.id;
  return image::Removed{.deleted = {"sha256:old"}, .reclaimed = 42};
}

Answer<> FakeStore::go_through(const image::Report& report) {
  for (const image::Progress& one : told)
    if (!report(one)) break;
  if (refusal) return std::unexpected(*refusal);
  return {};
}

Answer<std::vector<std::string>> FakeStore::load(const Fd& archive, const image::Report& report) {
  loaded = read_all(archive);
  if (const auto went = go_through(report); !went) return std::unexpected(went.error());
  return std::vector<std::string>{"busybox:latest", "sha256:1234"};
}

Answer<std::string> FakeStore::import_tree(const Fd& archive, const std::string& reference,
                                           const std::string& message, const model::Config&,
                                           const image::Report& report) {
  loaded = read_all(archive);
  calls.push_back(joined({"import", reference, message}));
  if (const auto went = go_through(report); !went) return std::unexpected(went.error());
  report({.status = "sha256:imported"});
  return "sha256:imported";
}

Answer<> FakeStore::save(const std::vector<std::string>& references,
                         const image::Sink& sink) const {
  for (const std::string& name : references)
    if (!sink("tar of " + name + "\n")) break;
  return {};
}

Answer<> FakeStore::pull(const std::string& reference, const image::Credentials& by,
                         const image::Report& report) {
  calls.push_back(joined({"pull", reference}));
  credentials = by;
  return go_through(report);
}

Answer<> FakeStore::push(const std::string& reference, const image::Credentials& by,
                         const image::Report& report) {
  calls.push_back(joined({"push", reference}));
  credentials = by;
  return go_through(report);
}

Answer<std::string> FakeStore::login(const std::string& registry, const image::Credentials& by) {
  calls.push_back(joined({"login", registry}));
  credentials = by;
  if (refusal) return std::unexpected(*refusal);
  return "Login Succeeded";
}

Answer<net::Network> FakeNetworks::find(std::string_view reference) const {
  for (const net::Network& network : networks)
    if (network.id == reference || network.name == reference) return network;
  return model::refuse(Refused::kNotFound, "network " + std::string(reference) + " not found");
}

Answer<net::Network> FakeNetworks::create(net::Network asked) {
  if (find(asked.name))
    return model::refuse(Refused::kConflict, "network with name " + asked.name + " already exists");
  asked.id = std::string(64, 'e');
  networks.push_back(asked);
  return asked;
}

std::vector<net::Endpoint> FakeNetworks::endpoints(const std::string& network_id) const {
  std::vector<net::Endpoint> found;
  for (const net::Endpoint& endpoint : joined)
    if (endpoint.network_id == network_id) found.push_back(endpoint);
  return found;
}

Answer<engine::ContainerPtr> FakeEngine::find(std::string_view reference) const {
  for (const auto& container : all)
    if (container->id == reference || container->name == reference) return container;
  return model::refuse(Refused::kNotFound, "No such container: " + std::string(reference));
}

Answer<> FakeEngine::connect(std::string_view network, std::string_view container,
                             const model::EndpointConfig& endpoint) {
  calls.push_back(joined({"connect", network, container, endpoint.ipv4_address,
                          endpoint.aliases.empty() ? "" : endpoint.aliases.front()}));
  return {};
}

Answer<> FakeEngine::disconnect(std::string_view network, std::string_view container, bool force) {
  calls.push_back(joined({"disconnect", network, container, force ? "force" : ""}));
  return {};
}

Answer<> FakeEngine::remove_network(std::string_view network) {
  if (!nets.endpoints(std::string(network)).empty())
    return model::refuse(Refused::kForbidden, "network has active endpoints");
  const auto gone =
      std::erase_if(nets.networks, [&](const auto& one) { return one.id == network; });
  if (gone == 0) return model::refuse(Refused::kNotFound, "network not found");
  return {};
}

std::vector<engine::Volume> FakeEngine::volumes() const {
  std::vector<engine::Volume> found;
  found.reserve(volume_table.size());
  for (const auto& [name, volume] : volume_table) found.push_back(volume);
  return found;
}

Answer<engine::Volume> FakeEngine::find_volume(std::string_view name) const {
  const auto found = volume_table.find(std::string(name));
  if (found != volume_table.end()) return found->second;
  return model::refuse(Refused::kNotFound, "get " + std::string(name) + ": no such volume");
}

Answer<engine::Volume> FakeEngine::create_volume(engine::Volume asked) {
  if (asked.name.empty()) asked.name = std::string(64, 'a');
  return volume_table.emplace(asked.name, asked).first->second;
}

Answer<> FakeEngine::remove_volume(std::string_view name, bool force) {
  calls.push_back(joined({"remove volume", name, force ? "force" : ""}));
  const auto found = find_volume(name);
  if (!found) return std::unexpected(found.error());
  if (!users_of_volume(name).empty())
    return model::refuse(Refused::kConflict,
                         "remove " + std::string(name) + ": volume is in use - [x]");
  volume_table.erase(std::string(name));
  return {};
}

std::vector<std::string> FakeEngine::users_of_volume(std::string_view name) const {
  const auto found = volume_users.find(std::string(name));
  return found == volume_users.end() ? std::vector<std::string>() : found->second;
}

Answer<std::string> FakeEngine::import_tree(const Fd& archive, const ImportRequest& request,
                                            const image::Report& report) {
  for (const std::string& change : request.changes) calls.push_back("change " + change);
  return store.import_tree(archive, request.reference, request.message, {}, report);
}

std::shared_ptr<void> FakeEngine::listen(std::optional<WallTime> since,
                                         std::function<void(const engine::Event&)> heard,
                                         std::function<void()> caught_up) {
  std::this_thread::sleep_for(listening_takes);
  const std::lock_guard lock(mutex_);
  for (const engine::Event& event : events_)
    if (since && event.at >= *since) heard(event);
  if (caught_up) caught_up();
  const int number = next_++;
  listeners_[number] = std::move(heard);
  return {nullptr, [this, number](const void*) {
            const std::lock_guard inner(mutex_);
            listeners_.erase(number);
          }};
}

void FakeEngine::tell(engine::Event event) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, heard] : listeners_) heard(event);
  events_.push_back(std::move(event));
}

}  // namespace plimsoll::docker::testing
