#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/fill_in.h"
#include "base/number.h"
#include "runtime/engine/bundle_parts.h"
#include "runtime/engine/files.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

spec::DeviceRule rule(bool allow, spec::DeviceRule::Type type, std::optional<std::uint32_t> major,
                      std::optional<std::uint32_t> minor, std::string_view access) {
  spec::DeviceRule one;
  one.allow = allow;
  one.type = type;
  one.major = major;
  one.minor = minor;
  one.read = access.find('r') != std::string_view::npos;
  one.write = access.find('w') != std::string_view::npos;
  one.mknod = access.find('m') != std::string_view::npos;
  return one;
}

using Type = spec::DeviceRule::Type;

class Collector {
 public:
  explicit Collector(Devices& devices) : devices_(devices) { json_.open('['); }

  Answer<> add(const std::string& host_path, const std::string& path, std::string_view access) {
    struct stat facts{};
    if (::stat(host_path.c_str(), &facts) != 0)
      return refuse(Refused::kFailed,
                    fill_in("error gathering device information while adding custom device \"{}\": "
                            "no such file or directory",
                            host_path));
    if (S_ISDIR(facts.st_mode)) {
      for (const std::string& name : names_in(host_path)) {
        struct stat below{};
        const std::string full = host_path + "/" + name;
        if (::stat(full.c_str(), &below) != 0) continue;
        if (S_ISDIR(below.st_mode) || S_ISCHR(below.st_mode) || S_ISBLK(below.st_mode))
          PLIMSOLL_TRY(add(full, path + "/" + name, access));
      }
      return {};
    }
    if (!S_ISCHR(facts.st_mode) && !S_ISBLK(facts.st_mode))
      return refuse(Refused::kFailed,
                    fill_in("error gathering device information while adding custom device \"{}\": "
                            "not a device node",
                            host_path));
    const bool is_block = S_ISBLK(facts.st_mode);
    json_.open('{').key("path").text(path).key("type").text(is_block ? "b" : "c");
    json_.key("major").number(major(facts.st_rdev)).key("minor").number(minor(facts.st_rdev));
    json_.key("fileMode").number(facts.st_mode & 0777U);
    json_.key("uid").number(facts.st_uid).key("gid").number(facts.st_gid).close('}');
    if (!access.empty())
      devices_.rules.push_back(rule(true, is_block ? Type::kBlock : Type::kCharacter,
                                    major(facts.st_rdev), minor(facts.st_rdev), access));
    return {};
  }
  void finish() { devices_.nodes = json_.close(']').out(); }

 private:
  Devices& devices_;
  JsonWriter json_;
};

// "c 1:3 rwm", "b 8:* r", "a *:* rwm"
Answer<spec::DeviceRule> parse_rule(const std::string& text) {
  const auto bad = [&] {
    return refuse(Refused::kInvalid, fill_in("invalid device cgroup rule format: '{}'", text));
  };
  const std::size_t first = text.find(' ');
  const std::size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
  if (first != 1 || second == std::string::npos) return bad();
  const std::string_view numbers = std::string_view(text).substr(2, second - 2);
  const std::string_view access = std::string_view(text).substr(second + 1);
  const std::size_t colon = numbers.find(':');
  if (colon == std::string_view::npos || access.empty() || access.size() > 3 ||
      access.find_first_not_of("rwm") != std::string_view::npos)
    return bad();
  const std::string_view major_text = numbers.substr(0, colon);
  const std::string_view minor_text = numbers.substr(colon + 1);
  const auto major_number = to_number<std::uint32_t>(major_text);
  const auto minor_number = to_number<std::uint32_t>(minor_text);
  if ((!major_number && major_text != "*") || (!minor_number && minor_text != "*")) return bad();
  switch (text[0]) {
    case 'a':
      return rule(true, Type::kAll, major_number, minor_number, access);
    case 'b':
      return rule(true, Type::kBlock, major_number, minor_number, access);
    case 'c':
      return rule(true, Type::kCharacter, major_number, minor_number, access);
    default:
      return bad();
  }
}

// Every device of the host, but terminals: those are the container's own.
Answer<> add_all(Collector& devices, const std::string& directory) {
  for (const std::string& name : names_in(directory)) {
    const std::string path = directory + "/" + name;
    if (path == "/dev/pts" || path == "/dev/shm" || path == "/dev/fd" || path == "/dev/mqueue" ||
        path == "/dev/console" || path == "/dev/ptmx")
      continue;
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) continue;
    if (S_ISDIR(facts.st_mode))
      PLIMSOLL_TRY(add_all(devices, path));
    else if (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode))
      PLIMSOLL_TRY(devices.add(path, path, ""));
  }
  return {};
}

}  // namespace

Answer<Devices> devices_of(const model::HostConfig& host) {
  Devices devices;
  Collector collector(devices);
  if (host.privileged) {
    devices.rules.push_back(rule(true, Type::kAll, std::nullopt, std::nullopt, "rwm"));
    PLIMSOLL_TRY(add_all(collector, "/dev"));
    collector.finish();
    return devices;
  }
  devices.rules.push_back(rule(false, Type::kAll, std::nullopt, std::nullopt, "rwm"));
  // Nodes may be made of all kinds; opened, only of those that are allowed.
  devices.rules.push_back(rule(true, Type::kCharacter, std::nullopt, std::nullopt, "m"));
  devices.rules.push_back(rule(true, Type::kBlock, std::nullopt, std::nullopt, "m"));
  for (const model::DeviceMapping& device : host.resources.devices)
    PLIMSOLL_TRY(collector.add(
        device.path_on_host,
        device.path_in_container.empty() ? device.path_on_host : device.path_in_container,
        device.cgroup_permissions.empty() ? "rwm" : device.cgroup_permissions));
  for (const std::string& text : host.resources.device_cgroup_rules)
    devices.rules.push_back(PLIMSOLL_TRY(parse_rule(text)));
  collector.finish();
  return devices;
}

model::Answer<Security> security_of(const model::HostConfig& host) {
  Security security;
  for (const std::string& option : host.security_opt) {
    std::size_t at = option.find('=');
    if (at == std::string::npos) at = option.find(':');
    const std::string key = option.substr(0, at);
    const std::string value = at == std::string::npos ? "" : option.substr(at + 1);
    if (key == "no-new-privileges" && (value.empty() || value == "true" || value == "false")) {
      security.no_new_privileges = value != "false";
    } else if (key == "seccomp") {
      security.unconfined = value == "unconfined";
      if (value != "unconfined" && value != "builtin") security.profile = value;
    } else if (key == "systempaths" && value == "unconfined") {
      security.all_paths = true;
    } else if ((key == "apparmor" || key == "label") &&
               (value == "unconfined" || value == "disable")) {
      continue;  // Nothing of the kind is applied.
    } else if (key == "apparmor" || key == "label") {
      return refuse(Refused::kInvalid,
                    fill_in("security option {} is not offered on this host", option));
    } else {
      return refuse(Refused::kInvalid, fill_in("invalid --security-opt 2: \"{}\"", option));
    }
  }
  return security;
}

}  // namespace plimsoll::engine
