#include "runtime/docker/container_json.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "base/text.h"
#include "runtime/docker/container_select.h"

namespace plimsoll::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const WallTime kNow = *parse_rfc3339("2026-03-01T12:00:00Z");

engine::Container box() {
  engine::Container box;
  box.id = "0123456789abcdef";
  box.name = "box";
  box.created = *parse_rfc3339("2026-03-01T11:00:00Z");
  box.image_id = "sha256:aa";
  box.path = "sh";
  box.args = {"-c", "sleep 9"};
  box.definition.config.image = "busybox";
  box.definition.config.exposed_ports = {"80/tcp", "99/tcp"};
  box.definition.config.labels = {{"a", "b"}};
  box.state = {.status = engine::Status::kRunning, .pid = 7, .started = box.created};
  box.mounts = {{.type = "volume",
                 .name = "v",
                 .source = "/x",
                 .destination = "/v",
                 .driver = "local",
                 .mode = "z"}};
  box.endpoints = {{.network_id = "feed",
                    .network_name = "bridge",
                    .mac = "02:42:ac:11:00:02",
                    .gateway = "172.17.0.1",
                    .address = "172.17.0.2",
                    .prefix = 16}};
  box.published = {{80, "tcp", "0.0.0.0", 8080}, {80, "tcp", "::", 8080}};
  return box;
}

TEST(ListJson, IsDockers) {
  EXPECT_EQ(
      list_json(box(), kNow),
      R"({"Id":"0123456789abcdef","Names":["/box"],"Image":"busybox","ImageID":"sha256:aa",)"
      R"("Command":"sh -c 'sleep 9'","Created":1772362800,)"
      R"("Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},)"
      R"({"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":99,"Type":"tcp"}],)"
      R"("Labels":{"a":"b"},"State":"running","Status":"Up About an hour",)"
      R"("HostConfig":{"NetworkMode":"default"},"NetworkSettings":{"Networks":{"bridge":)"
      R"({"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"feed","EndpointID":"",)"
      R"("Gateway":"172.17.0.1","IPAddress":"172.17.0.2","IPPrefixLen":16,"IPv6Gateway":"",)"
      R"("GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:11:00:02",)"
      R"("DriverOpts":null}}},"Mounts":[{"Type":"volume","Name":"v","Source":"/x",)"
      R"("Destination":"/v","Driver":"local","Mode":"z","RW":true,"Propagation":""}]})");
}

TEST(InspectJson, HasWhatClientsCannotDoWithout) {
  const std::string text = inspect_json(box(), {.root = image::RootInfo{"overlay2", {}, ""}});
  EXPECT_THAT(text, HasSubstr(R"("Id":"0123456789abcdef")"));
  EXPECT_THAT(text, HasSubstr(R"("Name":"/box")"));
  EXPECT_THAT(text,
              HasSubstr(R"("State":{"Status":"running","Running":true,"Paused":false,)"
                        R"("Restarting":false,"OOMKilled":false,"Dead":false,"Pid":7,)"
                        R"("ExitCode":0,"Error":"","StartedAt":"2026-03-01T11:00:00.000000000Z",)"
                        R"("FinishedAt":"0001-01-01T00:00:00Z"})"));
  EXPECT_THAT(text, HasSubstr(R"("Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},)"
                              R"({"HostIp":"::","HostPort":"8080"}],"99/tcp":null})"));
  EXPECT_THAT(text, HasSubstr(R"("IPAddress":"172.17.0.2","IPPrefixLen":16)"));
  EXPECT_THAT(text, HasSubstr(R"("GraphDriver":{"Data":null,"Name":"overlay2"})"));
  EXPECT_THAT(text, HasSubstr(R"("HostConfig":{"Binds":null)"));
  EXPECT_THAT(text, HasSubstr(R"("Config":{"Hostname":"")"));
  EXPECT_TRUE(json::parse(text));
}

TEST(InspectJson, TellsOfHealth) {
  engine::Container container = box();
  container.state.health = engine::Health{
      .status = "unhealthy",
      .failing_streak = 3,
      .log = {
          {.start = container.created, .end = container.created, .exit_code = 1, .output = "x"}}};
  EXPECT_THAT(inspect_json(container, {}),
              HasSubstr(R"("Health":{"Status":"unhealthy","FailingStreak":3,"Log":[{"Start":)"));
}

TEST(Networks, OfAContainerThatIsNotUpAreThoseAskedFor) {
  engine::Container container = box();
  container.endpoints.clear();
  container.definition.networks["default"].ipv4_address = "172.17.0.9";
  EXPECT_THAT(networks_json(container),
              HasSubstr(R"({"bridge":{"IPAMConfig":{"IPv4Address":"172.17.0.9"})"));
  container.definition.networks.clear();
  container.definition.host.network_mode = "host";
  EXPECT_THAT(networks_json(container), ::testing::StartsWith(R"({"host":{)"));
  container.definition.host.network_mode = "container:x";
  EXPECT_EQ(networks_json(container), "{}");
}

TEST(ExecJson, HasNoExitCodeWhileItRuns) {
  engine::Exec exec{.id = "e", .container_id = "c"};
  exec.definition.cmd = {"ls", "-l"};
  exec.running = true;
  EXPECT_THAT(exec_json(exec), HasSubstr(R"({"ID":"e","Running":true,"ExitCode":null,)"
                                         R"("ProcessConfig":{"tty":false,"entrypoint":"ls",)"
                                         R"("arguments":["-l"],"privileged":false})"));
  exec.exit_code = 3;
  EXPECT_THAT(exec_json(exec), HasSubstr(R"("ExitCode":3)"));
}

// --- Which containers. ---

std::vector<engine::ContainerPtr> some() {
  std::vector<engine::ContainerPtr> all;
  for (const char* name : {"web", "db", "old"}) {
    engine::Container one = box();
    one.name = name;
    one.id = std::string(name) + "0123456789";
    one.created -= std::chrono::hours(all.size());
    one.definition.config.labels["n"] = name;
    all.push_back(std::make_shared<const engine::Container>(std::move(one)));
  }
  engine::Container old = *all[2];
  old.state = {.status = engine::Status::kExited, .exit_code = 3, .started = old.created};
  old.published.clear();
  old.definition.config.exposed_ports = {"53/udp"};
  all[2] = std::make_shared<const engine::Container>(std::move(old));
  return all;
}

std::vector<std::string> names_of(const std::string& filters, Selection selection = {}) {
  auto parsed = container_filters(filters);
  if (!parsed) return {parsed.error().message};
  selection.filters = *parsed;
  const auto all = some();
  selection.find = [&](std::string_view name) {
    for (const auto& one : all)
      if (one->name == name) return one;
    return engine::ContainerPtr();
  };
  const auto chosen = select(all, selection);
  if (!chosen) return {chosen.error().message};
  std::vector<std::string> names;
  for (const auto& one : *chosen) names.push_back(one->name);
  return names;
}

TEST(Select, RunningOnesUnlessMoreIsAskedFor) {
  EXPECT_THAT(names_of(""), ElementsAre("web", "db"));
  EXPECT_THAT(names_of("", {.all = true}), ElementsAre("web", "db", "old"));
  EXPECT_THAT(names_of("", {.limit = 1}), ElementsAre("web"));
  EXPECT_THAT(names_of("", {.limit = 5}), ElementsAre("web", "db", "old"));
  EXPECT_THAT(names_of(R"({"status":["exited"]})"), ElementsAre("old"));
}

TEST(Select, ByWhatTheyAre) {
  const Selection all{.all = true};
  EXPECT_THAT(names_of(R"({"name":{"w":true}})", all), ElementsAre("web"));
  EXPECT_THAT(names_of(R"({"name":["^/d"]})", all), ElementsAre("db"));
  EXPECT_THAT(names_of(R"({"name":["^old$"]})", all), ElementsAre("old"));
  EXPECT_THAT(names_of(R"({"name":["("]})", all), ElementsAre());
  EXPECT_THAT(names_of(R"({"id":["db0"]})", all), ElementsAre("db"));
  EXPECT_THAT(names_of(R"({"label":["n=db","a"]})", all), ElementsAre("db"));
  EXPECT_THAT(names_of(R"({"exited":["3"]})", all), ElementsAre("old"));
  EXPECT_THAT(names_of(R"({"volume":["/v"]})"), ElementsAre("web", "db"));
  EXPECT_THAT(names_of(R"({"network":["none"]})", all), ElementsAre());
  EXPECT_THAT(names_of(R"({"network":["bridge"]})"), ElementsAre("web", "db"));
  EXPECT_THAT(names_of(R"({"publish":["79-81/tcp"]})", all), ElementsAre("web", "db"));
  EXPECT_THAT(names_of(R"({"expose":["53/udp"]})", all), ElementsAre("old"));
  EXPECT_THAT(names_of(R"({"health":["none"]})"), ElementsAre("web", "db"));
  EXPECT_THAT(names_of(R"({"since":["db"]})"), ElementsAre("web"));
  EXPECT_THAT(names_of(R"({"before":["db"]})"), ElementsAre("old"));
  EXPECT_THAT(names_of(R"({"ancestor":["x"]})", {.ancestor_images = {"sha256:aa"}}),
              ElementsAre("web", "db"));
  EXPECT_THAT(names_of(R"({"ancestor":["y"]})"), ElementsAre());
}

TEST(Select, WhatIsNoFilterIsRefused) {
  EXPECT_THAT(names_of(R"({"colour":["red"]})"), ElementsAre("invalid filter 'colour'"));
  EXPECT_THAT(names_of(R"({"status":["lost"]})"), ElementsAre("invalid filter 'status=lost'"));
  EXPECT_THAT(names_of(R"({"exited":["x"]})"), ElementsAre("invalid filter 'exited=x'"));
  EXPECT_THAT(names_of(R"({"publish":["x"]})"), ElementsAre("invalid filter 'publish=x'"));
  EXPECT_THAT(names_of(R"({"since":["gone"]})"), ElementsAre("No such container: gone"));
}

}  // namespace
}  // namespace plimsoll::docker
