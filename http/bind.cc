// The part of listening that can fail: sockets, addresses, files.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "base/number.h"
#include "http/adopt.h"

namespace plimsoll::http {

namespace {

constexpr int kBacklog = 1024;  // The kernel caps it at net.core.somaxconn.
constexpr mode_t kSocketMode = 0660;
constexpr std::string_view kHandedOver = "fd:";

Result<Fd> open_socket(int family, const std::string& subject) {
  Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", subject);
  return socket;
}

Result<std::string> name_of_bound(const Fd& socket, const std::string& subject) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(socket.get(), bound.get(), &bound.length) != 0)
    return os_failure("getsockname", subject);
  return to_text(bound);
}

// IPv6 sockets refuse IPv4 clients unless they are for all addresses.
enum class Stack { kSingle, kDual };

Result<BoundSocket> listen_tcp(const SocketAddress& address, Stack stack,
                               const std::string& subject) {
  BoundSocket bound;
  bound.family = address.family();
  bound.socket = PLIMSOLL_TRY(open_socket(bound.family, subject));
  const int fd = bound.socket.get();
  const int on = 1;
  const int only_v6 = stack == Stack::kDual ? 0 : 1;
  // Connections of our previous run may still be in TIME_WAIT on the port.
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return os_failure("setsockopt", subject);
  if (bound.family == AF_INET6 &&
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6) != 0)
    return os_failure("setsockopt", subject);
  if (::bind(fd, address.get(), address.length) != 0) return os_failure("bind", subject);
  if (::listen(fd, kBacklog) != 0) return os_failure("listen", subject);
  bound.address = PLIMSOLL_TRY(name_of_bound(bound.socket, subject));
  return bound;
}

Result<BoundSocket> listen_all(std::uint16_t port, const std::string& subject) {
  const SocketAddress v6 = PLIMSOLL_TRY(numeric_address("::", port));
  Result<BoundSocket> bound = listen_tcp(v6, Stack::kDual, subject);
  // A kernel without IPv6, or one where it is switched off.
  if (bound || (bound.error().os_error != EAFNOSUPPORT && bound.error().os_error != EADDRNOTAVAIL))
    return bound;
  const SocketAddress v4 = PLIMSOLL_TRY(numeric_address("0.0.0.0", port));
  return listen_tcp(v4, Stack::kSingle, subject);
}

// Of two servers starting at the same instant on one path the second must see the first: it could
// take a socket that is bound and does not listen yet for a stale one. Held until the socket
// listens; on the directory, because a lock file would stay behind.
Result<Fd> lock_directory(const std::string& path, const std::string& subject) {
  constexpr std::chrono::seconds kPatience{2};
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    // A directory that may be written and not read: no lock, as without this precaution.
    if (errno == EACCES) return Fd();
    return os_failure("open", subject);
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return os_failure("flock", subject);
    if (std::chrono::steady_clock::now() > deadline)
      return os_failure("flock", subject + ": " + directory + " is locked by somebody", EAGAIN);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return fd;
}

// Makes the path free, unless somebody uses it.
Result<> remove_stale(const std::string& path, const SocketAddress& address,
                      const std::string& subject) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return os_failure("lstat", subject);
  }
  if (!S_ISSOCK(found.st_mode)) return os_failure("bind", subject + ": not a socket", EEXIST);
  const Fd probe = PLIMSOLL_TRY(open_socket(AF_UNIX, subject));
  const bool refused =
      ::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
  // Anything but a refusal (also a full backlog, EAGAIN) means that somebody is there.
  if (!refused) return os_failure("bind", subject, EADDRINUSE);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure("unlink", subject);
  return {};
}

Result<BoundSocket> listen_unix(const std::string& path, const std::string& subject) {
  const SocketAddress address = PLIMSOLL_TRY(unix_address(path));
  const Fd lock = PLIMSOLL_TRY(lock_directory(path, subject));
  PLIMSOLL_TRY(remove_stale(path, address, subject));
  BoundSocket bound;
  bound.family = AF_UNIX;
  bound.address = subject;
  bound.socket = PLIMSOLL_TRY(open_socket(AF_UNIX, subject));
  const int fd = bound.socket.get();
  // On Linux the mode of an unbound socket limits the mode of the file that bind() makes, so it is
  // never wider than wanted, and the process's umask needs no change (other threads share it).
  if (::fchmod(fd, kSocketMode) != 0) return os_failure("fchmod", subject);
  if (::bind(fd, address.get(), address.length) != 0) return os_failure("bind", subject);
  bound.file = SocketFile(path);
  if (::chmod(path.c_str(), kSocketMode) != 0) return os_failure("chmod", subject);
  if (::listen(fd, kBacklog) != 0) return os_failure("listen", subject);
  return bound;
}

Result<BoundSocket> bind_to(const Address& address, const std::string& text) {
  if (address.kind == Address::Kind::kUnix) return listen_unix(address.path, text);
  if (address.host.empty()) return listen_all(address.port, text);
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  return listen_tcp(PLIMSOLL_TRY(numeric_address(host, address.port)), Stack::kSingle, text);
}

Door::Kind kind_of_door(const Address& address) {
  if (address.kind == Address::Kind::kUnix) return Door::Kind::kUnix;
  return is_loopback(address.host) ? Door::Kind::kLoopback : Door::Kind::kOther;
}

}  // namespace

Result<BoundSocket> bind_and_listen(const std::string& text) {
  if (text.starts_with(kHandedOver)) {
    const auto number = to_number<unsigned>(std::string_view(text).substr(kHandedOver.size()));
    if (!number) return invalid_input("parse", "address '" + text + "': expected fd:NUMBER");
    return adopt_listening(Fd(static_cast<int>(*number)));
  }
  const Address address = PLIMSOLL_TRY(parse_address(text));
  BoundSocket bound = PLIMSOLL_TRY(bind_to(address, text));
  bound.door = std::make_shared<const Door>(Door{kind_of_door(address), address.host});
  return bound;
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat made{};
  if (::lstat(path_.c_str(), &made) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  } else {
    path_.clear();  // Somebody was faster: nothing of ours is there.
  }
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  // The old file goes with `other`.
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

SocketFile::~SocketFile() {
  if (path_.empty()) return;
  struct stat now{};
  if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_)
    ::unlink(path_.c_str());
}

}  // namespace plimsoll::http
