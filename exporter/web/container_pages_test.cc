#include "exporter/web/container_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The root, a Docker container with a name that wants to be markup, and a group below it.
Snapshot host() {
  Snapshot snapshot;
  const auto add = [&](std::string cgroup, inventory::Runtime runtime, std::string id,
                       std::string name) {
    inventory::Identity identity;
    identity.cgroup = std::move(cgroup);
    identity.runtime = runtime;
    identity.id = std::move(id);
    identity.name = std::move(name);
    identity.display = identity.name.empty() ? identity.cgroup : identity.name;
    identity.labels = {{"note", "<script>alert(1)</script>"}};
    Row row;
    row.identity = std::make_shared<const inventory::Identity>(std::move(identity));
    snapshot.rows.push_back(std::move(row));
  };
  add("/", inventory::Runtime::kRoot, "/", "");
  add("/docker/abc", inventory::Runtime::kDocker, "abc", "<b>web</b>");
  add("/docker/abc/in ner", inventory::Runtime::kCgroup, "/docker/abc/in ner", "");
  snapshot.reserve(snapshot.rows.size());
  snapshot.rates.resize(snapshot.rows.size());
  snapshot.set(cgroupfs::Field::kMemoryUsage, 1, 3 << 20);
  snapshot.set(cgroupfs::Field::kMemoryLimit, 1, Limit<std::uint64_t>::none());
  snapshot.set(cgroupfs::Field::kCpuUsage, 1, 1'500'000'000);
  return snapshot;
}

TEST(ContainerPage, ByPathShowsEveryNumberAndTheGroupsBelow) {
  const auto page = container_page(host(), "/containers/docker/abc", "");
  ASSERT_TRUE(page) << page.error().message();
  EXPECT_THAT(*page, AllOf(HasSubstr("<th>memory.usage</th><td>3.0 MiB</td>"),
                           HasSubstr("<th>memory.limit</th><td>unlimited</td>"),
                           HasSubstr("<th>cpu.usage</th><td>1.500 s</td>"),
                           HasSubstr("href=\"/containers/docker/abc/in%20ner\""),
                           HasSubstr("href=\"/api/v1.3/containers/docker/abc\"")));
  EXPECT_THAT(*page, Not(HasSubstr("memory.swap"))) << "absent is not zero";
}

TEST(ContainerPage, EscapesWhatContainersSay) {
  for (const char* path : {"/containers/", "/docker/", "/docker/abc"}) {
    const auto page = container_page(host(), path, "");
    ASSERT_TRUE(page) << path;
    EXPECT_THAT(*page, AllOf(HasSubstr("&lt;b&gt;web&lt;/b&gt;"), Not(HasSubstr("<b>web")),
                             Not(HasSubstr("<script"))))
        << path;
  }
}

TEST(ContainerPage, KnowsTheFormsOfAPath) {
  for (const char* path : {"/containers", "/containers/", "/containers/docker/abc/", "/docker",
                           "/docker/abc", "/docker/ab", "/docker/<b>web</b>"})
    EXPECT_TRUE(container_page(host(), path, "")) << path;
  EXPECT_THAT(container_page(host(), "/podman/", "").value(), HasSubstr("None runs here"));
  for (const char* path : {"/containers/nowhere", "/docker/nobody", "/podman/abc"}) {
    const auto page = container_page(host(), path, "");
    ASSERT_FALSE(page) << path;
    EXPECT_EQ(page.error().kind, ErrorKind::kNotOffered) << path;
  }
}

TEST(ContainerPage, LinksStayBelowTheBasePath) {
  for (const char* path : {"/containers/docker/abc", "/docker/"}) {
    const auto page = container_page(host(), path, "/stats");
    ASSERT_TRUE(page);
    EXPECT_THAT(*page, AllOf(HasSubstr("href=\"/stats/"), Not(HasSubstr("href=\"/containers")),
                             Not(HasSubstr("href=\"/api"))))
        << path;
  }
}

}  // namespace
}  // namespace plimsoll::exporter
