#include "agent/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "base/fake_clock.h"

namespace plimsoll::agent {
namespace {

using namespace std::chrono_literals;

// The other end of NOTIFY_SOCKET, on an abstract address.
class Manager {
 public:
  Manager() : name_("@plimsoll-test-notify-" + std::to_string(::getpid())) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  // What came since the last call, a text for each message.
  [[nodiscard]] std::vector<std::string> heard() const {
    std::vector<std::string> texts;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (n < 0) return texts;
      texts.emplace_back(buffer.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  std::string name_;
  Fd socket_;
};

using Texts = std::vector<std::string>;

TEST(ServiceManager, WithoutAManagerNothingHappens) {
  const FakeClock clock;
  auto none = ServiceManager::create({}, clock, 1s);
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_FALSE(none->listens());
  none->alive("works");
  none->stopping();
}

TEST(ServiceManager, TheFirstSignOfLifeIsReadiness) {
  const Manager manager;
  FakeClock clock;
  auto service = ServiceManager::create({manager.name(), "", ""}, clock, 1s);
  ASSERT_TRUE(service) << service.error().message();
  EXPECT_TRUE(service->listens());
  EXPECT_EQ(manager.heard(), Texts{});
  service->alive("5 cgroups");
  EXPECT_EQ(manager.heard(), Texts{"READY=1\nSTATUS=5 cgroups"});
  clock.advance(1h);
  service->alive("5 cgroups");
  EXPECT_EQ(manager.heard(), Texts{}) << "no watchdog wants to be fed";
  service->reloading();
  service->reloaded();
  service->stopping();
  EXPECT_EQ(manager.heard(), (Texts{"RELOADING=1", "READY=1", "STOPPING=1"}));
}

TEST(ServiceManager, FeedsTheWatchdogOnlyWhileAliveIsCalledAndNotAtEachCall) {
  const Manager manager;
  FakeClock clock;
  auto service = ServiceManager::create({manager.name(), "20000000", ""}, clock, 1s);
  ASSERT_TRUE(service) << service.error().message();
  service->alive("");
  EXPECT_EQ(manager.heard().size(), 1U);
  for (int second = 1; second <= 10; ++second) {
    clock.advance(1s);
    service->alive("");
  }
  EXPECT_EQ(manager.heard(), (Texts{"WATCHDOG=1", "WATCHDOG=1"}));
  clock.advance(1h);  // The sampler hangs.
  EXPECT_EQ(manager.heard(), Texts{});
}

TEST(ServiceManager, AWatchdogThatIsTooQuickForTheIntervalIsAskedForPatience) {
  const Manager manager;
  FakeClock clock;
  auto service = ServiceManager::create({manager.name(), "30000000", ""}, clock, 60s);
  ASSERT_TRUE(service) << service.error().message();
  EXPECT_EQ(manager.heard(), Texts{"WATCHDOG_USEC=180000000"});
  service->alive("");
  clock.advance(60s);
  service->alive("");
  EXPECT_EQ(manager.heard(), (Texts{"READY=1\nSTATUS=", "WATCHDOG=1"}));
}

TEST(ServiceManager, TheWatchdogOfAnotherProcessIsNotOurs) {
  EXPECT_EQ(*watchdog_limit({"", "5", "17"}, 17), std::chrono::microseconds(5));
  EXPECT_EQ(*watchdog_limit({"", "5", ""}, 17), std::chrono::microseconds(5));
  EXPECT_EQ(*watchdog_limit({"", "5", "18"}, 17), std::nullopt);
  EXPECT_EQ(*watchdog_limit({"", "", "17"}, 17), std::nullopt);
}

TEST(ServiceManager, AnEnvironmentThatMakesNoSenseIsAnError) {
  for (const ServiceEnvironment& environment :
       {ServiceEnvironment{"", "soon", ""}, {"", "0", ""}, {"", "-5", ""}, {"", "5", "me"}}) {
    const auto limit = watchdog_limit(environment, 17);
    ASSERT_FALSE(limit);
    EXPECT_EQ(limit.error().kind, ErrorKind::kInvalidInput);
  }
  const FakeClock clock;
  for (const std::string& name : {std::string("relative"), std::string("/"), std::string(200, '/')})
    EXPECT_FALSE(ServiceManager::create({name, "", ""}, clock, 1s)) << name;
}

TEST(ServiceManager, ASocketThatNobodyHasIsAnError) {
  const FakeClock clock;
  const auto service = ServiceManager::create({"/nonexistent/notify", "", ""}, clock, 1s);
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().os_error, ENOENT);
}

}  // namespace
}  // namespace plimsoll::agent
