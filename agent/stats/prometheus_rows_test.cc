// Answers as Prometheus 2.42 and VictoriaMetrics 1.79 gave them, shortened, and broken ones.
#include "agent/stats/prometheus_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/stats/order.h"

namespace plimsoll::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string series(const std::string& labels, const std::string& value) {
  return R"({"metric":{)" + labels + R"(},"value":[1763681581.25,")" + value + R"("]})";
}

std::string answer(std::initializer_list<std::string> all) {
  std::string text = R"({"status":"success","data":{"resultType":"vector","result":[)";
  for (const std::string& one : all) text += (text.ends_with('[') ? "" : ",") + one;
  return text + "]}}";
}

std::string label(const std::string& name, const std::string& value) {
  return "\"" + name + "\":\"" + value + "\"";
}

const std::string kDocker = "/docker/" + std::string(kId);

std::string of(const std::string& family, const std::string& id = kDocker,
               const std::string& instance = "a:7546") {
  return label("__name__", family) + "," + label("id", id) + "," + label("instance", instance);
}

std::string rate(const std::string& stat, const std::string& value) {
  return series(
      label("plimsoll_stat", stat) + "," + label("id", kDocker) + "," + label("instance", "a:7546"),
      value);
}

std::string described() {
  return series(of("plimsoll_container_info") + "," + label("name", "web") + "," +
                    label("image", "nginx:1.25") + "," + label("runtime", "docker") + "," +
                    label("runtime_id", kId) + "," + label("compose_project", "shop") + "," +
                    label("container_label_tier", "front"),
                "1");
}

StatsFrame frame_of(std::initializer_list<std::string> bodies) {
  PrometheusRows rows;
  for (const std::string& body : bodies) {
    const auto added = rows.add(body);
    EXPECT_TRUE(added) << added.error().message();
  }
  return std::move(rows).finish();
}

TEST(PrometheusRows, AContainerOfOurExporter) {
  const StatsFrame frame = frame_of(
      {answer({described(), series(of("container_start_time_seconds"), "1763681000"),
               series(label("__name__", "machine_memory_bytes") + "," + label("instance", "a:7546"),
                      "8232402944")}),
       answer({series(of("container_cpu_usage_seconds_total"), "1.5"),
               series(of("container_memory_working_set_bytes"), "1.0485760e+07"),
               series(of("container_spec_memory_limit_bytes"), "0"),
               series(of("plimsoll_container_cpu_limit_cores"), "0.5"),
               series(of("plimsoll_container_pids"), "3"),
               series(of("plimsoll_container_oom_kills_total"), "2")}),
       answer({rate("cpu", "0.25"), rate("throttled", "NaN"), rate("psi_io", "0.5")})});
  ASSERT_EQ(frame.rows.size(), 1U);
  const StatsRow& row = frame.rows.front();
  EXPECT_EQ(frame.time, WallTime(std::chrono::milliseconds(1'763'681'581'250)));
  EXPECT_EQ(row.host, "a:7546");
  EXPECT_EQ(row.id, kId);
  EXPECT_EQ(row.container, "0123456789ab");
  EXPECT_EQ(row.name, "web");
  EXPECT_EQ(row.runtime, "docker");
  EXPECT_EQ(row.image, "nginx:1.25");
  EXPECT_EQ(row.cgroup, kDocker);
  EXPECT_EQ(row.compose_project, "shop");
  EXPECT_THAT(row.labels, ElementsAre(std::pair<std::string, std::string>("tier", "front")));
  EXPECT_TRUE(row.is_container);
  EXPECT_EQ(row.started, WallTime(std::chrono::seconds(1'763'681'000)));
  EXPECT_EQ(row.cpu_ns, 1'500'000'000U);
  EXPECT_EQ(row.memory, 10'485'760U);
  EXPECT_EQ(row.memory_limit, Limit<std::uint64_t>::none());
  EXPECT_EQ(row.pids_limit, Limit<std::uint64_t>::none());
  EXPECT_EQ(row.cpu_limit, Limit<double>(0.5));
  EXPECT_EQ(row.machine_memory, 8'232'402'944U);
  EXPECT_EQ(row.pids, 3U);
  EXPECT_EQ(row.oom_kills, 2U);
  EXPECT_EQ(row.cpu_cores, 0.25);
  EXPECT_EQ(row.throttled, std::nullopt);  // 0 periods of 0.
  EXPECT_EQ(row.psi_io, 0.5);
  EXPECT_EQ(row.net_rx, std::nullopt);
}

TEST(PrometheusRows, AContainerOfCadvisor) {
  const std::string id = "/system.slice/docker-" + std::string(kId) + ".scope";
  const StatsFrame frame =
      frame_of({answer({series(of("container_start_time_seconds", id) + "," + label("name", "old") +
                                   "," + label("image", "nginx"),
                               "1763681000")}),
                answer({series(of("container_spec_cpu_quota", id), "150000"),
                        series(of("container_spec_cpu_period", id), "100000"),
                        series(of("container_threads", id), "4"),
                        series(of("container_threads_max", id), "0")})});
  ASSERT_EQ(frame.rows.size(), 1U);
  const StatsRow& row = frame.rows.front();
  EXPECT_TRUE(row.is_container);
  EXPECT_EQ(row.id, kId);
  EXPECT_EQ(row.runtime, "");
  EXPECT_EQ(row.cpu_limit, Limit<double>(1.5));
  EXPECT_EQ(row.pids, 4U);
  EXPECT_EQ(row.pids_limit, Limit<std::uint64_t>::none());
  EXPECT_EQ(row.memory_limit, std::nullopt);  // Nobody said.
  EXPECT_EQ(row.memory, std::nullopt);
}

TEST(PrometheusRows, PodsOfAKubelet) {
  const auto pod = [](const std::string& cgroup, const std::string& container) {
    return series(of("container_start_time_seconds", cgroup) + "," + label("name", "x") + "," +
                      label("image", "i") + "," + label("pod", "web-0") + "," +
                      label("namespace", "shop") + "," + label("container", container),
                  "1763681000");
  };
  const StatsFrame frame = frame_of({answer({pod("/k/1", "nginx"), pod("/k/2", "POD")})});
  ASSERT_EQ(frame.rows.size(), 2U);
  EXPECT_EQ(frame.rows[0].name, "shop/web-0/nginx");
  EXPECT_FALSE(frame.rows[0].sandbox);
  EXPECT_TRUE(frame.rows[1].sandbox);
}

TEST(PrometheusRows, UnitsAreNoContainers) {
  const StatsFrame frame = frame_of(
      {answer({described(), series(of("container_start_time_seconds", "/system.slice/a.service") +
                                       "," + label("name", "a.service"),
                                   "1763681000")})});
  ASSERT_EQ(frame.rows.size(), 2U);
  EXPECT_TRUE(frame.rows[0].is_container);
  EXPECT_FALSE(frame.rows[1].is_container);
  EXPECT_EQ(frame.rows[1].id, "/system.slice/a.service");
}

TEST(PrometheusRows, WhatEndedBetweenTwoQueriesIsLeftOut) {
  EXPECT_THAT(frame_of({answer({}), answer({series(of("container_threads"), "1")}),
                        answer({rate("cpu", "1")})})
                  .rows,
              IsEmpty());
}

TEST(PrometheusRows, NumbersBeyondEveryRangeAreAbsent) {
  for (const char* value : {"+Inf", "-Inf", "NaN", "-1", "1e300", "", "x", "1x"}) {
    const StatsFrame frame =
        frame_of({answer({described(), series(of("container_memory_working_set_bytes"), value),
                          series(of("container_cpu_usage_seconds_total"), value),
                          series(of("container_start_time_seconds"), value)})});
    ASSERT_EQ(frame.rows.size(), 1U);
    EXPECT_EQ(frame.rows[0].memory, std::nullopt) << value;
    EXPECT_EQ(frame.rows[0].cpu_ns, std::nullopt) << value;
    EXPECT_EQ(frame.rows[0].started, std::nullopt) << value;
  }
}

TEST(PrometheusRows, SeriesThatMakeNoSenseAreSkipped) {
  const char* const kOdd[] = {
      R"({})",
      R"({"metric":{"id":"/a"},"value":[1,"1"]})",
      R"({"metric":{"__name__":"plimsoll_container_info","instance":"a"},"value":[1,"1"]})",
      R"({"metric":{"__name__":"plimsoll_container_info","id":7,"instance":"a"},"value":[1,"1"]})",
      R"({"metric":[],"value":[1,"1"]})",
      R"({"metric":{"__name__":"plimsoll_container_info","id":"/a","instance":"a"},"value":[1]})",
      R"({"metric":{"__name__":"plimsoll_container_info","id":"/a","instance":"a"},"value":["1","1"]})",
      R"({"metric":{"__name__":"plimsoll_container_info","id":"/a","instance":"a"},"value":[1e300,"1"]})",
      R"({"metric":{"__name__":"plimsoll_container_info","id":"/a","instance":"a"},"value":[-1,"1"]})",
      R"("series")"};
  for (const char* odd : kOdd) {
    const StatsFrame frame = frame_of({answer({odd, described()})});
    EXPECT_EQ(frame.rows.size(), 1U) << odd;
  }
}

TEST(PrometheusRows, BrokenAnswersAreNamed) {
  struct Case {
    const char* body;
    ErrorKind kind;
    const char* said;
  };
  for (const Case& one : {
           Case{"", ErrorKind::kMalformed, "not JSON"},
           Case{"<html>", ErrorKind::kMalformed, "<html>"},
           Case{R"({"status":"success","data":{"resultType":"vector","result":[)",
                ErrorKind::kMalformed, "not JSON"},
           Case{R"({"status":"success"})", ErrorKind::kMalformed, "no instant vector"},
           Case{R"({"status":"success","data":{"resultType":"matrix","result":[]}})",
                ErrorKind::kMalformed, "matrix"},
           Case{R"({"status":"success","data":{"resultType":"vector","result":{}}})",
                ErrorKind::kMalformed, "no instant vector"},
           Case{R"([])", ErrorKind::kMalformed, "no instant vector"},
           Case{R"({"status":"error","errorType":"execution","error":"out of samples"})",
                ErrorKind::kRejected, "out of samples"},
       }) {
    PrometheusRows rows;
    const auto added = rows.add(one.body);
    ASSERT_FALSE(added) << one.body;
    EXPECT_EQ(added.error().kind, one.kind) << one.body;
    EXPECT_THAT(added.error().subject, HasSubstr(one.said));
  }
}

TEST(PrometheusRows, ComplaintsDoNotDriveTheTerminal) {
  EXPECT_EQ(complaint_in(R"({"status":"error","error":"1:2: parse error"})"), "1:2: parse error");
  EXPECT_EQ(complaint_in(R"({"error":"a\u001b[2Jb"})"), "a?[2Jb");
  EXPECT_EQ(complaint_in("404 page\nnot found"), "404 page");
  EXPECT_EQ(complaint_in("\033[2J"), "?[2J");
}

TEST(PrometheusRows, TheTotalIsOverAllHosts) {
  const auto on = [](const std::string& host, const std::string& id) {
    return series(of("container_start_time_seconds", id, host) + "," + label("name", "n"),
                  "1763681000");
  };
  const auto memory = [](const std::string& host) {
    return series(label("__name__", "machine_memory_bytes") + "," + label("instance", host), "100");
  };
  const auto used = [](const std::string& host, const std::string& id) {
    return series(of("container_memory_working_set_bytes", id, host), "10");
  };
  // Each within the other's path, were it not for the hosts.
  const StatsFrame frame =
      frame_of({answer({on("a", "/x"), on("b", "/x/y"), on("b", "/z"), memory("a"), memory("b"),
                        used("a", "/x"), used("b", "/x/y"), used("b", "/z")})});
  EXPECT_EQ(total_of(frame.rows).memory, 30U);
  EXPECT_EQ(total_of(frame.rows).machine_memory, 200U);
}

}  // namespace
}  // namespace plimsoll::agent
