#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/containers/container_commands.h"
#include "agent/containers/frames.h"
#include "agent/containers/listing.h"
#include "agent/containers/run_request.h"

namespace plimsoll::agent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Json asked(const RunFlags& flags) {
  const auto body = run_request(flags);
  if (!body) {
    ADD_FAILURE() << body.error().message();
    return Json::object();
  }
  return Json::parse(*body);
}

RunFlags flags_for(std::vector<std::string> words) {
  RunFlags flags;
  flags.words = std::move(words);
  return flags;
}

TEST(RunRequest, ImageCommandAndWhoListens) {
  const Json body = asked(flags_for({"busybox", "echo", "-n", "hi"}));
  EXPECT_EQ(body["Image"], "busybox");
  EXPECT_EQ(body["Cmd"], Json({"echo", "-n", "hi"}));
  EXPECT_EQ(body["AttachStdout"], true);
  EXPECT_EQ(body["OpenStdin"], false);
  EXPECT_EQ(body["HostConfig"]["NetworkMode"], "default");
  EXPECT_FALSE(asked(flags_for({"busybox"})).contains("Cmd"));
}

TEST(RunRequest, LimitsAreInTheApisUnits) {
  RunFlags flags = flags_for({"x"});
  flags.memory = "64m";
  flags.memory_swap = "-1";
  flags.cpus = "0.5";
  flags.pids_limit = "100";
  flags.ulimits = {"nofile=1024:2048", "core=0"};
  const Json host = asked(flags)["HostConfig"];
  EXPECT_EQ(host["Memory"], 64 << 20);
  EXPECT_EQ(host["MemorySwap"], -1);
  EXPECT_EQ(host["NanoCpus"], 500'000'000);
  EXPECT_EQ(host["PidsLimit"], 100);
  EXPECT_EQ(host["Ulimits"], Json::parse(R"([{"Name":"nofile","Soft":1024,"Hard":2048},
                                             {"Name":"core","Soft":0,"Hard":0}])"));
}

TEST(RunRequest, VolumesAreBindsOrPlacesOfTheirOwn) {
  RunFlags flags = flags_for({"x"});
  flags.volumes = {"/data", "/srv:/srv:ro", "named:/n"};
  flags.tmpfs = {"/run", "/tmp:size=1m"};
  const Json body = asked(flags);
  EXPECT_EQ(body["Volumes"], Json::parse(R"({"/data":{}})"));
  EXPECT_EQ(body["HostConfig"]["Binds"], Json({"/srv:/srv:ro", "named:/n"}));
  EXPECT_EQ(body["HostConfig"]["Tmpfs"], Json::parse(R"({"/run":"","/tmp":"size=1m"})"));
}

TEST(RunRequest, PortsInAllTheirForms) {
  RunFlags flags = flags_for({"x"});
  flags.publish = {"80",          "8080:81",         "127.0.0.1:53:53/udp",
                   "[::1]:82:82", "9000-9001:90-91", "7000-7009:70"};
  const Json bindings = asked(flags)["HostConfig"]["PortBindings"];
  EXPECT_EQ(bindings, Json::parse(R"({"80/tcp":[{"HostIp":"","HostPort":""}],
    "81/tcp":[{"HostIp":"","HostPort":"8080"}], "53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],
    "82/tcp":[{"HostIp":"::1","HostPort":"82"}], "90/tcp":[{"HostIp":"","HostPort":"9000"}],
    "91/tcp":[{"HostIp":"","HostPort":"9001"}], "70/tcp":[{"HostIp":"","HostPort":"7000-7009"}]})"));
}

TEST(RunRequest, SaysWhichFlagIsWrong) {
  const auto refused = [](auto change) {
    RunFlags flags = flags_for({"x"});
    change(flags);
    const auto body = run_request(flags);
    return body ? std::string("taken") : std::string(body.error().op) + ": " + body.error().subject;
  };
  EXPECT_THAT(refused([](RunFlags& f) { f.words.clear(); }), HasSubstr("IMAGE"));
  EXPECT_THAT(refused([](RunFlags& f) { f.memory = "lots"; }), HasSubstr("--memory: 'lots'"));
  EXPECT_THAT(refused([](RunFlags& f) { f.memory = "1x"; }), HasSubstr("--memory: '1x'"));
  EXPECT_THAT(refused([](RunFlags& f) { f.cpus = "-1"; }), HasSubstr("--cpus: '-1'"));
  EXPECT_THAT(refused([](RunFlags& f) { f.publish = {"0:80"}; }), HasSubstr("--publish: '0'"));
  EXPECT_THAT(refused([](RunFlags& f) { f.publish = {"80/icmp"}; }), HasSubstr("tcp, udp or sctp"));
  EXPECT_THAT(refused([](RunFlags& f) { f.publish = {"1-3:1-2"}; }), HasSubstr("as many"));
  EXPECT_THAT(refused([](RunFlags& f) { f.env_files = {"/nonexistent/x"}; }),
              HasSubstr("--env-file"));
  EXPECT_THAT(refused([](RunFlags& f) { f.ulimits = {"nofile"}; }),
              HasSubstr("--ulimit: 'nofile'"));
  EXPECT_THAT(refused([](RunFlags& f) { f.remove = true, f.restart = "always"; }),
              HasSubstr("--rm"));
}

TEST(RunRequest, SizesHaveDockersUnits) {
  for (const auto& [text, bytes] :
       std::vector<std::pair<const char*, std::int64_t>>{{"1024", 1024},
                                                         {"1b", 1},
                                                         {"1k", 1024},
                                                         {"1.5m", 1572864},
                                                         {"2G", std::int64_t{2} << 30},
                                                         {"1kb", 1024},
                                                         {"1MiB", 1 << 20}})
    EXPECT_EQ(size_of("--memory", text).value_or(-1), bytes) << text;
  for (const char* text : {"", "m", "-1m", "1mm", "1e30g", "0x"})
    EXPECT_FALSE(size_of("--memory", text)) << text;
}

TEST(RunExitCode, FollowsTheWordsOfTheRefusal) {
  EXPECT_EQ(run_exit_code("exec: \"nope\": executable file not found in $PATH"), 127);
  EXPECT_EQ(run_exit_code("stat /nope: no such file or directory: unknown"), 127);
  EXPECT_EQ(run_exit_code("exec: \"/etc\": is a directory"), 126);
  EXPECT_EQ(run_exit_code("permission denied: unknown"), 126);
  EXPECT_EQ(run_exit_code("port is already allocated"), 125);
}

TEST(FrameReader, PassesFramesOnHoweverTheyAreCut) {
  const std::string bytes = std::string("\1\0\0\0\0\0\0\3out", 11) +
                            std::string("\2\0\0\0\0\0\0\0", 8) +
                            std::string("\2\0\0\0\0\0\0\2er", 10);
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    std::string seen;
    FrameReader reader([&](FrameReader::Stream stream, std::string_view piece) {
      for (const char c : piece) seen.append(std::to_string(static_cast<int>(stream))).append(1, c);
    });
    for (std::size_t at = 0; at < bytes.size(); at += step)
      ASSERT_TRUE(reader.feed(std::string_view(bytes).substr(at, step)));
    EXPECT_EQ(seen, "1o1u1t2e2r");
    EXPECT_TRUE(reader.between());
  }
}

TEST(FrameReader, RefusesWhatIsNoFrame) {
  FrameReader reader([](FrameReader::Stream, std::string_view) {});
  EXPECT_FALSE(reader.feed("HTTP/1.1 200 OK\r\n"));
}

TEST(Listing, ContainersAsDockerShowsThem) {
  const auto text = list_containers(
      R"([{"Id":"0123456789abcdef","Image":"busybox","Command":"sh -c 'a very long command line'","Created":1000,
           "Status":"Up 2 minutes","Names":["/web","/other/alias"],
           "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":81,"Type":"udp"}]}])",
      {.now_seconds = 1120});
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_THAT(*text, HasSubstr("0123456789ab   busybox"));
  EXPECT_THAT(*text, HasSubstr("\"sh -c 'a very long …\"   2 minutes ago   Up 2 minutes"));
  EXPECT_THAT(*text, HasSubstr("0.0.0.0:8080->80/tcp, 81/udp   web\n"));
}

TEST(Listing, ImagesOneLineForEachName) {
  const auto text = list_images(
      R"([{"Id":"sha256:abcdefabcdefabcd","RepoTags":["a:1","h:5000/b:2"],"Created":0,"Size":4300000},{"Id":"sha256:111111111111","RepoTags":null,"Created":0,"Size":0}])",
      {.now_seconds = 259'200});
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_THAT(*text, HasSubstr("h:5000/b     2         abcdefabcdef   3 days ago   4.3MB"));
  EXPECT_THAT(*text, HasSubstr("<none>       <none>    111111111111"));
}

TEST(Listing, SomethingElseIsRefused) {
  EXPECT_FALSE(list_containers("{}", {}));
  EXPECT_FALSE(list_images("nonsense", {}));
}

TEST(ProgressText, KeepsTheFailureAndWhatWasLoaded) {
  std::string loaded;
  ProgressText progress(&loaded);
  progress.feed("{\"stream\":\"Loaded image: a\\n\"}\r\n{\"errorDe");
  progress.feed("tail\":{\"message\":\"no space\"}}\n");
  EXPECT_EQ(loaded, "Loaded image: a\n");
  EXPECT_EQ(progress.failure(), "no space");
}

}  // namespace
}  // namespace plimsoll::agent
