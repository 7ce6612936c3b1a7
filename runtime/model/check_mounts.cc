#include <algorithm>

#include "base/fill_in.h"
#include "runtime/model/check.h"

namespace plimsoll::model {

namespace {

Answer<> check_bind(const std::string& bind) {
  // "target" alone is a volume without a name, which comes as Config.Volumes.
  const std::size_t first = bind.find(':');
  if (first == 0 || first == std::string::npos || first + 1 == bind.size())
    return refuse(Refused::kInvalid, fill_in("invalid volume specification: '{}'", bind));
  const std::size_t second = bind.find(':', first + 1);
  if (second != std::string::npos && bind.find(':', second + 1) != std::string::npos)
    return refuse(Refused::kInvalid, fill_in("invalid volume specification: '{}'", bind));
  const std::string target = bind.substr(first + 1, second - first - 1);
  if (target.empty() || target.front() != '/')
    return refuse(Refused::kInvalid,
                  fill_in("invalid volume specification: '{}': invalid mount config for type "
                          "\"{}\": invalid mount path: '{}' mount path must be absolute",
                          bind, bind.front() == '/' ? "bind" : "volume", target));
  if (target.find_first_not_of('/') == std::string::npos)
    return refuse(Refused::kInvalid, fill_in("invalid volume specification: '{}': invalid mount "
                                             "config for type \"{}\": invalid specification: "
                                             "destination can't be '/'",
                                             bind, bind.front() == '/' ? "bind" : "volume"));
  return {};
}

std::unexpected<Refusal> refuse_mount(const Mount& mount, std::string_view why) {
  return refuse(Refused::kInvalid,
                fill_in("invalid mount config for type \"{}\": {}", mount.type, why));
}

Answer<> check_mount(const Mount& mount) {
  const bool bind = mount.type == "bind";
  const bool tmpfs = mount.type == "tmpfs";
  if (!bind && !tmpfs && mount.type != "volume") return refuse_mount(mount, "mount type unknown");
  if (mount.target.empty()) return refuse_mount(mount, "field Target must not be empty");
  if (mount.target.front() != '/')
    return refuse_mount(
        mount, fill_in("invalid mount path: '{}' mount path must be absolute", mount.target));
  if (mount.target.find_first_not_of('/') == std::string::npos)
    return refuse_mount(mount, "invalid specification: destination can't be '/'");
  if (bind && mount.source.empty()) return refuse_mount(mount, "field Source must not be empty");
  if (bind && mount.source.front() != '/')
    return refuse_mount(
        mount, fill_in("invalid mount path: '{}' mount path must be absolute", mount.source));
  if (tmpfs && !mount.source.empty())
    return refuse_mount(mount, "field Source must not be specified");
  return {};
}

}  // namespace

Answer<> check_mounts(const HostConfig& host) {
  std::vector<std::string> targets;
  for (const std::string& bind : host.binds) {
    PLIMSOLL_TRY(check_bind(bind));
    const std::size_t first = bind.find(':') + 1;
    targets.push_back(bind.substr(first, bind.find(':', first) - first));
  }
  for (const Mount& mount : host.mounts) {
    PLIMSOLL_TRY(check_mount(mount));
    targets.push_back(mount.target);
  }
  for (const auto& [path, options] : host.tmpfs) {
    if (path.empty() || path.front() != '/')
      return refuse(Refused::kInvalid,
                    fill_in("invalid mount path: '{}' mount path must be absolute", path));
    targets.push_back(path);
  }
  std::ranges::sort(targets);
  const auto twice = std::ranges::adjacent_find(targets);
  if (twice != targets.end())
    return refuse(Refused::kInvalid, fill_in("Duplicate mount point: {}", *twice));
  return {};
}

}  // namespace plimsoll::model
