#include "runtime/docker/system.h"

#include <utility>

#include "runtime/docker/times.h"
#include "runtime/model/json_reader.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Writer;

InfoNow look(engine::Engine& engine) {
  InfoNow now;
  for (const auto& container : engine.containers()) {
    if (container->state.status == engine::Status::kPaused)
      ++now.paused;
    else if (container->state.running())
      ++now.running;
    else
      ++now.stopped;
  }
  now.images = engine.images().list().size();
  now.storage_driver = engine.images().driver();
  now.root_dir = engine.options().state_dir;
  now.insecure_registries = engine.options().registries.insecure;
  now.time = RealClock().wall();
  return now;
}

void ping(const CallPtr& call) {
  http::Response response = http::Response::text(200, call->request().method == "HEAD" ? "" : "OK");
  response.headers = {{"Cache-Control", "no-cache, no-store, must-revalidate"},
                      {"Pragma", "no-cache"},
                      {"Builder-Version", "1"},
                      {"Swarm", "inactive"}};
  call->send(std::move(response));
}

void log_in(const CallPtr& call, engine::Engine& engine) {
  const auto document = json::parse(call->body());
  if (!document) return call->fail(document.error());
  image::Credentials credentials;
  std::string registry;
  std::string wrong;
  model::Reader read(document->root, "", wrong);
  read("username", credentials.username);
  read("password", credentials.password);
  read("identitytoken", credentials.identity_token);
  read("registrytoken", credentials.registry_token);
  read("serveraddress", registry);
  if (!wrong.empty()) return call->fail({model::Refused::kInvalid, wrong});
  const auto told = engine.images().login(registry, credentials);
  if (!told) return call->fail(told.error());
  std::string body;
  Writer write(body);
  write("IdentityToken", std::string());
  write("Status", *told);
  write.close();
  call->respond(200, std::move(body));
}

}  // namespace

std::string version_json(const HostFacts& host) {
  std::string details;
  Writer inner(details);
  inner("ApiVersion", to_text(kNewest));
  inner("Arch", host.architecture);
  inner("Experimental", std::string("false"));
  inner("KernelVersion", host.kernel);
  inner("MinAPIVersion", to_text(kOldest));
  inner("Os", std::string("linux"));
  inner.close();
  std::string body;
  Writer write(body);
  write.constant("Platform", R"({"Name":"Plimsoll"})");
  write.constant("Components", R"([{"Name":"Engine","Version":")" PLIMSOLL_VERSION
                               R"(","Details":)" +
                                   details + "}]");
  write("Version", std::string(PLIMSOLL_VERSION));
  write("ApiVersion", to_text(kNewest));
  write("MinAPIVersion", to_text(kOldest));
  write("GitCommit", std::string());
  write("GoVersion", std::string());
  write("Os", std::string("linux"));
  write("Arch", host.architecture);
  write("KernelVersion", host.kernel);
  write("Experimental", false);
  write("BuildTime", std::string());
  write.close();
  return body;
}

namespace {

std::string registries_json(const std::vector<std::string>& insecure) {
  std::string configs;
  for (const std::string& name : insecure) {
    configs += configs.empty() ? "" : ",";
    json::append_string(configs, name);
    configs += R"(:{"Name":)";
    json::append_string(configs, name);
    configs += R"(,"Mirrors":[],"Secure":false,"Official":false})";
  }
  return R"({"AllowNondistributableArtifactsCIDRs":[],)"
         R"("AllowNondistributableArtifactsHostnames":[],)"
         R"("InsecureRegistryCIDRs":["127.0.0.0/8"],"IndexConfigs":{)" +
         configs + R"(},"Mirrors":[]})";
}

}  // namespace

std::string info_json(const SystemInfo& info, const InfoNow& now) {
  std::string body;
  Writer write(body);
  write("ID", info.id);
  write("Containers", now.running + now.paused + now.stopped);
  write("ContainersRunning", now.running);
  write("ContainersPaused", now.paused);
  write("ContainersStopped", now.stopped);
  write("Images", now.images);
  write("Driver", now.storage_driver);
  write.constant("DriverStatus", "[]");
  write.constant(
      "Plugins",
      R"({"Volume":["local"],"Network":["bridge","host","null"],"Authorization":null,"Log":["json-file","none"]})");
  // What monitoring looks at: all of it is offered where the kernel does.
  for (const char* key : {"MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares",
                          "CPUSet", "PidsLimit", "IPv4Forwarding"})
    write(key, true);
  write("OomKillDisable", info.cgroup_version == "1");
  for (const char* key : {"KernelMemoryTCP", "BridgeNfIptables", "BridgeNfIp6tables", "Debug"})
    write(key, false);
  write("SystemTime", rfc3339(now.time));
  write("LoggingDriver", std::string("json-file"));
  write("CgroupDriver", info.cgroup_driver);
  write("CgroupVersion", info.cgroup_version);
  write("KernelVersion", info.host.kernel);
  write("OperatingSystem", info.host.os_name);
  write("OSVersion", info.host.os_version);
  write("OSType", std::string("linux"));
  write("Architecture", info.host.machine);
  write("IndexServerAddress", std::string());
  write.constant("RegistryConfig", registries_json(now.insecure_registries));
  write("NCPU", info.host.processors);
  write("MemTotal", info.host.memory);
  write.constant("GenericResources", "null");
  write("DockerRootDir", now.root_dir);
  for (const char* key : {"HttpProxy", "HttpsProxy", "NoProxy"}) write(key, std::string());
  write("Name", info.host.name);
  write.constant("Labels", "[]");
  write("ExperimentalBuild", false);
  write("ServerVersion", std::string(PLIMSOLL_VERSION));
  write.constant("Runtimes", R"({"plimsoll":{"path":"plimsoll-oci"}})");
  write("DefaultRuntime", std::string("plimsoll"));
  write.constant(
      "Swarm", R"({"NodeID":"","NodeAddr":"","LocalNodeState":"inactive","ControlAvailable":false,)"
               R"("Error":"","RemoteManagers":null})");
  write("LiveRestoreEnabled", true);
  write("Isolation", std::string());
  write("InitBinary", std::string());
  for (const char* key : {"ContainerdCommit", "RuncCommit", "InitCommit"})
    write.constant(key, R"({"ID":"","Expected":""})");
  write.constant("SecurityOptions", R"(["name=seccomp,profile=builtin"])");
  write.constant("Warnings", "[]");
  write.close();
  return body;
}

void add_system(Api& api, engine::Engine& engine, SystemInfo info) {
  const auto shared = std::make_shared<const SystemInfo>(std::move(info));
  api.add(Method::kGet, "/_ping", ping);
  api.add(Method::kHead, "/_ping", ping);
  api.add(Method::kGet, "/version",
          [shared](const CallPtr& call) { call->respond(200, version_json(shared->host)); });
  api.add(Method::kGet, "/info", [shared, &engine](const CallPtr& call) {
    call->respond(200, info_json(*shared, look(engine)));
  });
  api.add(Method::kPost, "/auth", [&engine](const CallPtr& call) { log_in(call, engine); });
}

}  // namespace plimsoll::docker
