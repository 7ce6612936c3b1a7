#include "agent/engine/containers.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "agent/engine/limits_at_start.h"
#include "base/json.h"
#include "base/log.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/docker/api.h"
#include "runtime/docker/containers.h"
#include "runtime/docker/events.h"
#include "runtime/docker/images.h"
#include "runtime/docker/networks.h"
#include "runtime/docker/system.h"
#include "runtime/docker/system_df.h"
#include "runtime/engine/engine.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kUsualRunDir = "/run/plimsoll";

// Where this program is, without a slash at the end.
Result<std::string> own_directory() {
  std::string path(4096, '\0');
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  if (n <= 0) return os_failure("readlink", "/proc/self/exe");
  path.resize(static_cast<std::size_t>(n));
  return path.substr(0, path.rfind('/'));
}

// Kernel names of an engine that is not the host's usual one, so that neither takes the other's.
std::string suffix_of(const std::string& run_dir) {
  if (run_dir == kUsualRunDir) return {};
  std::uint32_t hash = 2166136261U;  // FNV-1a: the same at every start.
  for (const char c : run_dir) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[(hash >> shift) & 0xFU];
  return text;
}

// The same at every start; made once.
Result<std::string> engine_id(const std::string& state_dir) {
  const DirFd dir = PLIMSOLL_TRY(open_dir(state_dir.c_str()));
  if (const auto known = read_file_at(dir, "engine-id", 256); known && !trim(*known).empty())
    return std::string(trim(*known));
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return os_failure("getrandom", "engine-id");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4U];
    id += kDigits[byte & 0xFU];
  }
  const Fd file(::openat(dir.get(), "engine-id", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return os_failure("openat", "engine-id");
  const std::string line = id + "\n";
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return os_failure("write", "engine-id");
  return id;
}

Result<engine::Options> engine_options(const ContainersConfig& config, const ContainersPlace& place,
                                       const control::HostMachine& machine) {
  const std::string programs =
      config.programs.empty() ? PLIMSOLL_TRY(own_directory()) : config.programs;
  const std::string suffix = suffix_of(place.run_dir);
  engine::Options options;
  options.state_dir = place.state_dir;
  options.run_dir = place.run_dir;
  options.shim = programs + "/plimsoll-shim";
  options.oci = programs + "/plimsoll-oci";
  options.storage_driver = config.storage_driver;
  options.registries = {config.registry_certificates, config.insecure_registries};
  options.systemd_cgroups = config.cgroup_driver == "systemd" ||
                            (config.cgroup_driver == "auto" && machine.runs_systemd());
  options.cgroup_parent = config.cgroup_parent;
  if (options.cgroup_parent.empty() && !options.systemd_cgroups && !suffix.empty())
    options.cgroup_parent = "/plimsoll-" + suffix;
  options.net.subnet = config.subnet;
  options.net.subnet6 = config.subnet6;
  if (!suffix.empty()) {
    options.net.bridge = "pl" + suffix;
    options.net.table = "plimsoll_" + suffix;
  }
  if (!config.bridge.empty()) options.net.bridge = config.bridge;
  return options;
}

// Nothing: there can be containers.
Result<> check_host(const engine::Options& options) {
  for (const std::string& program : {options.shim, options.oci})
    if (::access(program.c_str(), X_OK) != 0) return os_failure("access", program);
  if (::geteuid() != 0) return failure(ErrorKind::kDenied, "containers", "they need root");
  return {};
}

docker::Access access_of(control::Roles& roles, const http::Request& request) {
  if (!request.process) return docker::Access::kNone;
  const auto& peer = *request.process;
  switch (roles.of(peer.uid, peer.gid, peer.groups)) {
    case control::Role::kControl:
      return docker::Access::kFull;
    case control::Role::kRead:
      return docker::Access::kRead;
    case control::Role::kNone:
      break;
  }
  return docker::Access::kNone;
}

class Served final : public Containers {
 public:
  Served(std::unique_ptr<engine::Engine> engine, http::Server& server, docker::ApiOptions options)
      : engine_(std::move(engine)), api_(server, std::move(options)) {}

  Result<> add(docker::SystemInfo info, const control::HostMachine& machine, const Clock& clock) {
    docker::add_system(api_, *engine_, std::move(info));
    docker::add_system_df(api_, *engine_);
    docker::add_events(api_, *engine_);
    docker::add_images(api_, *engine_);
    docker::add_image_transfers(api_, *engine_);
    docker::add_networks(api_, *engine_);
    docker::add_volumes(api_, *engine_);
    docker::add_not_offered(api_);
    DirFd proc = PLIMSOLL_TRY(open_dir_at(machine.roots().proc, "."));
    containers_ = PLIMSOLL_TRY(
        docker::ContainerApi::create(api_, *engine_, machine.layout(), std::move(proc), clock));
    return {};
  }

  void refuse() override { api_.refuse(); }
  void stop() override { api_.stop(); }

 private:
  // In the order of their making; each needs those above it.
  std::unique_ptr<engine::Engine> engine_;
  docker::Api api_;
  std::unique_ptr<docker::ContainerApi> containers_;
};

Result<std::unique_ptr<Containers>> open_all(const ContainersConfig& config,
                                             const ContainersPlace& place, http::Server& server,
                                             control::Roles& roles,
                                             const control::HostMachine& machine,
                                             control::Policies& policies, const Clock& clock) {
  engine::Options options = PLIMSOLL_TRY(engine_options(config, place, machine));
  options.watch_start = limits_at_start(policies);
  PLIMSOLL_TRY(check_host(options));
  docker::SystemInfo info;
  info.id = PLIMSOLL_TRY(engine_id(place.state_dir));
  const DirFd etc = PLIMSOLL_TRY(open_dir("/etc"));
  info.host = docker::read_host_facts(etc);
  info.cgroup_driver = options.systemd_cgroups ? "systemd" : "cgroupfs";
  info.cgroup_version = machine.layout().mode == cgroupfs::Mode::kV2 ? "2" : "1";
  auto engine = PLIMSOLL_TRY(engine::Engine::open(std::move(options)));
  docker::ApiOptions api;
  api.spool_dir = place.state_dir;
  api.access = [&roles](const http::Request& request) { return access_of(roles, request); };
  auto served = std::make_unique<Served>(std::move(engine), server, std::move(api));
  PLIMSOLL_TRY(served->add(std::move(info), machine, clock));
  return std::unique_ptr<Containers>(std::move(served));
}

// Docker's clients hear why.
void say_why_not(http::Server& server, const std::string& why) {
  std::string body = R"({"message":)";
  json::append_string(body, why);
  body += "}\n";
  server.route("/*", {}, [body](const http::Request& request, http::Responder responder) {
    if (request.path.starts_with("/plimsoll/"))
      return responder.send(http::Response::text(404, "not found\n"));
    responder.send(http::Response::json(503, body));
  });
}

}  // namespace

std::string check_containers_mode(const std::string& value) {
  return value == "auto" || value == "true" || value == "false" ? "" : "give auto, true or false";
}

std::string check_cgroup_driver(const std::string& value) {
  return value == "auto" || value == "cgroupfs" || value == "systemd"
             ? ""
             : "give auto, cgroupfs or systemd";
}

std::string check_registry(const std::string& value) {
  if (value.empty()) return "give HOST or HOST:PORT";
  const bool has_other = value.find_first_of("/@ ") != std::string::npos;
  return has_other ? "give HOST or HOST:PORT, without http:// and without a path" : "";
}

Result<std::unique_ptr<Containers>> Containers::open(const ContainersConfig& config,
                                                     const ContainersPlace& place,
                                                     http::Server& server, control::Roles& roles,
                                                     const control::HostMachine& machine,
                                                     control::Policies& policies,
                                                     const Clock& clock) {
  if (config.mode == "false") {
    say_why_not(server, "this engine runs no containers: its setting is containers: false");
    return nullptr;
  }
  auto opened = open_all(config, place, server, roles, machine, policies, clock);
  if (opened || config.mode == "true") return opened;
  const std::string why = "this engine runs no containers: " + opened.error().message();
  log::info(why);
  say_why_not(server, why);
  return nullptr;
}

}  // namespace plimsoll::agent
