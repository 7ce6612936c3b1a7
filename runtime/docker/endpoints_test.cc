#include <gmock/gmock.h>

#include "base/temp_tree.h"
#include "http/client.h"
#include "http/test_support.h"
#include "runtime/docker/events.h"
#include "runtime/docker/fake_engine.h"
#include "runtime/docker/images.h"
#include "runtime/docker/networks.h"
#include "runtime/docker/platform.h"
#include "runtime/docker/system.h"

namespace plimsoll::docker {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// All endpoints of this room over an engine that is only told.
class EndpointServer {
 public:
  EndpointServer()
      : server_({}, [&](http::Server& server) {
          api_ = std::make_unique<Api>(server, ApiOptions{.spool_dir = tree_.path()});
          add_system(*api_, engine,
                     {.id = "ID",
                      .host = {.name = "h", .architecture = "amd64"},
                      .cgroup_driver = "cgroupfs",
                      .cgroup_version = "1"});
          add_events(*api_, engine);
          add_images(*api_, engine);
          add_image_transfers(*api_, engine);
          add_networks(*api_, engine);
          add_volumes(*api_, engine);
          add_not_offered(*api_);
        }) {}
  ~EndpointServer() {
    server_.stop();
    api_->stop();
  }
  EndpointServer(const EndpointServer&) = delete;
  EndpointServer& operator=(const EndpointServer&) = delete;

  std::string ask(const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& headers = {}) {
    return http::testing::ask(server_.address(),
                              method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + headers +
                                  "Connection: close\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  [[nodiscard]] const std::string& address() const { return server_.address(); }

  testing::FakeEngine engine;

 private:
  TempTree tree_;
  std::unique_ptr<Api> api_;
  http::testing::RunningServer server_;
};

image::Image busybox() {
  return {.id = "sha256:aa11",
          .repo_tags = {"busybox:1.36"},
          .created = "2026-11-20T21:48:44Z",
          .created_seconds = 1795211324,
          .architecture = "amd64",
          .os = "linux",
          .config = {.cmd = std::vector<std::string>{"sh"}, .labels = {{"a", "b"}}},
          .layers = {"sha256:bb22"},
          .history = {{.created_by = "ADD rootfs"}, {.created_by = "CMD sh", .empty_layer = true}},
          .size = 1984269};
}

net::Network network(std::string name, char digit) {
  return {.id = std::string(64, digit),
          .name = std::move(name),
          .driver = "bridge",
          .created = "2026-11-20T21:31:04Z",
          .ipam = {{.subnet = "172.30.0.0/24"}}};
}

TEST(System, IsPingedByHeadAndGet) {
  EndpointServer server;
  const std::string head = server.ask("HEAD", "/_ping");
  EXPECT_THAT(head, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Api-Version: 1.44\r\n"),
                          HasSubstr("Ostype: linux\r\n"), HasSubstr("Swarm: inactive\r\n"),
                          HasSubstr("Builder-Version: 1\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(server.ask("GET", "/v1.24/_ping"), EndsWith("\r\n\r\nOK"));
}

TEST(System, SaysWhatItIs) {
  EndpointServer server;
  EXPECT_THAT(server.ask("GET", "/version"),
              AllOf(HasSubstr(R"("ApiVersion":"1.44","MinAPIVersion":"1.24")"),
                    HasSubstr(R"("Arch":"amd64")"), HasSubstr(R"("Name":"Engine")")));
  auto paused = std::make_shared<engine::Container>();
  paused->state.status = engine::Status::kPaused;
  server.engine.all = {paused, std::make_shared<engine::Container>()};
  server.engine.store.images = {busybox()};
  EXPECT_THAT(
      server.ask("GET", "/info"),
      AllOf(HasSubstr(R"("Containers":2,"ContainersRunning":0,"ContainersPaused":1)"),
            HasSubstr(R"("ContainersStopped":1,"Images":1,"Driver":"overlay2")"),
            HasSubstr(R"("LocalNodeState":"inactive")"), HasSubstr(R"("CgroupVersion":"1")")));
}

TEST(System, LogsIn) {
  EndpointServer server;
  EXPECT_THAT(
      server.ask("POST", "/auth", R"({"username":"me","password":"pw","serveraddress":"r:5000"})"),
      EndsWith(R"({"IdentityToken":"","Status":"Login Succeeded"})"));
  EXPECT_THAT(server.engine.store.calls, ElementsAre("login r:5000"));
  EXPECT_EQ(server.engine.store.credentials.password, "pw");
  EXPECT_THAT(server.ask("POST", "/auth", "["), StartsWith("HTTP/1.1 400 "));
  server.engine.store.refusal.emplace(model::Refused::kUnauthorized, "no such user");
  EXPECT_THAT(server.ask("POST", "/auth", "{}"), StartsWith("HTTP/1.1 401 "));
}

TEST(System, SaysInKnownWordsWhatItIsNot) {
  EndpointServer server;
  EXPECT_THAT(server.ask("GET", "/v1.41/swarm"),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("This node is not a swarm manager")));
  EXPECT_THAT(server.ask("GET", "/nodes/x"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(server.ask("GET", "/plugins/x/json"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr(R"(plugin \"x\" not found)")));
  EXPECT_THAT(server.ask("POST", "/build?t=x", "tar"),
              AllOf(StartsWith("HTTP/1.1 501 "), HasSubstr("docker load")));
  EXPECT_THAT(server.ask("POST", "/build/prune"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.ask("GET", "/images/search?term=x"), StartsWith("HTTP/1.1 501 "));
}

TEST(Images, AreListedShownAndNamed) {
  EndpointServer server;
  server.engine.store.images = {busybox(), {.id = "sha256:cc", .created_seconds = 1}};
  EXPECT_THAT(server.ask("GET", "/images/json"),
              AllOf(HasSubstr(R"([{"Containers":-1,"Created":1795211324,"Id":"sha256:aa11")"),
                    HasSubstr(R"("RepoTags":["busybox:1.36"])"), HasSubstr(R"("Size":1984269)"),
                    HasSubstr(R"("RepoTags":["<none>:<none>"])")));
  const auto filtered = [&](const char* filter) {
    return server.ask("GET", "/images/json?filters=" + std::string(filter));
  };
  const auto has_both = AllOf(HasSubstr("aa11"), HasSubstr("sha256:cc"));
  EXPECT_THAT(filtered(R"({"reference":["busy*"]})"), AllOf(HasSubstr("aa11"), Not(has_both)));
  server.engine.store.images.front().repo_tags.emplace_back("other:1");
  EXPECT_THAT(filtered(R"({"reference":["other"]})"),
              AllOf(HasSubstr(R"("RepoTags":["other:1"])"), Not(HasSubstr("busybox"))));
  server.engine.store.images.front().repo_tags.pop_back();
  EXPECT_THAT(filtered(R"({"dangling":["true"]})"), AllOf(HasSubstr(":cc"), Not(has_both)));
  EXPECT_THAT(filtered(R"({"label":["a=b"]})"), AllOf(HasSubstr("aa11"), Not(has_both)));
  EXPECT_THAT(filtered(R"({"before":["busybox:1.36"]})"), AllOf(HasSubstr(":cc"), Not(has_both)));
  EXPECT_THAT(filtered(R"({"size":["1"]})"), HasSubstr("invalid filter 'size'"));
  EXPECT_THAT(server.ask("GET", "/images/busybox:1.36/json"),
              AllOf(HasSubstr(R"("Id":"sha256:aa11")"), HasSubstr(R"("Cmd":["sh"])"),
                    HasSubstr(R"("RootFS":{"Type":"layers","Layers":["sha256:bb22"]})")));
  EXPECT_THAT(server.ask("GET", "/images/busybox:1.36/history"),
              AllOf(HasSubstr(R"("CreatedBy":"CMD sh","Id":"sha256:aa11")"),
                    HasSubstr(R"("CreatedBy":"ADD rootfs","Id":"<missing>")")));
  EXPECT_THAT(server.ask("GET", "/images/a/b:c/json"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("No such image: a/b:c")));
  EXPECT_THAT(server.ask("POST", "/images/busybox:1.36/tag?repo=docker.io/library/x&tag=1"),
              StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(server.engine.store.calls, Contains("tag busybox:1.36 docker.io/library/x 1"));
}

TEST(Images, AreRemovedUnlessAContainerIsMadeOfThem) {
  EndpointServer server;
  server.engine.store.images = {busybox()};
  auto container = std::make_shared<engine::Container>();
  container->image_id = "sha256:aa11";
  server.engine.all = {container};
  EXPECT_THAT(server.ask("DELETE", "/images/busybox:1.36"), StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(server.ask("DELETE", "/images/busybox:1.36?force=1&noprune=1"),
              EndsWith(R"([{"Untagged":"busybox:1.36"},{"Deleted":"sha256:aa11"}])"));
  EXPECT_EQ(server.engine.store.calls.back(), "remove busybox:1.36 force ");
  EXPECT_EQ(server.engine.told().back().action, "delete");
  EXPECT_THAT(server.ask("POST", R"(/images/prune?filters={"dangling":{"false":true}})"),
              EndsWith(R"({"ImagesDeleted":[{"Deleted":"sha256:old"}],"SpaceReclaimed":42})"));
  EXPECT_EQ(server.engine.store.calls.back(), "prune all sha256:aa11");
  const auto prunes = [&](const char* filters) {
    EXPECT_THAT(server.ask("POST", "/images/prune?filters=" + std::string(filters)),
                StartsWith("HTTP/1.1 200 "));
    return server.engine.store.calls.back();
  };
  EXPECT_EQ(prunes(R"({"label":["a=b"]})"), "prune sha256:aa11");
  EXPECT_EQ(prunes(R"({"label":["a=c"]})"), "prune");
  EXPECT_EQ(prunes(R"({"label!":["a"]})"), "prune");
  EXPECT_EQ(prunes(R"({"until":["1795211325"]})"), "prune sha256:aa11");
  EXPECT_EQ(prunes(R"({"until":["2026-11-20T00:00:00Z"]})"), "prune");
  EXPECT_THAT(server.ask("POST", R"(/images/prune?filters={"until":["soon"]})"),
              StartsWith("HTTP/1.1 400 "));
}

TEST(Images, ComeInAndGoOut) {
  EndpointServer server;
  server.engine.store.images = {busybox()};
  server.engine.store.told = {{.status = "Loading layer", .id = "bb22", .current = 1, .total = 2}};
  EXPECT_THAT(server.ask("POST", "/images/load", "the archive"),
              AllOf(HasSubstr("application/json"), HasSubstr("Loading layer"),
                    HasSubstr("{\"stream\":\"Loaded image: busybox:latest\\n\"}\r\n"),
                    HasSubstr("{\"stream\":\"Loaded image ID: sha256:1234\\n\"}\r\n")));
  EXPECT_EQ(server.engine.store.loaded, "the archive");
  EXPECT_THAT(server.ask("POST", "/images/load?quiet=1", "x"), Not(HasSubstr("Loading layer")));
  EXPECT_THAT(server.ask("POST", "/images/create?fromSrc=-&repo=x&tag=1&message=m", "tree"),
              HasSubstr("{\"status\":\"sha256:imported\"}\r\n"));
  EXPECT_EQ(server.engine.store.calls.back(), "import x:1 m");
  EXPECT_EQ(server.engine.store.loaded, "tree");
  EXPECT_THAT(server.ask("POST", "/images/create?fromSrc=-&changes=CMD%20x&changes=USER%20u", "t"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.engine.calls, ElementsAre("change CMD x", "change USER u"));
  EXPECT_THAT(server.ask("GET", "/images/busybox:1.36/get"),
              AllOf(HasSubstr("application/x-tar"), HasSubstr("tar of busybox:1.36\n")));
  EXPECT_THAT(server.ask("GET", "/images/get?names=busybox:1.36&names=nosuch"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("nosuch")));
}

TEST(Images, ArePulledAndPushedWithWhoAsks) {
  EndpointServer server;
  server.engine.store.told = {{.status = "Pulling from library/x", .id = "1"}};
  const std::string auth = "X-Registry-Auth: eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJwdyJ9\r\n";
  EXPECT_THAT(server.ask("POST", "/images/create?fromImage=docker.io/library/x&tag=1", "", auth),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Pulling from library/x")));
  EXPECT_EQ(server.engine.store.calls.back(), "pull docker.io/library/x:1");
  EXPECT_EQ(server.engine.store.credentials.username, "me");
  EXPECT_THAT(server.ask("POST", "/images/create?fromImage=x&tag=sha256:12", "", ""),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.engine.store.calls.back(), "pull x@sha256:12");
  const std::string own(own_architecture());
  EXPECT_THAT(server.ask("POST", "/images/create?fromImage=x&tag=1&platform=linux/" + own),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(
      server.ask("POST", "/images/create?fromImage=x&tag=1&platform=linux/s390x"),
      AllOf(StartsWith("HTTP/1.1 404 "),
            HasSubstr("no matching manifest for linux/s390x in the manifest list entries")));
  server.engine.store.told.clear();
  server.engine.store.refusal.emplace(model::Refused::kNotFound, "manifest unknown");
  EXPECT_THAT(server.ask("POST", "/images/create?fromImage=x&tag=1"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server.ask("POST", "/images/r:5000/x/push?tag=1"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("repository [r:5000/x]"),
                    HasSubstr(R"("errorDetail":{"message":"manifest unknown"})")));
  EXPECT_THAT(server.ask("POST", "/images/x/push", "", "X-Registry-Auth: !\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST(Networks, AreMadeShownJoinedAndRemoved) {
  EndpointServer server;
  server.engine.nets.networks = {network("bridge", '1'), network("mine", '2')};
  server.engine.nets.joined = {{.network_id = std::string(64, '2'),
                                .endpoint_id = "ep",
                                .container_id = "c1",
                                .container_name = "web",
                                .address = "172.30.0.2",
                                .prefix = 24}};
  EXPECT_THAT(server.ask("GET", "/networks"),
              AllOf(HasSubstr(R"([{"Name":"bridge","Id":"1111)"),
                    HasSubstr(R"("Containers":{"c1":{"Name":"web","EndpointID":"ep",)"),
                    HasSubstr(R"("IPv4Address":"172.30.0.2/24")"),
                    HasSubstr(R"("Config":[{"Subnet":"172.30.0.0/24"}])")));
  EXPECT_THAT(server.ask("GET", R"(/networks?filters={"type":{"custom":true}})"),
              AllOf(HasSubstr("mine"), Not(HasSubstr("\"bridge\",\"Id\""))));
  EXPECT_THAT(server.ask("GET", "/networks/nosuch"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("network nosuch not found")));
  EXPECT_THAT(server.ask("POST", "/networks/create",
                         R"({"Name":"new","IPAM":{"Config":[{"Subnet":"10.9.0.0/24"}]}})"),
              AllOf(StartsWith("HTTP/1.1 201 "), HasSubstr(R"({"Id":"eeee)")));
  EXPECT_EQ(server.engine.nets.networks.back().driver, "bridge");
  EXPECT_EQ(server.engine.nets.networks.back().ipam.front().subnet, "10.9.0.0/24");
  EXPECT_THAT(server.ask("POST", "/networks/create", R"({"Name":"new"})"),
              StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(server.ask("POST", "/networks/mine/connect",
                         R"({"Container":"web","EndpointConfig":{"IPAMConfig":{"IPv4Address":)"
                         R"("172.30.0.50"},"Aliases":["al"],"Links":null}})"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.engine.calls.back(), "connect mine web 172.30.0.50 al");
  EXPECT_THAT(
      server.ask("POST", "/networks/mine/disconnect", R"({"Container":"web","Force":true})"),
      StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.engine.calls.back(), "disconnect mine web force");
  EXPECT_THAT(server.ask("DELETE", "/networks/mine"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(server.ask("POST", "/networks/prune"), EndsWith(R"({"NetworksDeleted":["new"]})"));
  EXPECT_THAT(server.ask("POST", "/networks/prune"), EndsWith(R"({"NetworksDeleted":null})"));
}

TEST(Volumes, AreMadeShownAndRemoved) {
  EndpointServer server;
  EXPECT_THAT(server.ask("POST", "/volumes/create",
                         R"({"Name":"v","Driver":"","DriverOpts":{"type":"tmpfs"},"Labels":{}})"),
              AllOf(StartsWith("HTTP/1.1 201 "), HasSubstr(R"("Driver":"local","Labels":null)"),
                    HasSubstr(R"("Options":{"type":"tmpfs"})")));
  EXPECT_THAT(server.ask("GET", "/volumes"),
              AllOf(HasSubstr(R"({"Volumes":[{"CreatedAt")"), EndsWith(R"(],"Warnings":null})")));
  server.engine.volume_users["v"] = {"c1"};
  EXPECT_THAT(server.ask("GET", R"(/volumes?filters={"dangling":["1"]})"),
              EndsWith(R"({"Volumes":[],"Warnings":null})"));
  EXPECT_THAT(server.ask("DELETE", "/volumes/v"), StartsWith("HTTP/1.1 409 "));
  server.engine.volume_users.clear();
  EXPECT_THAT(server.ask("POST", "/volumes/prune"),
              EndsWith(R"({"VolumesDeleted":[],"SpaceReclaimed":0})"));
  EXPECT_THAT(server.ask("POST", R"(/v1.41/volumes/prune)"),
              EndsWith(R"({"VolumesDeleted":["v"],"SpaceReclaimed":1000})"));
  EXPECT_THAT(server.ask("GET", "/volumes/v"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("get v: no such volume")));
}

engine::Event event(std::string type, std::string action, std::int64_t second) {
  return {.type = std::move(type),
          .action = std::move(action),
          .id = "c0ffee",
          .attributes = {{"image", "busybox:1.36"}, {"name", "web"}, {"a", "b"}},
          .at = WallTime(std::chrono::seconds(second))};
}

TEST(Events, AreToldFromTheBacklogToTheEnd) {
  EndpointServer server;
  server.engine.tell(event("container", "create", 100));
  server.engine.tell(event("container", "start", 200));
  server.engine.tell(event("network", "connect", 300));
  EXPECT_THAT(
      server.ask("GET", "/events?since=150&until=250"),
      AllOf(HasSubstr(R"({"status":"start","id":"c0ffee","from":"busybox:1.36","Type":"container",)"
                      R"("Action":"start","Actor":{"ID":"c0ffee","Attributes":{)"),
            HasSubstr(R"("scope":"local","time":200,"timeNano":200000000000})"),
            Not(HasSubstr("create")), Not(HasSubstr("connect")), EndsWith("0\r\n\r\n")));
  EXPECT_THAT(server.ask("GET", "/events?since=300&until=200"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(server.ask("GET", "/events?since=x"), StartsWith("HTTP/1.1 400 "));
}

TEST(Events, ComeAsTheyHappenAfterTheHead) {
  EndpointServer server;
  server.engine.listening_takes = std::chrono::milliseconds(100);
  http::testing::RawClient client(server.address());
  client.send("GET /events?filters={\"event\":[\"start\"]} HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  // Who has the head is heard: no event is lost in between.
  server.engine.tell(event("container", "create", 100));
  server.engine.tell(event("container", "start", 200));
  EXPECT_THAT(client.read_until("\n\r\n"),
              AllOf(HasSubstr("\"Action\":\"start\""), Not(HasSubstr("create"))));
}

TEST(Events, AreChosenByWhatTheyAreAbout) {
  const auto is_chosen = [](const char* text, const engine::Event& event) {
    const auto filters = Filters::parse(text, {"type", "event", "container", "image", "label",
                                               "network", "volume", "scope", "plugin"});
    return matches(*filters, event);
  };
  const auto exec = event("container", "exec_create: ls -l", 1);
  for (const char* yes :
       {"", R"({"type":["container"]})", R"({"event":["exec_create"]})", R"({"container":["web"]})",
        R"({"container":["c0f"]})", R"({"image":["busybox"]})", R"({"image":["busybox:1.36"]})",
        R"({"label":["a=b"]})", R"({"scope":["local"]})"})
    EXPECT_TRUE(is_chosen(yes, exec)) << yes;
  for (const char* no :
       {R"({"type":["image"]})", R"({"event":["exec"]})", R"({"container":["we"]})",
        R"({"network":["web"]})", R"({"image":["busy"]})", R"({"label":["a=c"]})",
        R"({"scope":["swarm"]})", R"({"plugin":["x"]})"})
    EXPECT_FALSE(is_chosen(no, exec)) << no;
}

}  // namespace
}  // namespace plimsoll::docker
