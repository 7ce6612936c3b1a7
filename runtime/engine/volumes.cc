#include "runtime/engine/volumes.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/engine/files.h"
#include "runtime/engine/json_writer.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

constexpr std::string_view kAnonymous = "com.docker.volume.anonymous";

void put_map(JsonWriter& json, const char* key, const std::map<std::string, std::string>& map) {
  json.key(key).open('{');
  for (const auto& [name, value] : map) json.key(name).text(value);
  json.close('}');
}

std::string encode(const Volume& volume) {
  JsonWriter json;
  json.open('{').key("created").text(volume.created);
  put_map(json, "labels", volume.labels);
  put_map(json, "options", volume.options);
  return json.close('}').out() + "\n";
}

std::map<std::string, std::string> map_of(const nlohmann::json& json, const char* key) {
  std::map<std::string, std::string> map;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return map;
  for (const auto& [name, value] : found->items())
    if (value.is_string()) map[name] = value.get<std::string>();
  return map;
}

Result<Volume> decode(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return malformed(text.substr(0, 80));
  Volume volume;
  if (const auto created = json.find("created"); created != json.end() && created->is_string())
    volume.created = created->get<std::string>();
  volume.labels = map_of(json, "labels");
  volume.options = map_of(json, "options");
  volume.anonymous = volume.labels.contains(std::string(kAnonymous));
  return volume;
}

struct MountFlag {
  std::string_view word;
  unsigned long flag;
};
constexpr std::array<MountFlag, 11> kFlags{{{"ro", MS_RDONLY},
                                            {"nosuid", MS_NOSUID},
                                            {"nodev", MS_NODEV},
                                            {"noexec", MS_NOEXEC},
                                            {"sync", MS_SYNCHRONOUS},
                                            {"dirsync", MS_DIRSYNC},
                                            {"noatime", MS_NOATIME},
                                            {"nodiratime", MS_NODIRATIME},
                                            {"relatime", MS_RELATIME},
                                            {"bind", MS_BIND},
                                            {"rbind", MS_BIND | MS_REC}}};

Result<> mount_device(const Volume& volume) {
  const auto option = [&](const char* name) {
    const auto found = volume.options.find(name);
    return found == volume.options.end() ? std::string() : found->second;
  };
  unsigned long flags = 0;
  std::string data;
  const std::string words = option("o");
  for (std::string_view rest = words; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const auto known = std::ranges::find(kFlags, word, &MountFlag::word);
    if (known != kFlags.end())
      flags |= known->flag;
    else if (word != "rw" && word != "defaults")
      data += (data.empty() ? "" : ",") + std::string(word);
  }
  const std::string type = option("type");
  const std::string device = option("device");
  if (::mount(device.c_str(), volume.mountpoint.c_str(), type.c_str(), flags, data.c_str()) != 0)
    return os_failure("mount", fill_in("failed to mount local volume: mount {}:{}, data: {}",
                                       device, volume.mountpoint, words));
  return {};
}

bool has_device(const Volume& volume) {
  return volume.options.contains("device") || volume.options.contains("type");
}

}  // namespace

Result<std::unique_ptr<Volumes>> Volumes::open(std::string directory) {
  PLIMSOLL_TRY(make_directories(directory, 0701));
  std::unique_ptr<Volumes> volumes(new Volumes(std::move(directory)));
  PLIMSOLL_TRY(volumes->load());
  return volumes;
}

Result<> Volumes::load() {
  for (const std::string& name : names_in(directory_)) {
    const std::string path = directory_ + "/" + name;
    if (!is_name(name)) {
      // Half made, or half removed.
      ::umount2((path + "/_data").c_str(), MNT_DETACH);
      PLIMSOLL_TRY(remove_tree(path));
      continue;
    }
    const auto text = read_text(path + "/volume.json");
    auto volume = text ? decode(*text) : Result<Volume>(std::unexpected(text.error()));
    // The files in it count more than what was written about it.
    if (!volume) {
      log::warn("volume " + name + ": " + volume.error().message());
      volume = Volume();
    }
    volume->name = name;
    volume->mountpoint = path + "/_data";
    volumes_.emplace(name, *std::move(volume));
  }
  return {};
}

std::vector<Volume> Volumes::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Volume> all;
  all.reserve(volumes_.size());
  for (const auto& [name, volume] : volumes_) all.push_back(volume);
  return all;
}

Answer<Volume> Volumes::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = volumes_.find(name);
  if (found == volumes_.end())
    return refuse(Refused::kNotFound, fill_in("get {}: no such volume", name));
  return found->second;
}

Answer<Volumes::Made> Volumes::create(Volume asked) {
  if (!asked.driver.empty() && asked.driver != "local")
    return refuse(Refused::kNotFound,
                  fill_in("error looking up volume plugin {}: plugin \"{}\" not found",
                          asked.driver, asked.driver));
  asked.driver = "local";
  if (asked.name.empty()) {
    asked.name = make_id();
    asked.anonymous = true;
    asked.labels.try_emplace(std::string(kAnonymous), "");
  }
  if (!is_name(asked.name))
    return refuse(Refused::kInvalid,
                  fill_in("create {}: \"{}\" includes invalid characters for a local volume name, "
                          "only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass "
                          "a host directory, use absolute path",
                          asked.name, asked.name));
  for (const auto& [key, value] : asked.options)
    if (key != "type" && key != "device" && key != "o" && key != "size")
      return refuse(Refused::kInvalid,
                    fill_in("create {}: invalid option: \"{}\"", asked.name, key));
  const std::lock_guard lock(mutex_);
  if (const auto found = volumes_.find(asked.name); found != volumes_.end())
    return Made{found->second, false};
  asked.created = rfc3339(RealClock().wall());
  const std::string path = directory_ + "/" + asked.name;
  asked.mountpoint = path + "/_data";
  // Complete under its name, or not there.
  const std::string temporary = directory_ + "/.new." + asked.name;
  PLIMSOLL_TRY(remove_tree(temporary));
  PLIMSOLL_TRY(make_directories(temporary, 0701));
  PLIMSOLL_TRY(make_directories(temporary + "/_data", 0755));
  PLIMSOLL_TRY(replace_file(temporary + "/volume.json", encode(asked), 0600, Keep::kMachine));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Result<> failed = os_failure("rename", path);
    std::ignore = remove_tree(temporary);
    return std::unexpected(model::Refusal(failed.error()));
  }
  volumes_.emplace(asked.name, asked);
  return Made{std::move(asked), true};
}

Answer<> Volumes::remove(const std::string& name) {
  std::string gone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = volumes_.find(name);
    if (found == volumes_.end())
      return refuse(Refused::kNotFound, fill_in("get {}: no such volume", name));
    if (has_device(found->second)) ::umount2(found->second.mountpoint.c_str(), MNT_DETACH);
    gone = directory_ + "/.gone." + name;
    if (::rename((directory_ + "/" + name).c_str(), gone.c_str()) != 0) {
      const Result<> failed = os_failure("rename", name);
      return std::unexpected(model::Refusal(failed.error()));
    }
    holders_.erase(name);
    volumes_.erase(found);
  }
  PLIMSOLL_TRY(remove_tree(gone));
  return {};
}

Result<> Volumes::hold(const std::string& name, const std::string& container) {
  const std::lock_guard lock(mutex_);
  const auto found = volumes_.find(name);
  if (found == volumes_.end())
    return failure(ErrorKind::kGone, "volume", fill_in("get {}: no such volume", name));
  if (!has_device(found->second)) return {};
  std::set<std::string>& holders = holders_[name];
  struct stat inside{};
  struct stat outside{};
  // An earlier program of ours may have mounted it, for a container that still runs.
  const bool is_mounted = ::stat(found->second.mountpoint.c_str(), &inside) == 0 &&
                          ::stat((directory_ + "/" + name).c_str(), &outside) == 0 &&
                          inside.st_dev != outside.st_dev;
  if (holders.empty() && !is_mounted) PLIMSOLL_TRY(mount_device(found->second));
  holders.insert(container);
  return {};
}

void Volumes::release(const std::string& name, const std::string& container) {
  const std::lock_guard lock(mutex_);
  const auto found = holders_.find(name);
  if (found == holders_.end() || found->second.erase(container) == 0) return;
  if (found->second.empty()) ::umount2((directory_ + "/" + name + "/_data").c_str(), MNT_DETACH);
}

std::uint64_t disk_usage(const std::string& path) {
  constexpr std::uint64_t kBlock = 512;
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0) return 0;
  std::uint64_t total = static_cast<std::uint64_t>(facts.st_blocks) * kBlock;
  if (!S_ISDIR(facts.st_mode)) return total;
  for (const std::string& name : names_in(path)) total += disk_usage(path + "/" + name);
  return total;
}

}  // namespace plimsoll::engine
