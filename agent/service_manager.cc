#include "agent/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "base/number.h"

namespace plimsoll::agent {

namespace {

using std::chrono::microseconds;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread.
  return value == nullptr ? std::string() : std::string(value);
}

Result<Fd> connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool understood = name.starts_with('/') || name.starts_with('@');
  if (!understood || name.size() < 2 || name.size() >= sizeof address.sun_path)
    return invalid_input("NOTIFY_SOCKET", name + ": neither a path nor an abstract name");
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.starts_with('@')) address.sun_path[0] = '\0';
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", name);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    return os_failure("connect", name);
  return socket;
}

}  // namespace

ServiceEnvironment service_environment() {
  return {variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")};
}

Result<std::optional<microseconds>> watchdog_limit(const ServiceEnvironment& environment,
                                                   std::int64_t pid) {
  if (environment.watchdog_usec.empty()) return std::nullopt;
  if (!environment.watchdog_pid.empty()) {
    const auto whom = to_number<std::int64_t>(environment.watchdog_pid);
    if (!whom) return invalid_input("WATCHDOG_PID", environment.watchdog_pid);
    if (*whom != pid) return std::nullopt;
  }
  const auto limit = to_number<std::int64_t>(environment.watchdog_usec);
  if (!limit || *limit <= 0) return invalid_input("WATCHDOG_USEC", environment.watchdog_usec);
  return microseconds(*limit);
}

Result<ServiceManager> ServiceManager::create(const ServiceEnvironment& environment,
                                              const Clock& clock,
                                              std::chrono::nanoseconds heartbeat) {
  if (environment.notify_socket.empty()) return ServiceManager(clock, Fd(), std::nullopt);
  auto watchdog = PLIMSOLL_TRY(watchdog_limit(environment, ::getpid()));
  const auto needed = std::chrono::ceil<microseconds>(3 * heartbeat);
  const bool impatient = watchdog && *watchdog < needed;
  if (impatient) watchdog = needed;
  ServiceManager manager(clock, PLIMSOLL_TRY(connect_to(environment.notify_socket)), watchdog);
  if (impatient) manager.send("WATCHDOG_USEC=" + std::to_string(needed.count()));
  return manager;
}

void ServiceManager::alive(std::string_view status) {
  if (!socket_) return;
  const MonoTime now = clock_->now();
  if (!ready_) {
    send("READY=1\nSTATUS=" + std::string(status));
    ready_ = true;
    fed_ = now;
    return;
  }
  // Half of the limit is what sd_watchdog_enabled(3) advises; a quarter leaves room for a late one.
  if (!watchdog_ || now - fed_ < *watchdog_ / 4) return;
  send("WATCHDOG=1");
  fed_ = now;
}

void ServiceManager::reloading() {
  send("RELOADING=1");
}

void ServiceManager::reloaded() {
  send("READY=1");
}

void ServiceManager::stopping() {
  send("STOPPING=1");
}

void ServiceManager::send(const std::string& text) const {
  if (!socket_) return;
  // Not waiting: a manager that does not read must not hold up what it watches.
  if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return;
  const int os_error = errno;
  log::warn("the service manager cannot be told " + text.substr(0, text.find('=')) + ": " +
            os_failure("send", "NOTIFY_SOCKET", os_error).error().message());
}

}  // namespace plimsoll::agent
