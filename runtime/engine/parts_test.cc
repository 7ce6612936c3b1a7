// What the engine decides without a kernel: configurations, users, places, logs, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_tree.h"
#include "base/text.h"
#include "runtime/engine/capabilities.h"
#include "runtime/engine/dockerfile_changes.h"
#include "runtime/engine/etc_files.h"
#include "runtime/engine/log_limits.h"
#include "runtime/engine/logged_kill.h"
#include "runtime/engine/logs.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"
#include "runtime/engine/places.h"
#include "runtime/engine/resources.h"
#include "runtime/engine/stored.h"
#include "runtime/engine/user.h"

namespace plimsoll::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

TEST(Merge, AnEntrypointStandsWithoutTheImagesCommand) {
  model::Config image;
  image.entrypoint = {"/entry"};
  image.cmd = {"default"};
  image.env = {"PATH=/image", "A=1"};
  model::Config asked;
  auto merged = merge(asked, image);
  ASSERT_TRUE(merged);
  EXPECT_EQ(program_of(*merged).path, "/entry");
  EXPECT_EQ(program_of(*merged).args, Strings{"default"});
  asked.entrypoint = {"/mine"};
  asked.env = {"A=2", "PATH"};
  merged = merge(asked, image);
  EXPECT_EQ(program_of(*merged).args, Strings());
  EXPECT_EQ(merged->env, Strings{"A=2"});
  asked.entrypoint = {""};
  asked.cmd = {"ls"};
  EXPECT_EQ(program_of(*merge(asked, image)).path, "ls");
  const auto nothing = merge({}, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "No command specified");
}

TEST(Merge, SignalsHaveNamesAndNumbers) {
  EXPECT_EQ(*signal_of("SIGTERM"), 15);
  EXPECT_EQ(*signal_of("kill"), 9);
  EXPECT_EQ(*signal_of("64"), 64);
  EXPECT_EQ(*signal_of("RTMIN+1"), 35);
  for (const char* wrong : {"", "0", "65", "SIGNOSUCH", "RTMIN+99", "-1"})
    EXPECT_FALSE(signal_of(wrong)) << wrong;
  EXPECT_EQ(signal_of("x").error().message, "Invalid signal: x");
}

TEST(User, IsLookedUpInTheContainersFiles) {
  const std::string passwd = "root:x:0:0::/:\nweb:x:33:34::/:\n1000:x:7:8::/:\n";
  const std::string group = "root:x:0:\nweb:x:34:\nmore:x:77:other,web\n";
  const auto find = [&](const char* user, const Strings& more = {}) {
    return find_user(user, more, passwd, group);
  };
  EXPECT_EQ(*find(""), (Identity{0, 0, {}}));
  EXPECT_EQ(*find("web"), (Identity{33, 34, {77}}));
  EXPECT_EQ(*find("33"), (Identity{33, 34, {77}}));
  EXPECT_EQ(*find("web:more"), (Identity{33, 77, {}}));
  EXPECT_EQ(*find("4711"), (Identity{4711, 0, {}}));
  EXPECT_EQ(*find("4711:12", {"more", "12"}), (Identity{4711, 12, {77, 12}}));
  EXPECT_EQ(*find("1000"), (Identity{7, 8, {}})) << "a name goes before a number";
  EXPECT_EQ(find("nobody").error().message,
            "unable to find user nobody: no matching entries in passwd file");
  EXPECT_EQ(find("web:x").error().message,
            "unable to find group x: no matching entries in group file");
  EXPECT_FALSE(find("-1"));
  EXPECT_FALSE(find("99999999999"));
}

TEST(Places, BindsAreReadAsDockerReadsThem) {
  const auto bind = parse_bind("/host/../src:/dst/:ro,rshared");
  ASSERT_TRUE(bind) << bind.error().message;
  EXPECT_EQ(bind->point.type, "bind");
  EXPECT_EQ(bind->point.source, "/src");
  EXPECT_EQ(bind->point.destination, "/dst");
  EXPECT_FALSE(bind->point.writable);
  EXPECT_THAT(bind->options, ElementsAre("rbind", "rshared", "ro"));
  const auto volume = parse_bind("name:/dst:nocopy");
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->point.name, "name");
  EXPECT_TRUE(volume->no_copy);
  EXPECT_TRUE(parse_bind("/only")->anonymous);
  for (const char* wrong : {"", ":", "a:b:c:d", "/a:b", "/a:/", "name!:/x", "/a:/b:what"})
    EXPECT_FALSE(parse_bind(wrong)) << wrong;
}

TEST(Places, OneForEachDestinationOuterOnesFirst) {
  model::Definition definition;
  definition.host.binds = {"deep:/a/b", "/tmp:/a"};
  definition.host.tmpfs = {{"/run", "size=1m,exec"}};
  definition.config.volumes = {"/a", "/own"};
  const auto none = [](const std::string&) -> model::Answer<std::vector<Place>> {
    return std::vector<Place>();
  };
  const auto places = collect_places(definition, none);
  ASSERT_TRUE(places) << places.error().message;
  Strings found;
  for (const Place& place : *places)
    found.push_back(place.point.type + " " + place.point.destination);
  EXPECT_THAT(found, ElementsAre("bind /a", "tmpfs /run", "volume /own", "volume /a/b"));
  EXPECT_THAT((*places)[1].options, ElementsAre("nosuid", "nodev", "size=1m"));
  definition.host.binds.emplace_back("/etc:/a");
  EXPECT_EQ(collect_places(definition, none).error().message, "Duplicate mount point: /a");
}

TEST(Changes, AreLinesOfADockerfile) {
  model::Config config;
  config.working_dir = "/base";
  const Strings lines{"CMD [\"a\", \"b\"]",
                      "ENV X=1 Y=\"two words\"",
                      "LABEL k v w",
                      "EXPOSE 80 53/udp",
                      "WORKDIR below",
                      "entrypoint run me",
                      "HEALTHCHECK --interval=5s --retries=2 CMD curl x",
                      "USER web"};
  const auto applied = apply_changes(lines, config);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(config.cmd, Strings({"a", "b"}));
  EXPECT_EQ(config.env, Strings({"X=1", "Y=two words"}));
  EXPECT_EQ(config.labels["k"], "v w");
  EXPECT_TRUE(config.exposed_ports.contains("80/tcp") && config.exposed_ports.contains("53/udp"));
  EXPECT_EQ(config.working_dir, "/base/below");
  EXPECT_EQ(config.entrypoint, Strings({"/bin/sh", "-c", "run me"}));
  EXPECT_EQ(config.healthcheck->test, Strings({"CMD-SHELL", "curl x"}));
  EXPECT_EQ(config.healthcheck->retries, 2);
  const auto wrong = apply_changes({"FROM x"}, config);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "FROM is not a valid change command");
}

TEST(Logs, ALineIsReadBack) {
  const auto line = parse_log_line(
      R"({"log":"a\"b\\\u0001\u00e9\n","stream":"stderr","time":"2026-11-20T23:33:55.123456789Z"})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "a\"b\\\x01\xc3\xa9\n");
  EXPECT_EQ(line->stream, Output::Stream::kStderr);
  EXPECT_EQ(rfc3339(line->time), "2026-11-20T23:33:55.123456789Z");
  for (const char* wrong :
       {"", "{}", R"({"log":"x)", R"({"log":"x","stream":"stdin","time":"2026-11-20T23:33:55Z"})",
        R"({"log":"x","stream":"stdout","time":"yesterday"})",
        R"({"log":"\u12","stream":"stdout")"})
    EXPECT_FALSE(parse_log_line(wrong)) << wrong;
}

TEST(Logs, AWalkGoesThroughRotatedFiles) {
  const TempTree tree{{"log.2", "1\n2\n"}, {"log.1", "3\n4\n"}, {"log", "5\n6"}};
  const auto rest = [&](LogCursor& cursor) {
    std::string all;
    while (const auto line = cursor.next()) all += *line;
    return all;
  };
  LogCursor whole(tree.path() + "/log");
  whole.from_start();
  EXPECT_EQ(rest(whole), "12345") << "the last line is not whole yet";
  tree.write("log", "5\n6\n7\n");
  for (const auto& [count, expected] : std::vector<std::pair<unsigned, std::string>>{
           {0, ""}, {1, "7"}, {3, "567"}, {4, "4567"}, {7, "1234567"}, {99, "1234567"}}) {
    LogCursor tail(tree.path() + "/log");
    tail.from_tail(count);
    EXPECT_EQ(rest(tail), expected) << count;
  }
}

TEST(Limits, DockersNumbersAreTheRuntimes) {
  model::Resources asked;
  asked.memory = 100 << 20;
  asked.nano_cpus = 500'000'000;
  asked.pids_limit = -1;
  const auto resources = resources_of(asked, CgroupVersion::kV2);
  ASSERT_TRUE(resources);
  EXPECT_EQ(resources->memory->swap, 200 << 20);
  EXPECT_EQ(resources->cpu->quota, 50'000);
  EXPECT_EQ(resources->cpu->period, 100'000U);
  EXPECT_EQ(resources->pids_limit, -1);
  EXPECT_THAT(to_json(*resources), HasSubstr(R"("memory":{"limit":104857600,"swap":209715200})"));
  model::Resources old;
  old.cpu_quota = 1000;
  model::Resources next;
  next.nano_cpus = 1;
  const auto conflict = updated("id", old, next);
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().message,
            "Cannot update container id: Conflicting options: Nano CPUs cannot be updated as CPU "
            "Quota has already been set");
}

TEST(Capabilities, DefaultsAndWhatIsAddedAndDropped) {
  const spec::CapabilitySet all{(std::uint64_t{1} << 41) - 1};
  const auto of = [&](const Strings& add, const Strings& drop) {
    return capabilities_of({.add = add, .drop = drop}, all)->bits;
  };
  EXPECT_EQ(of({}, {}), 0xa80425fbU);
  EXPECT_EQ(of({}, {"ALL"}), 0U);
  EXPECT_EQ(of({"NET_ADMIN"}, {"all"}), std::uint64_t{1} << 12);
  EXPECT_EQ(of({"ALL"}, {"CAP_CHOWN"}), all.bits & ~std::uint64_t{1});
  const auto why = [&](const CapabilityRequest& request) {
    return capabilities_of(request, all).error().message;
  };
  EXPECT_EQ(why({.add = {"nosuch"}, .drop = {}}),
            "invalid CapAdd: unknown capability: \"CAP_NOSUCH\"");
  EXPECT_EQ(why({.add = {}, .drop = {"CAP_NOSUCH"}}),
            "invalid CapDrop: unknown capability: \"CAP_NOSUCH\"");
}

TEST(LogLimits, AreReadAsDockerdReadsThem) {
  const auto of = [](std::map<std::string, std::string> options) {
    return log_limits_of({.type = "json-file", .options = std::move(options)});
  };
  const auto bytes = [&](const char* size) { return of({{"max-size", size}})->max_bytes; };
  EXPECT_EQ(of({})->max_bytes, 0U);
  EXPECT_EQ(bytes("10k"), 10'000U);
  EXPECT_EQ(bytes("1.5m"), 1'500'000U);
  EXPECT_EQ(bytes("2 GiB"), 2'000'000'000U);
  EXPECT_EQ(bytes("77"), 77U);
  EXPECT_EQ(of({{"max-size", "1k"}, {"max-file", "3"}})->max_files, 3U);
  const auto why = [&](const char* option, const char* value) {
    return of({{option, value}}).error().message;
  };
  const std::string begin = "failed to initialize logging driver: ";
  EXPECT_EQ(why("max-size", "much"), begin + "invalid size: 'much'");
  EXPECT_EQ(why("max-size", "10kk"), begin + "invalid size: '10kk'");
  EXPECT_EQ(why("max-size", "-1"), begin + "invalid size: '-1'");
  EXPECT_EQ(why("max-size", "0"), begin + "max-size must be a positive number");
  EXPECT_EQ(why("max-file", "x"), begin + "strconv.Atoi: parsing \"x\": invalid syntax");
  EXPECT_EQ(why("max-file", "0"), begin + "max-file cannot be less than 1");
}

TEST(Hosts, TellTheNameWithAndWithoutItsDomain) {
  const auto last = [](const char* name, const char* domain) {
    Container container;
    container.definition.config.hostname = name;
    container.definition.config.domainname = domain;
    net::Endpoint endpoint;
    endpoint.address = "172.27.0.9";
    const std::string text = hosts_text({.container = &container, .endpoints = {endpoint}});
    const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
    return text.substr(begin);
  };
  EXPECT_EQ(last("web", ""), "172.27.0.9\tweb\n");
  EXPECT_EQ(last("web", "b.c"), "172.27.0.9\tweb.b.c web\n");
  EXPECT_EQ(last("a.b.c", ""), "172.27.0.9\ta.b.c a\n");
  EXPECT_EQ(last("a.b.c", "d"), "172.27.0.9\ta.b.c.d a\n");
}

TEST(Places, AContainerThatIsNotFoundIsNoImageThatIsNotFound) {
  model::Definition definition;
  definition.host.volumes_from = {"nobody:ro"};
  const auto places =
      collect_places(definition, [](const std::string& name) -> model::Answer<std::vector<Place>> {
        return model::refuse(model::Refused::kNotFound, "No such container: " + name);
      });
  ASSERT_FALSE(places);
  EXPECT_EQ(places.error().why, model::Refused::kInvalid);
  EXPECT_EQ(places.error().message, "No such container: nobody");
}

TEST(Links, GiveNamesAndVariables) {
  const Link link = parse_link("/db:/web/store");
  EXPECT_EQ(link.container, "db");
  EXPECT_EQ(link.alias, "store");
  Container web;
  web.name = "web";
  Container db;
  db.definition.config.exposed_ports = {"5432/tcp"};
  db.definition.config.env = {"PATH=/x", "MODE=fast"};
  net::Endpoint endpoint;
  endpoint.address = "172.27.0.9";
  db.endpoints = {endpoint};
  EXPECT_THAT(variables_of(link, web, db),
              ElementsAre("STORE_NAME=/web/store", "STORE_PORT_5432_TCP=tcp://172.27.0.9:5432",
                          "STORE_PORT_5432_TCP_ADDR=172.27.0.9", "STORE_PORT_5432_TCP_PORT=5432",
                          "STORE_PORT_5432_TCP_PROTO=tcp", "STORE_PORT=tcp://172.27.0.9:5432",
                          "STORE_ENV_MODE=fast"));
}

TEST(Stored, IsReadBack) {
  Stored stored;
  stored.container.id = std::string(64, 'a');
  stored.container.name = "web";
  stored.container.definition.config.image = "busybox";
  stored.container.definition.config.cmd = {"ls", "-l"};
  stored.container.state.status = Status::kExited;
  stored.container.state.exit_code = 9;
  stored.phase = Stored::Phase::kMade;
  stored.manually_stopped = true;
  stored.places.push_back(*parse_bind("name:/data:ro"));
  auto back = decode_config(encode_config(stored));
  ASSERT_TRUE(back) << back.error().message();
  ASSERT_TRUE(decode_state(encode_state(stored), *back));
  EXPECT_EQ(back->container.name, "web");
  EXPECT_EQ(back->container.args, Strings{"-l"});
  EXPECT_EQ(back->container.state.exit_code, 9);
  EXPECT_EQ(back->container.state.status, Status::kExited);
  EXPECT_TRUE(back->manually_stopped);
  EXPECT_EQ(back->phase, Stored::Phase::kMade);
  ASSERT_EQ(back->places.size(), 1U);
  EXPECT_EQ(back->places[0].options, stored.places[0].options);
  EXPECT_FALSE(decode_config("{"));
  EXPECT_FALSE(decode_config("{}"));
}

TEST(Names, AreMadeUpAndChecked) {
  EXPECT_TRUE(is_id(make_id()));
  EXPECT_TRUE(is_name(make_up_name()));
  EXPECT_EQ(*check_name("/web"), "web");
  EXPECT_EQ(check_name("-x").error().message,
            "Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
}

TEST(LoggedKill, IsOfThisContainerAndOfThisRun) {
  const TempTree tree;
  const auto record = [](int second, const std::string& group) {
    return "6,9," + std::to_string(second) +
           "000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
           "oom_memcg=/a.slice/" +
           group + ",task_memcg=/a.slice/" + group + ",task=hog,pid=7,uid=0\n" + "3,10," +
           std::to_string(second) +
           "000001,-;Memory cgroup out of memory: Killed process 7 (hog) total-vm:1kB\n";
  };
  tree.write("kmsg", record(50, "plimsoll-aa.scope") + record(60, "plimsoll-bb.scope/below") +
                         record(70, "plimsoll-cc.scope-more"));
  const std::string log = tree.path() + "/kmsg";
  const auto at = [](int second) { return MonoTime(std::chrono::seconds(second)); };
  EXPECT_TRUE(logs_tell_of_kill(log, "plimsoll-aa.scope", at(50)));
  EXPECT_FALSE(logs_tell_of_kill(log, "plimsoll-aa.scope", at(55)));
  EXPECT_TRUE(logs_tell_of_kill(log, "plimsoll-bb.scope", at(40)));
  EXPECT_FALSE(logs_tell_of_kill(log, "plimsoll-cc.scope", at(40)));
  EXPECT_FALSE(logs_tell_of_kill(log, "plimsoll-dd.scope", at(0)));
  EXPECT_FALSE(logs_tell_of_kill(tree.path() + "/none", "plimsoll-aa.scope", at(0)));
}

}  // namespace
}  // namespace plimsoll::engine
