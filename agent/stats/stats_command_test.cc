// The command as typed, on a made-up host, against a real server on loopback, and on a terminal.
#include "agent/stats/stats_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "agent/cli.h"
#include "agent/exit_code.h"
#include "agent/stats/source.h"
#include "base/fd.h"
#include "base/temp_tree.h"
#include "base/text.h"
#include "http/server.h"

namespace plimsoll::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "stats");
  const std::vector<Command> commands = {stats_command()};
  Outcome outcome;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  outcome.code = run_cli(commands, std::move(arguments));
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

// A cgroup v2 host of plain files with one Docker container and one unit.
class StatsOnFakeHost : public ::testing::Test {
 protected:
  StatsOnFakeHost() {
    host_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    host_.write("proc/meminfo", "MemTotal: 8000000 kB\n");
    host_.write("proc/stat", "btime 1600000000\n");
    host_.write("sys/devices/system/cpu/online", "0-1\n");
    host_.write("cgroup/cgroup.controllers", "cpu memory pids\n");
    host_.write("cgroup/cgroup.procs", "");
    add_group("docker/" + kId);
    add_group("system.slice/nginx.service");
    host_.write(
        "docker/containers/" + kId + "/config.v2.json",
        R"({"ID":")" + kId +
            R"(","Name":"/web","Created":"2023-11-14T22:13:20Z",)"
            R"("Config":{"Image":"nginx:1.25","Labels":{}},"State":{"Running":true,"Pid":0}})");
  }

  void add_group(const std::string& name) const {
    const std::string group = "cgroup/" + name + "/";
    host_.write(group + "cgroup.procs", "");
    host_.write(group + "cgroup.events", "populated 1\nfrozen 0\n");
    host_.write(group + "cpu.stat", "usage_usec 1000000\nuser_usec 1\nsystem_usec 1\n");
    host_.write(group + "memory.current", "10485760\n");
    host_.write(group + "memory.stat", "anon 4096\nfile 8192\ninactive_file 0\n");
    host_.write(group + "memory.max", "20971520\n");
    host_.write(group + "pids.current", "3\n");
  }

  [[nodiscard]] std::vector<std::string> with_roots(std::vector<std::string> arguments) const {
    for (const char* root : {"cgroup", "proc", "sys"}) {
      arguments.push_back("--" + std::string(root) + "-root");
      arguments.push_back(host_.path() + "/" + root);
    }
    arguments.insert(arguments.end(), {"--host-root", host_.path(), "--docker-root", "/docker"});
    return arguments;
  }

  TempTree host_;
};

TEST_F(StatsOnFakeHost, SamplesByItself) {
  const Outcome outcome = run(with_roots({"--no-stream"}));
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_EQ(
      outcome.out,
      "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O   BLOCK I/O   "
      "PIDS\n"
      "0123456789ab   web       0.00%     10MiB / 20MiB       50.00%    --        --          "
      "3\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(StatsOnFakeHost, ReferencesReachUnits) {
  const Outcome outcome =
      run(with_roots({"--no-stream", "nginx.service", "01234", "--format", "{{.Name}}"}));
  EXPECT_EQ(outcome.out, "nginx.service\nweb\n") << outcome.err;
}

TEST_F(StatsOnFakeHost, UnknownReferenceIsExitCode3) {
  const Outcome outcome = run(with_roots({"web", "nothing"}));
  EXPECT_EQ(outcome.code, kExitNotFound);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("'nothing'"));
}

TEST_F(StatsOnFakeHost, UsageErrorsComeBeforeSampling) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--format", "{{.Nme}}"}, {"--sort", "x"}, {"--filter", "x"}, {"--interval", "x"}}) {
    const Outcome outcome = run(with_roots(arguments));
    EXPECT_EQ(outcome.code, kExitUsage) << arguments[0];
    EXPECT_THAT(outcome.err, StartsWith("plimsoll stats: " + arguments[0] + ": "));
  }
}

TEST_F(StatsOnFakeHost, StreamsTablesWithoutEscapesIntoAPipe) {
  const Outcome outcome = run(with_roots({"--count", "2", "--interval", "100ms"}));
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(outcome.out.find("CONTAINER ID"), 0U);
  EXPECT_NE(outcome.out.find("\nCONTAINER ID"), std::string::npos);  // Docker repeats the header.
  EXPECT_THAT(outcome.out, Not(HasSubstr("\033")));
}

TEST_F(StatsOnFakeHost, CsvHasItsNamesOnceAndNoUnits) {
  const Outcome outcome = run(with_roots({"--count", "2", "--interval", "100ms", "--format", "csv",
                                          "--columns", "name,mem,pids,net"}));
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  std::vector<std::string> lines;
  std::string_view rest = outcome.out;
  for (std::string_view line; next_line(rest, line);) lines.emplace_back(line);
  ASSERT_EQ(lines.size(), 3U) << outcome.out;
  EXPECT_EQ(lines[0],
            "timestamp,name,memory_bytes,memory_limit_bytes,pids,network_receive_bytes,"
            "network_transmit_bytes");
  const std::string row = ",web,10485760,20971520,3,,";
  EXPECT_THAT(lines[1], EndsWith(row));
  EXPECT_THAT(lines[2], EndsWith(row));
  EXPECT_LT(lines[1].substr(0, lines[1].find(',')), lines[2].substr(0, lines[2].find(',')));
}

TEST_F(StatsOnFakeHost, CsvOfNobodyIsItsNames) {
  const Outcome outcome = run(
      with_roots({"--no-stream", "--format", "csv", "--columns", "name", "--filter", "name=zz"}));
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(outcome.out, "timestamp,name\n");
  EXPECT_THAT(outcome.err, HasSubstr("no container matches"));
}

TEST_F(StatsOnFakeHost, AllOfThemAreAlsoThoseThatDoNotRun) {
  const std::string stopped(64, 'e');
  host_.write("docker/containers/" + stopped + "/config.v2.json",
              R"({"ID":")" + stopped +
                  R"(","Name":"/ended","Created":"2023-11-14T22:13:10Z",)"
                  R"("Config":{"Image":"nginx:1.25","Labels":{}},"State":{"Running":false}})");
  const Outcome all = run(with_roots({"--no-stream", "-a"}));
  EXPECT_EQ(all.code, kExitOk) << all.err;
  EXPECT_THAT(all.out, HasSubstr("\n0123456789ab   web       0.00%     10MiB / 20MiB"));
  EXPECT_THAT(all.out, HasSubstr("\neeeeeeeeeeee   ended     --        -- / --"));
  EXPECT_THAT(run(with_roots({"--no-stream"})).out, Not(HasSubstr("ended")));
  EXPECT_EQ(run(with_roots({"--no-stream", "-a", "--format", "{{.Name}} {{.CPUPerc}}", "--filter",
                            "name=ended"}))
                .out,
            "ended --\n");
}

TEST_F(StatsOnFakeHost, SaysWhenNoContainerRuns) {
  const std::string group = host_.path() + "/cgroup/docker/" + kId;
  std::filesystem::remove_all(group);
  const Outcome outcome = run(with_roots({"--no-stream", "--format", "{{.Name}}"}));
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("no container runs here; --all-cgroups"));
}

TEST_F(StatsOnFakeHost, SaysWhenNothingMatches) {
  const Outcome outcome = run(with_roots({"--no-stream", "--filter", "name=zzz"}));
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_THAT(outcome.err, HasSubstr("no container matches"));
}

TEST(Stats, WithoutCgroupsPointsToTheDoctor) {
  const TempTree host{{"proc/self/mountinfo", ""}, {"cgroup/", ""}, {"sys/", ""}};
  const Outcome outcome =
      run({"--no-stream", "--cgroup-root", host.path() + "/cgroup", "--proc-root",
           host.path() + "/proc", "--sys-root", host.path() + "/sys"});
  EXPECT_EQ(outcome.code, kExitFailure);
  EXPECT_THAT(outcome.err, HasSubstr("plimsoll doctor"));
}

TEST_F(StatsOnFakeHost, RedrawsOnATerminalWithinItsWidth) {
  int master = -1;
  int slave = -1;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 39;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
  const Fd reader(master);
  const Fd own_stdout(::dup(STDOUT_FILENO));
  ::setenv("TERM", "xterm", 1);
  ::dup2(slave, STDOUT_FILENO);
  ::close(slave);
  const std::vector<Command> commands = {stats_command()};
  std::vector<std::string> arguments = with_roots({"--count", "2", "--interval", "100ms"});
  arguments.insert(arguments.begin(), "stats");
  const int code = run_cli(commands, arguments);
  ::dup2(own_stdout.get(), STDOUT_FILENO);
  std::string text(64 * 1024, '\0');
  const ssize_t n = ::read(reader.get(), text.data(), text.size());
  ASSERT_GT(n, 0);
  text.resize(static_cast<std::size_t>(n));
  EXPECT_EQ(code, kExitOk);
  // The terminal's line discipline turns "\n" into "\r\n".
  const std::string frame =
      "\033[HNAME  CPU %  MEM USAGE / LIMIT\033[K\r\nweb   0.00%  10MiB / 20MiB\033[K\r\n\033[J";
  EXPECT_EQ(text, "\033[2J" + frame + frame);
}

using Answers = std::vector<std::pair<int, std::string>>;  // The last one repeats.
using Lines = std::vector<std::string>;

// An exporter as far as the client can tell.
class StandIn {
 public:
  explicit StandIn(Answers answers = {{503, ""}}, Lines lines = {})
      : answers_(std::move(answers)), lines_(std::move(lines)), server_(http::Server::create()) {
    server_->route("/api/v1/containers", {"GET"},
                   [this](const http::Request& request, http::Responder responder) {
                     const std::size_t count = note(request.target);
                     const auto& [status, body] = answers_[std::min(count, answers_.size()) - 1];
                     responder.send(http::Response::json(status, body));
                   });
    server_->route("/api/v1/stream", {"GET"},
                   [this](const http::Request& request, http::Responder responder) {
                     note(request.target);
                     const auto stream = responder.stream({});
                     for (const std::string& line : lines_)
                       stream->write(std::make_shared<const std::string>(line));
                     stream->finish();
                   });
    address = server_->listen("127.0.0.1:0").value();
    thread_ = std::thread([this] { server_->run(); });
  }
  ~StandIn() {
    server_->stop();
    thread_.join();
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  [[nodiscard]] std::vector<std::string> targets() {
    const std::lock_guard lock(mutex_);
    return targets_;
  }

  std::string address;

 private:
  std::size_t note(const std::string& target) {
    const std::lock_guard lock(mutex_);
    targets_.push_back(target);
    return targets_.size();
  }

  const Answers answers_;
  const Lines lines_;
  std::mutex mutex_;
  std::vector<std::string> targets_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

std::string snapshot(int second, const std::string& rates) {
  return R"({"sequence":1,"timestamp":"2026-11-20T23:33:)" + std::to_string(second) +
         R"(Z","containers":[{"id":")" + kId +
         R"(","display":"web","runtime":"docker","container":true,"cpu":{"usage":1.5},"rates":{)" +
         rates + "}}]}\n";
}

TEST(StatsFromAnExporter, WaitsForRates) {
  StandIn exporter(
      {{503, "starting"}, {200, snapshot(10, "")}, {200, snapshot(11, R"("cpu_cores":0.25)")}});
  const Outcome outcome =
      run({"--no-stream", "--host", exporter.address, "--format", "{{.CPUPerc}}"});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out, "25.00%\n");
  EXPECT_THAT(exporter.targets(),
              ElementsAre("/api/v1/containers?all=false", "/api/v1/containers?all=false&max_age=0s",
                          "/api/v1/containers?all=false&max_age=0s"));
}

TEST(StatsFromAnExporter, StreamsWithoutShowingAMomentTwice) {
  StandIn exporter({{200, snapshot(10, R"("cpu_cores":0.25)")}},
                   {snapshot(10, R"("cpu_cores":0.25)"),
                    R"({"skipped":2})"
                    "\n",
                    snapshot(12, R"("cpu_cores":0.5)"), snapshot(13, R"("cpu_cores":0.75)"),
                    snapshot(14, R"("cpu_cores":1)")});
  const Outcome outcome = run({"--count", "3", "--host", exporter.address, "--interval", "2s",
                               "--all-cgroups", "--format", "{{.Time}} {{.CPUPerc}}"});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "2026-11-20T23:33:10Z 25.00%\n2026-11-20T23:33:12Z 50.00%\n"
            "2026-11-20T23:33:13Z 75.00%\n");
  EXPECT_THAT(exporter.targets(), ElementsAre("/api/v1/containers?all=true",
                                              "/api/v1/stream?all=true&interval=2000ms"));
}

TEST(StatsFromAnExporter, ExitCode5WhenItGoesAway) {
  StandIn exporter({{200, snapshot(10, R"("cpu_cores":0.25)")}});
  const Outcome outcome = run({"--host", exporter.address});
  EXPECT_EQ(outcome.code, kExitUnreachable);
  EXPECT_THAT(outcome.out, HasSubstr("web"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(exporter.address), HasSubstr("ended the stream")));
}

TEST(StatsFromAnExporter, ExitCode5WhenNobodyIsThere) {
  std::string address;
  {
    const StandIn gone;
    address = gone.address;
  }
  const Outcome outcome = run({"--no-stream", "--host", address});
  EXPECT_EQ(outcome.code, kExitUnreachable);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(address), HasSubstr("plimsoll exporter")));
}

TEST(StatsFromAnExporter, SaysWhenItIsSomethingElse) {
  StandIn stranger({{404, "nope"}});
  EXPECT_THAT(run({"--no-stream", "--host", stranger.address}).err,
              HasSubstr("status 404: is that a plimsoll exporter?"));
  StandIn page({{200, "<html>"}});
  const Outcome outcome = run({"--no-stream", "--host", page.address});
  EXPECT_EQ(outcome.code, kExitUnreachable);
  EXPECT_THAT(outcome.err, HasSubstr("<html>"));
}

}  // namespace
}  // namespace plimsoll::agent
