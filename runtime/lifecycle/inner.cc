#include "runtime/lifecycle/inner.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/fill_in.h"
#include "runtime/launch/kernel.h"
#include "runtime/lifecycle/proc.h"

namespace plimsoll::runtime {

namespace {

Result<sockaddr_un> address_in(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return os_failure("socket", path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// Shorter than any path of its own may be.
std::string path_in(const state::Directory& directory, const char* name) {
  return fill_in("/proc/self/fd/{}/{}", directory.fd().get(), name);
}

Result<Fd> connect_to(const std::string& path, int type) {
  const sockaddr_un address = PLIMSOLL_TRY(address_in(path));
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", path);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_failure("connect", path);
  return socket;
}

}  // namespace

Result<Opened> open_container(const Host& host, const std::string& id) {
  Opened opened{PLIMSOLL_TRY(host.store.find(id)), {}, {}};
  Result<std::string> text = opened.directory.read_sealed(kRecordFile);
  // Made, and ended before anything was written: what is there can only be removed.
  if (!text && text.error().kind == ErrorKind::kNotOffered) {
    opened.record.id = id;
    opened.status = Status::kStopped;
    return opened;
  }
  if (!text) return std::unexpected(std::move(text).error());
  opened.record = PLIMSOLL_TRY(in("record of " + id, state::decode_record(*text)));
  opened.status = status_of(opened.directory, opened.record);
  return opened;
}

Result<spec::Config> config_of(const state::Directory& directory) {
  const std::string text = PLIMSOLL_TRY(directory.read_sealed(kConfigFile));
  spec::Decoded decoded = PLIMSOLL_TRY(spec::decode(text));
  return std::move(decoded.config);
}

Status status_of(const state::Directory& directory, const state::Record& record) {
  if (record.init.pid == 0) return Status::kStopped;
  const auto process = look_at_process(record.init.pid);
  if (!process || process->start_ticks != record.init.start_ticks || process->has_ended())
    return Status::kStopped;
  // Whoever still listens has not become the program. Who does not may have been ended before it
  // did: its descriptors are closed some time before it is seen to have gone.
  if (::faccessat(directory.fd().get(), kStartSocket, F_OK, 0) == 0) {
    if (connect_in(directory, kStartSocket)) return Status::kCreated;
    const auto now = look_at_process(record.init.pid);
    if (!now || now->start_ticks != record.init.start_ticks || now->is_ending())
      return Status::kStopped;
  }
  const Result<bool> frozen = ContainerCgroup::reopen(groups_of(record)).is_frozen();
  return frozen && *frozen ? Status::kPaused : Status::kRunning;
}

Result<Fd> open_init(const state::Record& record) {
  Fd pidfd(record.init.pid == 0 ? -1 : pidfd_open(record.init.pid));
  const auto process = look_at_process(record.init.pid);
  // Looked at after it was opened: the descriptor and the look mean the same process, or it is
  // gone.
  if (!pidfd || !process || process->start_ticks != record.init.start_ticks || process->has_ended())
    return failure(ErrorKind::kGone, "lifecycle", "container not running");
  return pidfd;
}

state::Cgroups written(const CgroupRecord& record) {
  state::Cgroups cgroups;
  cgroups.manager = record.manager == CgroupManager::kSystemd ? "systemd" : "files";
  cgroups.unit = record.unit;
  cgroups.group = record.group;
  for (const CgroupPlace& place : record.places)
    cgroups.places.push_back({place.hierarchy, place.path});
  return cgroups;
}

CgroupRecord groups_of(const state::Record& record) {
  CgroupRecord groups;
  groups.manager =
      record.cgroups.manager == "systemd" ? CgroupManager::kSystemd : CgroupManager::kFiles;
  groups.unit = record.cgroups.unit;
  groups.group = record.cgroups.group;
  for (const state::CgroupPlace& place : record.cgroups.places)
    groups.places.push_back({place.hierarchy, place.path});
  return groups;
}

Result<> write_record(const state::Directory& directory, const state::Record& record) {
  return directory.write_sealed(kRecordFile, state::encode(record));
}

Result<Fd> listen_in(const state::Directory& directory, const char* name) {
  const sockaddr_un address = PLIMSOLL_TRY(address_in(path_in(directory, name)));
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return os_failure("socket", name);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_failure("bind", name);
  if (::listen(socket.get(), 8) != 0) return os_failure("listen", name);
  return socket;
}

Result<Fd> connect_in(const state::Directory& directory, const char* name) {
  return connect_to(path_in(directory, name), SOCK_SEQPACKET);
}

Result<Fd> connect_console(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (path.size() < sizeof sockaddr_un::sun_path || slash == std::string::npos)
    return connect_to(path, SOCK_STREAM);
  // Longer than an address may be: by its directory.
  const DirFd directory = PLIMSOLL_TRY(open_dir(path.substr(0, slash).c_str()));
  return connect_to(fill_in("/proc/self/fd/{}{}", directory.get(), path.substr(slash)),
                    SOCK_STREAM);
}

Result<Fd> receive_terminal(const Fd& socket) {
  std::array<char, 64> name{};
  iovec text{name.data(), name.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) < 0)
    return os_failure("recvmsg", "the terminal");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
    return failure(ErrorKind::kIo, "lifecycle", "the container's process sent no terminal");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return os_failure("socketpair", "for a terminal");
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

Result<> send_pidfd(const std::string& path, const Fd& pidfd, std::string_view word) {
  const Fd socket = PLIMSOLL_TRY(connect_console(path));
  iovec bytes{const_cast<char*>(word.data()), word.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = pidfd.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0) return os_failure("sendmsg", path);
  return {};
}

namespace {

Result<> write_pid(const Fd& file, const std::string& path, pid_t pid) {
  const std::string text = std::to_string(pid);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return os_failure("write", path);
  return {};
}

// For filesystems without files that have no name.
Result<> write_and_rename(const std::string& path, pid_t pid) {
  const std::string temporary = path + ".new";
  {
    const Fd file(
        ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return os_failure("open", temporary);
    PLIMSOLL_TRY(write_pid(file, temporary, pid));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return os_failure("rename", path);
  return {};
}

}  // namespace

// Named when it is written, so that whoever is killed meanwhile leaves nothing in a directory that
// is an engine's.
Result<> write_pid_file(const std::string& path, pid_t pid) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd file(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
  if (!file) return write_and_rename(path, pid);
  PLIMSOLL_TRY(write_pid(file, path, pid));
  const std::string nameless = fill_in("/proc/self/fd/{}", file.get());
  const auto name_it = [&] {
    return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (name_it()) return {};
  if (errno != EEXIST) return os_failure("linkat", path);
  // An earlier container's: it is better gone than wrong.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure("unlink", path);
  if (!name_it()) return os_failure("linkat", path);
  return {};
}

Result<> check_preserved(int count) {
  for (int fd = 3; fd < 3 + count; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0)
      return invalid_input(
          "preserve-fds",
          fill_in("unable to stat preserved-fd {} (of {}): stat /proc/self/fd/{}: no such file or "
                  "directory",
                  fd - 3, count, fd));
  }
  return {};
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (letter == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    } else {
      out += letter;
    }
  }
  return out += '"';
}

}  // namespace plimsoll::runtime
