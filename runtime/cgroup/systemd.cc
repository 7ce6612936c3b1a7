#include "runtime/cgroup/systemd.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace plimsoll::runtime {
namespace {

constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr std::string_view kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr std::string_view kUnitExists = "org.freedesktop.systemd1.UnitExists";

// The digits of our uid, each as two hexadecimal digits: "0" is "30".
std::string identity() {
  std::string hex;
  for (const char digit : std::to_string(::geteuid())) {
    hex += '3';
    hex += digit;
  }
  return hex;
}

Failure no_answer(int os_error) {
  if (os_error == EAGAIN || os_error == EWOULDBLOCK)
    return failure(ErrorKind::kBusy, "systemd", "does not answer");
  return Failure(Error{ErrorKind::kIo, os_error, "systemd", "the connection broke", Where::here()});
}

Failure said(const BusMessage& error) {
  ErrorKind kind = ErrorKind::kRejected;
  if (error.error_name == kNoSuchUnit) kind = ErrorKind::kGone;
  if (error.error_name == kUnitExists) kind = ErrorKind::kBusy;
  if (error.error_name.ends_with(".AccessDenied") ||
      error.error_name.ends_with(".InteractiveAuthorizationRequired"))
    kind = ErrorKind::kDenied;
  const auto words = BusReader(error.body).string();
  const bool told = error.signature.starts_with('s') && words && !words->empty();
  return failure(kind, "systemd", told ? std::string(*words) : error.error_name);
}

}  // namespace

Result<SystemdManager> SystemdManager::connect(const Options& options) {
  if (::geteuid() == 0)
    if (auto own = open(options.own_socket, "", options.timeout)) return own;
  SystemdManager manager = PLIMSOLL_TRY(open(options.bus_socket, kService, options.timeout));
  PLIMSOLL_TRY(manager.subscribe());
  return manager;
}

Result<SystemdManager> SystemdManager::open(const std::string& path, std::string destination,
                                            std::chrono::seconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return invalid_input("systemd", path + " is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", path);
  const timeval limit{static_cast<time_t>(timeout.count()), 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int os_error = errno;
    return Failure(
        Error{kind_of(os_error) == ErrorKind::kDenied ? ErrorKind::kDenied : ErrorKind::kIo,
              os_error, "connect", path, Where::here()});
  }
  SystemdManager manager(std::move(socket), std::move(destination));
  // Nothing waits for the other side's word: who is refused reads that instead of a reply.
  std::string hello(1, '\0');
  hello += "AUTH EXTERNAL " + identity() + "\r\nBEGIN\r\n";
  PLIMSOLL_TRY(manager.send(hello));
  std::size_t end = 0;
  while ((end = manager.received_.find("\r\n")) == std::string::npos) {
    if (manager.received_.size() > 4096) return malformed("D-Bus: no end of the first line");
    PLIMSOLL_TRY(manager.receive());
  }
  if (!manager.received_.starts_with("OK "))
    return failure(ErrorKind::kDenied, "systemd", manager.received_.substr(0, end));
  manager.received_.erase(0, end + 2);
  return manager;
}

Result<> SystemdManager::subscribe() {
  BusCall hello{.destination = "org.freedesktop.DBus",
                .path = "/org/freedesktop/DBus",
                .interface = "org.freedesktop.DBus",
                .member = "Hello"};
  PLIMSOLL_TRY(call_at(hello));
  hello.member = "AddMatch";
  hello.signature = "s";
  hello.body.string("type='signal',path='/org/freedesktop/systemd1',member='JobRemoved'");
  PLIMSOLL_TRY(call_at(std::move(hello)));
  PLIMSOLL_TRY(call("Subscribe", "", {}));
  return {};
}

Result<> SystemdManager::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return no_answer(errno);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<> SystemdManager::receive() {
  char bytes[4096];
  ssize_t count = 0;
  do count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return no_answer(count == 0 ? 0 : errno);
  received_.append(bytes, static_cast<std::size_t>(count));
  return {};
}

Result<BusMessage> SystemdManager::next() {
  for (;;) {
    auto message = PLIMSOLL_TRY(take_message(received_));
    if (message) return *std::move(message);
    PLIMSOLL_TRY(receive());
  }
}

Result<BusMessage> SystemdManager::call(std::string_view member, std::string signature,
                                        BusBody body) {
  return call_at({.destination = destination_,
                  .path = kPath,
                  .interface = kManager,
                  .member = std::string(member),
                  .signature = std::move(signature),
                  .body = std::move(body)});
}

Result<BusMessage> SystemdManager::call_at(BusCall call) {
  call.serial = ++serial_;
  PLIMSOLL_TRY(send(encode(call)));
  for (;;) {
    BusMessage message = PLIMSOLL_TRY(next());
    if (message.reply_to != call.serial) continue;
    if (message.type == BusMessage::Type::kError) return said(message);
    if (message.type == BusMessage::Type::kReply) return message;
  }
}

Result<> SystemdManager::begin_scope(const ScopeName& scope, pid_t pid,
                                     const std::vector<BusProperty>& properties) {
  std::vector<BusProperty> all = {
      {"Description", "container " + scope.unit},
      {"Slice", scope.slice},
      {"Delegate", true},
      {"DefaultDependencies", false},
      {"CPUAccounting", true},
      {"MemoryAccounting", true},
      {"IOAccounting", true},
      {"TasksAccounting", true},
      // Nothing is left of it either when it ends badly, as by an OOM kill.
      {"CollectMode", std::string("inactive-or-failed")},
      {"PIDs", std::vector<std::uint32_t>{static_cast<std::uint32_t>(pid)}}};
  all.insert(all.end(), properties.begin(), properties.end());
  BusBody body;
  body.string(scope.unit);
  body.string("replace");
  body.properties(all);
  body.end_array(body.begin_array(8), 8);  // No further units.
  const BusMessage reply =
      PLIMSOLL_TRY(call("StartTransientUnit", "ssa(sv)a(sa(sv))", std::move(body)));
  const std::string job(PLIMSOLL_TRY(BusReader(reply.body).string()));
  for (;;) {
    const BusMessage signal = PLIMSOLL_TRY(next());
    if (signal.type != BusMessage::Type::kSignal || signal.member != "JobRemoved") continue;
    if (signal.signature != "uoss") continue;
    BusReader reader(signal.body);
    PLIMSOLL_TRY(reader.u32());
    if (PLIMSOLL_TRY(reader.string()) != job) continue;
    PLIMSOLL_TRY(reader.string());
    const std::string_view result = PLIMSOLL_TRY(reader.string());
    if (result == "done") return {};
    return failure(ErrorKind::kRejected, "systemd",
                   scope.unit + " was not started: " + std::string(result));
  }
}

Result<> SystemdManager::start_scope(const ScopeName& scope, pid_t pid,
                                     const std::vector<BusProperty>& properties) {
  auto begun = begin_scope(scope, pid, properties);
  if (begun || begun.error().kind != ErrorKind::kBusy) return begun;
  // A scope that failed stays until somebody has seen it.
  BusBody body;
  body.string(scope.unit);
  const auto reset = call("ResetFailedUnit", "s", std::move(body));
  if (!reset && reset.error().kind != ErrorKind::kGone) return std::unexpected(reset.error());
  return begin_scope(scope, pid, properties);
}

Result<> SystemdManager::set_properties(const std::string& unit,
                                        const std::vector<BusProperty>& properties) {
  if (properties.empty()) return {};
  BusBody body;
  body.string(unit);
  body.boolean(true);
  body.properties(properties);
  PLIMSOLL_TRY(call("SetUnitProperties", "sba(sv)", std::move(body)));
  return {};
}

Result<> SystemdManager::stop(const std::string& unit) {
  BusBody body;
  body.string(unit);
  body.string("replace");
  const auto stopped = call("StopUnit", "ss", std::move(body));
  if (stopped || stopped.error().kind == ErrorKind::kGone) return {};
  return std::unexpected(stopped.error());
}

}  // namespace plimsoll::runtime
