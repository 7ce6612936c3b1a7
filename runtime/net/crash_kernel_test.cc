// Deaths at any moment: whatever was half done is found and removed, and what runs is not touched.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/net/net_testing.h"
#include "runtime/net/nft.h"

namespace plimsoll::net {
namespace {

constexpr int kDeaths = 12;

// What an engine does all day, until it is killed.
[[noreturn]] void live(const Options& options) {
  auto opened = Networks::open(options);
  if (!opened || !(*opened)->restore({"stays"})) ::_exit(1);
  Networks& networks = **opened;
  for (int i = 0;; ++i) {
    const std::string id = "c" + std::to_string(i);
    const std::string network = "n" + std::to_string(i);
    if (!networks.make_namespace(id)) ::_exit(2);
    if (!networks.connect("bridge", {.container_id = id, .container_name = id})) ::_exit(3);
    if (!networks.publish(id, {{.container_port = 80}, {.container_port = 53, .protocol = "udp"}}))
      ::_exit(4);
    if (!networks.create({.name = network})) ::_exit(5);
    if (!networks.connect(network, {.container_id = id, .container_name = id})) ::_exit(6);
    if (!networks.disconnect(network, id)) ::_exit(7);
    if (!networks.release(id) || !networks.remove(network)) ::_exit(8);
  }
}

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

using CrashTest = NetworksTest;

TEST_F(CrashTest, NothingIsLeftOverAndNothingIsLost) {
  const Endpoint stays = add("stays", "bridge");
  std::unique_ptr<Server> server;
  ASSERT_TRUE(networks_->publish("stays", {{.container_port = 80, .first = 8080, .last = 8080}}));
  std::minstd_rand random(1);
  for (int i = 0; i < kDeaths; ++i) {
    networks_.reset();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) live(options());
    std::this_thread::sleep_for(std::chrono::microseconds(2000 + random() % 40000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    open();
    const auto restored = networks_->restore({"stays"});
    ASSERT_TRUE(restored) << "death " << i << ": " << restored.error().message();
    EXPECT_EQ(entries(options().run_dir + "/netns"), std::vector<std::string>{"stays"});
    EXPECT_EQ(entries(options().run_dir + "/net"), std::vector<std::string>{"stays"});
    for (const Network& network : networks_->list()) {
      if (network.name.front() != 'n' || network.name == "none") continue;
      EXPECT_TRUE(networks_->remove(network.name)) << network.name;
    }
  }
  in("stays", [&] { server = std::make_unique<Server>(SOCK_STREAM, 80, "stays"); });
  EXPECT_EQ(hear("127.0.0.1", 8080), "stays");
  auto nft = Nft::open();
  ASSERT_TRUE(nft) << nft.error().message();
  const auto ports = nft->ask("list map inet " + options().table + " any4");
  ASSERT_TRUE(ports) << ports.error().message();
  EXPECT_NE(ports->find("elements = { tcp . 8080 : " + stays.address + " . 80 }"),
            std::string::npos)
      << *ports;
  server.reset();
  ASSERT_TRUE(networks_->release("stays"));
  EXPECT_TRUE(only_links({"pltest0"})) << ::testing::PrintToString(links());
}

}  // namespace
}  // namespace plimsoll::net
