// spec, features: documents that need no container.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/fill_in.h"
#include "runtime/launch/mount_options.h"
#include "runtime/oci/command.h"
#include "runtime/spec/default_config.h"
#include "runtime/spec/features.h"

namespace plimsoll::oci {

Result<int> run_spec(Context& /*context*/, const Arguments& arguments) {
  spec::DefaultConfigOptions options;
  if (arguments.has("rootless"))
    options.rootless = spec::DefaultConfigOptions::Rootless{::geteuid(), ::getegid()};
  struct stat status{};
  options.cgroup_namespace = ::stat("/sys/fs/cgroup/cgroup.controllers", &status) == 0;
  const std::string directory =
      PLIMSOLL_TRY(absolute(arguments.has("bundle") ? arguments.value("bundle") : "."));
  const std::string path = directory + "/config.json";
  const Fd file(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
  if (!file && errno == EEXIST)
    return failure(ErrorKind::kBusy, "spec", "File config.json exists. Remove it first");
  if (!file) return os_failure("open", path);
  const std::string text = spec::default_config(options);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return os_failure("write", path);
  return 0;
}

Result<int> run_features(Context& /*context*/, const Arguments& /*arguments*/) {
  const std::vector<std::string> words = runtime::known_mount_options();
  const std::vector<std::string_view> options(words.begin(), words.end());
  spec::FeaturesInput input;
  input.mount_options = options;
  input.cgroup_systemd = true;
  input.net_devices = true;
  input.memory_policy = true;
  print(spec::features(input));
  return 0;
}

}  // namespace plimsoll::oci
