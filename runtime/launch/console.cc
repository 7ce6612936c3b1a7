// The container's terminal: made by its own devpts, its other end sent to whoever asked for it.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/launch/child.h"
#include "runtime/launch/in_root.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

int send_fd(int socket, int fd, const char* name) {
  iovec text{const_cast<char*>(name), std::strlen(name)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

// On what is there if it is a plain file or a node, else on a new file; over no link
// (CVE-2026-88264).
int bind_console(int root, int terminal) {
  const int target = open_in_root_path(root, "dev/console", Make::kFile, Links::kRefuse);
  if (target < 0) return -1;
  const int tree = ::open_tree(terminal, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  const int done = tree < 0 ? -1
                            : ::move_mount(tree, "", target, "",
                                           MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  const int os_error = errno;
  if (tree >= 0) ::close(tree);
  ::close(target);
  errno = os_error;
  return done;
}

}  // namespace

void open_console(const Prepared& prepared, BindConsole bind, const Reporter& reporter) noexcept {
  const ProcessPlan& process = prepared.plan->process;
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const int multiplexer =
      root < 0 ? -1
               : openat2(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC,
                         RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  struct statfs filesystem{};
  if (multiplexer < 0 || ::fstatfs(multiplexer, &filesystem) != 0)
    reporter.give_up(Stage::kConsole);
  if (filesystem.f_type != DEVPTS_SUPER_MAGIC) reporter.give_up(Stage::kConsole, 0, ENODEV);
  const int unlock = 0;
  if (::ioctl(multiplexer, TIOCSPTLCK, &unlock) != 0) reporter.give_up(Stage::kConsole);
  // By the descriptor: a name like /dev/pts/0 may lead elsewhere (CVE-2025-52565).
  const int terminal = ::ioctl(multiplexer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) reporter.give_up(Stage::kConsole);
  if (process.console_size) {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(process.console_size->height);
    size.ws_col = static_cast<unsigned short>(process.console_size->width);
    if (::ioctl(terminal, TIOCSWINSZ, &size) != 0) reporter.give_up(Stage::kConsole);
  }
  if (bind == BindConsole::kYes && bind_console(root, terminal) != 0)
    reporter.give_up(Stage::kConsole);
  if (send_fd(prepared.console.get(), multiplexer, "/dev/ptmx") != 0)
    reporter.give_up(Stage::kConsole);
  // Only then: a session has one terminal, and this one is it.
  if (::ioctl(terminal, TIOCSCTTY, 0) != 0) reporter.give_up(Stage::kConsole);
  for (int fd = 0; fd < 3; ++fd) {
    if (::dup2(terminal, fd) < 0) reporter.give_up(Stage::kConsole);
  }
  ::close(terminal);
  ::close(multiplexer);
  ::close(root);
}

}  // namespace plimsoll::runtime
