// The pure parts, each with good, empty, foreign and broken texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "inventory/homes.h"
#include "inventory/inspect.h"
#include "inventory/json_value.h"
#include "inventory/key_values.h"
#include "inventory/labels.h"
#include "inventory/oci_spec.h"
#include "inventory/own_record.h"
#include "inventory/process.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Json, FindsByPath) {
  const auto json = parse_json(R"({"a":{"b":"x","n":-7,"t":true,"f":1.5,"z":null},"l":[1,"two"]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text({"a", "b"}), "x");
  EXPECT_EQ(json->integer({"a", "n"}), -7);
  EXPECT_EQ(json->boolean({"a", "t"}), true);
  EXPECT_EQ(json->find({"l"})->items().size(), 2U);
  EXPECT_EQ(json->find({"l"})->items()[1].text({}), "two");
  // Absent, or of another type: not there.
  EXPECT_EQ(json->text({"a", "n"}), "");
  EXPECT_EQ(json->integer({"a", "f"}), std::nullopt);
  EXPECT_EQ(json->boolean({"a", "z"}), std::nullopt);
  EXPECT_EQ(json->find({"a", "b", "c"}), nullptr);
  EXPECT_EQ(json->find({"l", "x"}), nullptr);
  EXPECT_THAT(json->string_map({"a"}), ElementsAre(Pair("b", "x")));
  EXPECT_THAT(json->string_map({"l"}), IsEmpty());
}

TEST(Json, TakesNumbersOfEverySize) {
  const auto json = parse_json(R"({"u":18446744073709551615,"i":9223372036854775807})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->integer({"u"}), std::nullopt) << "too large to be anybody's pid";
  EXPECT_EQ(json->integer({"i"}), 9223372036854775807);
}

TEST(Json, NamesThePlaceThatIsBroken) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "nul", "{} x", "\"\xff\"", "{\"a\" 1}"}) {
    const auto json = parse_json(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().kind, ErrorKind::kMalformed) << text;
    EXPECT_THAT(json.error().subject, HasSubstr("JSON at byte")) << text;
  }
  EXPECT_THAT(parse_json("{\"key\": wrong}").error().subject, HasSubstr("wrong"));
}

TEST(Json, KeepsItsLimits) {
  const std::string deep(65, '[');
  EXPECT_EQ(parse_json(deep + std::string(65, ']')).error().kind, ErrorKind::kRejected);
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_EQ(parse_json("[1,2,3]", {.values = 3}).error().kind, ErrorKind::kRejected);
  EXPECT_TRUE(parse_json("[1,2]", {.values = 3}));
  EXPECT_EQ(parse_json("[1,2,3]", {.bytes = 6}).error().kind, ErrorKind::kRejected);
  // Deep enough to end a recursive parser.
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Inspect, RefusesAnotherContainersDescription) {
  Identity identity;
  identity.id = "aa";
  const auto json = parse_json(R"({"ID":"bb","Name":"/web"})");
  const auto read = read_inspect(*json, identity, {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kMalformed);
  EXPECT_THAT(read.error().subject, HasSubstr("\"bb\" instead of aa"));
}

TEST(Inspect, OfNothingButAnIdIsEmptyNotZero) {
  Identity identity;
  identity.id = "aa";
  const auto read = read_inspect(*parse_json(R"({"Id":"aa"})"), identity, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->created, std::nullopt);
  EXPECT_EQ(read->started, std::nullopt);
  EXPECT_EQ(read->pid, std::nullopt);
  EXPECT_EQ(read->network, NetworkMode::kUnknown);
  EXPECT_FALSE(read->has_health_check);
  EXPECT_EQ(read->display, "aa");
}

TEST(Inspect, ZeroesOfGoAreAbsent) {
  Identity identity;
  identity.id = "aa";
  const auto json = parse_json(
      R"({"Id":"aa","RestartCount":-1,"State":{"Pid":0,"StartedAt":"0001-01-01T00:00:00Z",
          "Health":{"Status":"none"}}})");
  const auto read = read_inspect(*json, identity, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->started, std::nullopt);
  EXPECT_EQ(read->pid, std::nullopt);
  EXPECT_EQ(read->restart_count, 0U);
  EXPECT_FALSE(read->has_health_check);
  EXPECT_EQ(
      read_inspect(*parse_json(R"({"Id":"aa","State":{"Pid":99999999999}})"), identity, {})->pid,
      std::nullopt);
}

TEST(Inspect, NetworkModes) {
  struct Row {
    const char* mode;
    NetworkMode network;
    const char* owner = "";
  };
  for (const Row& row :
       {Row{"default", NetworkMode::kOwn}, Row{"bridge", NetworkMode::kOwn},
        Row{"mynet", NetworkMode::kOwn}, Row{"slirp4netns", NetworkMode::kOwn},
        Row{"host", NetworkMode::kHost}, Row{"none", NetworkMode::kNone},
        Row{"container:abc", NetworkMode::kContainer, "abc"}, Row{"", NetworkMode::kUnknown}}) {
    Identity identity;
    read_network_mode(row.mode, identity);
    EXPECT_EQ(identity.network, row.network) << row.mode;
    EXPECT_EQ(identity.network_owner, row.owner) << row.mode;
  }
}

TEST(Labels, SayProjectAndPod) {
  Identity identity;
  identity.labels = {{"com.docker.compose.project", "p"},     {"com.docker.compose.service", "s"},
                     {"io.kubernetes.container.name", "POD"}, {"io.kubernetes.pod.name", "web-0"},
                     {"io.kubernetes.pod.namespace", "shop"}, {"io.kubernetes.pod.uid", "u"}};
  read_labels(identity);
  EXPECT_EQ(identity.compose_project, "p");
  EXPECT_EQ(identity.compose_service, "s");
  EXPECT_EQ(identity.pod_name, "web-0");
  EXPECT_EQ(identity.pod_namespace, "shop");
  EXPECT_EQ(identity.pod_uid, "u");
  EXPECT_TRUE(identity.sandbox);
}

TEST(Labels, LastOfEqualKeysStays) {
  StringMap map{{"b", "1"}, {"a", "1"}, {"b", "2"}, {"c", "1"}, {"b", "3"}};
  sort_unique(map);
  EXPECT_THAT(map, ElementsAre(Pair("a", "1"), Pair("b", "3"), Pair("c", "1")));
  StringMap none;
  sort_unique(none);
  EXPECT_THAT(none, IsEmpty());
  EXPECT_EQ(value_of(map, "b"), "3");
  EXPECT_EQ(value_of(map, "x"), "");
}

TEST(Environment, IsAllowListed) {
  const std::vector<std::string> entries{
      "B=2", "APP_A=1", "PASSWORD=x", "APP_=", "=odd", "APP_N", "APP_A=3=4"};
  EXPECT_THAT(allowed_environment(entries, std::vector<std::string>{"APP_"}),
              ElementsAre(Pair("APP_", ""), Pair("APP_A", "3=4")));
  EXPECT_THAT(allowed_environment(entries, {}), IsEmpty());
  EXPECT_THAT(allowed_environment(entries, std::vector<std::string>{""}), IsEmpty())
      << "an empty entry must not mean everything";
}

TEST(OciSpec, TellsTheNetworkFromTheNamespaces) {
  const auto network = [](const char* namespaces) {
    return parse_oci_spec(std::string(R"({"linux":{"namespaces":)") + namespaces + "}}")->network;
  };
  EXPECT_EQ(network(R"([{"type":"pid"},{"type":"mount"}])"), NetworkMode::kHost);
  EXPECT_EQ(network(R"([{"type":"network"}])"), NetworkMode::kOwn);
  EXPECT_EQ(network(R"([{"type":"network","path":"/run/netns/x"}])"), NetworkMode::kOwn);
  EXPECT_EQ(parse_oci_spec("{}")->network, NetworkMode::kUnknown);
  EXPECT_FALSE(parse_oci_spec("[]"));
  EXPECT_FALSE(parse_oci_spec(""));
}

TEST(OciSpec, ProcessOfNamespace) {
  EXPECT_EQ(process_of_namespace("/proc/16509/ns/net"), 16509);
  for (const char* path : {"", "/proc//ns/net", "/proc/x/ns/net", "/proc/-1/ns/net",
                           "/proc/0/ns/net", "/proc/1/ns/pid", "/run/netns/1", "/proc/ns/net"})
    EXPECT_EQ(process_of_namespace(path), std::nullopt) << path;
}

TEST(OciSpec, MatchesCgroupsPath) {
  EXPECT_TRUE(matches_cgroups_path("/default/t1", "/default/t1"));
  EXPECT_FALSE(matches_cgroups_path("/default/t1", "/docker/x/default/t1"));
  EXPECT_TRUE(matches_cgroups_path("machine.slice:libpod:aa", "/machine.slice/libpod-aa.scope"));
  EXPECT_TRUE(matches_cgroups_path("a-b.slice:cri:aa", "/a.slice/a-b.slice/cri-aa.scope"));
  EXPECT_TRUE(matches_cgroups_path(":libpod:aa", "/system.slice/libpod-aa.scope"));
  EXPECT_FALSE(matches_cgroups_path("machine.slice:libpod:aa", "/other.slice/libpod-aa.scope"));
  EXPECT_FALSE(matches_cgroups_path("machine.slice:libpod:aa", "/machine.slice/libpod-bb.scope"));
  EXPECT_FALSE(matches_cgroups_path("", "/x"));
  EXPECT_FALSE(matches_cgroups_path("x:y", "/x"));
}

TEST(StoredContainers, AreReadWithTheirMetadata) {
  const auto containers = parse_stored_containers(
      R"([{"id":"aa","names":["web","alias"],"image":"ii","layer":"ll","created":"c",
           "metadata":"{\"image-name\":\"img\"}"},{"id":"bb","names":null,"metadata":"broken"}])");
  ASSERT_TRUE(containers);
  EXPECT_EQ(containers->at("aa"), (StoredContainer{"web", "ii", "ll", "c", "img"}));
  EXPECT_EQ(containers->at("bb"), StoredContainer{});
  EXPECT_TRUE(parse_stored_containers("[]")->empty());
  EXPECT_TRUE(parse_stored_containers("null")->empty());
  EXPECT_FALSE(parse_stored_containers("[{"));
}

TEST(Machine, SkipsWhatIsNoNumberAndTheHostsOwnRoot) {
  const Identity machine = read_machine(
      "# comment\n\nNAME=box\nROOT=/\nLEADER=x\nREALTIME=99999999999999999999\nodd line\nNETIF=\n",
      {});
  EXPECT_EQ(machine.name, "box");
  EXPECT_EQ(machine.upper_dir, "") << "a walk of all the host is nobody's writable layer";
  EXPECT_EQ(machine.pid, std::nullopt);
  EXPECT_EQ(machine.created, std::nullopt);
  EXPECT_EQ(machine.network, NetworkMode::kUnknown);
}

TEST(LxcConfig, KnowsOldAndNewKeys) {
  const LxcConfig old = read_lxc_config(
      "lxc.utsname=a\nlxc.rootfs = /var/lib/lxc/a/rootfs\nlxc.network.type = empty\n", {});
  EXPECT_EQ(old.identity.name, "a");
  EXPECT_EQ(old.identity.upper_dir, "/var/lib/lxc/a/rootfs");
  EXPECT_EQ(old.identity.network, NetworkMode::kNone);
  EXPECT_EQ(read_lxc_config("lxc.rootfs.path = overlayfs:/base:/delta\n", {}).identity.upper_dir,
            "/delta");
}

TEST(OwnRecordText, RefusesOthersAndGarbage) {
  Identity identity;
  identity.id = "aa";
  EXPECT_TRUE(parse_own_record(R"({"id":"aa"})", identity));
  EXPECT_FALSE(parse_own_record(R"({"id":"bb"})", identity));
  EXPECT_FALSE(parse_own_record("{}", identity));
  EXPECT_FALSE(parse_own_record("", identity));
  EXPECT_EQ(parse_own_record(R"({"id":"aa","pid":-4,"restart_count":"x"})", identity)->identity.pid,
            std::nullopt);
}

TEST(Passwd, SkipsLinesOfAnotherShape) {
  EXPECT_THAT(parse_passwd("root:x:0:0:root:/root:/bin/sh\n+::::::\nx:y\n:x:7::c:/h:\n"
                           "bad:x:abc:1::/h:/bin/sh\nrel:x:8:8::home:/bin/sh\n"),
              ElementsAre(User{0, "/root"}, User{7, "/h"}));
  EXPECT_THAT(parse_passwd(""), IsEmpty());
}

TEST(RemoteHomes, AreThoseBelowANetworkMount) {
  constexpr std::string_view kMounts =
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:50 / /people rw,relatime shared:1 - nfs4 server:/people rw\n"
      "3 2 8:2 / /people/local rw - xfs /dev/sdb rw\n"
      "4 1 0:51 / /mnt rw - fuse.sshfs x rw\n"
      "5 1 0:52 / /auto rw - autofs systemd-1 rw\n";
  EXPECT_TRUE(is_remote(kMounts, "/people/ann"));
  EXPECT_FALSE(is_remote(kMounts, "/people/local/bob"));
  EXPECT_TRUE(is_remote(kMounts, "/people/locality"));
  EXPECT_FALSE(is_remote(kMounts, "/peoples/x"));
  EXPECT_FALSE(is_remote(kMounts, "/root"));
  EXPECT_TRUE(is_remote(kMounts, "/mnt"));
  EXPECT_TRUE(is_remote(kMounts, "/auto/x"));
  EXPECT_FALSE(is_remote("", "/x"));
  EXPECT_FALSE(is_remote("garbage\n- - -\n", "/x"));
}

TEST(Membership, ComparesWholePaths) {
  constexpr std::string_view kText =
      "4:memory:/docker/a\n1:name=systemd:/docker/a/init.scope\n0::/\n";
  EXPECT_EQ(membership(kText, "/docker/a"), Membership::kInside);
  EXPECT_EQ(membership(kText, "/docker"), Membership::kInside);
  EXPECT_EQ(membership(kText, "/dock"), Membership::kOutside);
  EXPECT_EQ(membership(kText, "/docker/b"), Membership::kOutside);
  EXPECT_EQ(membership("0::/a/b (deleted)\n", "/a/b"), Membership::kInside);
  EXPECT_EQ(membership("0::/a:b\n", "/a:b"), Membership::kInside);
  EXPECT_EQ(membership("0::/../x\n", "/docker/a"), Membership::kUnknown);
  EXPECT_EQ(membership("", "/docker/a"), Membership::kOutside);
  EXPECT_EQ(membership("garbage\n:\n::\n", "/docker/a"), Membership::kOutside);
}

TEST(UpperDir, IsOfTheTopMountOnRoot) {
  EXPECT_EQ(upper_dir_of("1 0 8:1 / / rw - ext4 /dev/sda rw\n"), "");
  EXPECT_EQ(upper_dir_of("1 0 0:1 / / rw - overlay o rw,lowerdir=/l,upperdir=/u,workdir=/w\n"),
            "/u");
  EXPECT_EQ(upper_dir_of("1 0 0:1 / / rw - overlay o rw,upperdir=/one\n"
                         "2 1 0:2 / / rw - overlay o rw,upperdir=/two\n"),
            "/two");
  EXPECT_EQ(upper_dir_of("1 0 0:1 / /mnt rw - overlay o rw,upperdir=/u\n"), "");
  EXPECT_EQ(upper_dir_of("1 0 0:1 / / rw - overlay o ro,lowerdir=/l\n"), "");
  EXPECT_EQ(upper_dir_of("\n- overlay upperdir=/x\n1 0 0:1 /\n"), "");
}

}  // namespace
}  // namespace plimsoll::inventory
