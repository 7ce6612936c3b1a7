#include "runtime/shim/sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace plimsoll::shim {
namespace {

// sun_path has 108 bytes, and a state directory may be deeper.
sockaddr_un address_of(const DirFd& dir, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir.get(), name);
  return address;
}

}  // namespace

Result<Fd> listen_in(const DirFd& dir, const char* name, int type) {
  if (::unlinkat(dir.get(), name, 0) != 0 && errno != ENOENT) return os_failure("unlinkat", name);
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return os_failure("socket", name);
  const sockaddr_un address = address_of(dir, name);
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int os_error = errno;
  ::umask(before);
  if (bound != 0) return os_failure("bind", name, os_error);
  if (::listen(socket.get(), 16) != 0) return os_failure("listen", name);
  return socket;
}

Result<Fd> connect_in(const DirFd& dir, const char* name, int type) {
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", name);
  const sockaddr_un address = address_of(dir, name);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_failure("connect", name);
  return socket;
}

Result<Fd> receive_descriptor(const Fd& socket) {
  char bytes[256];
  iovec data{bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) < 0)
    return os_failure("recvmsg", "the terminal");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return failure(ErrorKind::kMalformed, "recvmsg", "no terminal came over the console socket");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

}  // namespace plimsoll::shim
