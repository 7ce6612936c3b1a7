#include "agent/asker.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/sandbox.h"
#include "agent/startup_pages.h"
#include "base/number.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

// Before each message, in both directions: two sizes for a question, and for an answer what kind it
// is (0: a body; else an ErrorKind and 1) and its size.
using Header = std::array<std::uint32_t, 2>;
constexpr std::uint32_t kLongestWord = 4096;  // Of a question.

Result<> send_bytes(const Fd& channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(channel.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("send", "asker");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> receive_bytes(const Fd& channel, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::recv(channel.get(), bytes, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("recv", "asker");
    if (n == 0) return failure(ErrorKind::kIo, "recv", "the process that asks runtimes has ended");
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

Result<> send_message(const Fd& channel, Header header, std::string_view text) {
  const std::string_view head(reinterpret_cast<const char*>(header.data()), sizeof header);
  PLIMSOLL_TRY(send_bytes(channel, head));
  return send_bytes(channel, text);
}

Result<Header> receive_header(const Fd& channel) {
  Header header{};
  PLIMSOLL_TRY(receive_bytes(channel, reinterpret_cast<char*>(header.data()), sizeof header));
  return header;
}

Result<std::string> receive_text(const Fd& channel, std::size_t size) {
  std::string text(size, '\0');
  PLIMSOLL_TRY(receive_bytes(channel, text.data(), size));
  return text;
}

// One question and its answer; an error when nobody will ask any more.
Result<> serve_one(const Fd& channel, const inventory::InventoryOptions& options) {
  const Header sizes = PLIMSOLL_TRY(receive_header(channel));
  if (std::max(sizes[0], sizes[1]) > kLongestWord)
    return failure(ErrorKind::kInvalidInput, "asker", "a question that is too long");
  inventory::Question question;
  question.socket = PLIMSOLL_TRY(receive_text(channel, sizes[0]));
  question.target = PLIMSOLL_TRY(receive_text(channel, sizes[1]));
  const Result<std::string> answer =
      may_be_asked(options, question)
          ? ask_runtime(question)
          : failure(ErrorKind::kDenied, "asker", question.socket + question.target);
  const std::string& text = answer ? *answer : answer.error().subject;
  const auto kind = answer ? 0U : static_cast<std::uint32_t>(answer.error().kind) + 1;
  return send_message(channel, {kind, static_cast<std::uint32_t>(text.size())}, text);
}

// Nothing of what the parent holds open is this process's business. Linux 5.9; before that it
// stays open and unused.
void close_others(const Fd& channel) {
  const auto own = static_cast<unsigned>(channel.get());
  if (own > 3) (void)::syscall(SYS_close_range, 3U, own - 1, 0U);
  (void)::syscall(SYS_close_range, own + 1, std::numeric_limits<unsigned>::max(), 0U);
}

[[noreturn]] void run_child(const Fd& channel, const inventory::InventoryOptions& options,
                            const Account& account) {
  (void)::prctl(PR_SET_NAME, "plimsoll-asker", 0, 0, 0);
  close_others(channel);
  const CapabilityMask keep = CapabilityMask{1} << CAP_DAC_OVERRIDE;
  if (!drop_privileges({account, keep, {}})) ::_exit(1);
  const Result<> entered = enter_sandbox(FileWrites::kForbidden);
  // With this capability the filter is not optional, but where there can be none at all.
  if (!entered && entered.error().kind != ErrorKind::kNotOffered) ::_exit(1);
  // Only a saving: a failure costs nothing that this process is for.
  [[maybe_unused]] const auto released = release_startup_pages();
  while (serve_one(channel, options)) {
  }
  ::_exit(0);
}

bool is_identifier(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest && text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-' || c == '.';
         });
}

// "/containers/ID", "/containers/ID/json", "/v4.0.0/libpod/containers/ID/json"
bool is_description(std::string_view target) {
  constexpr std::string_view kLibpod = "/v4.0.0/libpod";
  constexpr std::string_view kContainers = "/containers/";
  constexpr std::string_view kJson = "/json";
  if (target.starts_with(kLibpod)) target.remove_prefix(kLibpod.size());
  if (!target.starts_with(kContainers)) return false;
  target.remove_prefix(kContainers.size());
  if (target.ends_with(kJson)) target.remove_suffix(kJson.size());
  return is_identifier(target);
}

// "/run/user/1000/podman/podman.sock"
bool is_rootless(const inventory::InventoryOptions& options, std::string_view socket) {
  if (!socket.starts_with(options.rootless_run + "/")) return false;
  socket.remove_prefix(options.rootless_run.size() + 1);
  const std::size_t slash = socket.find('/');
  if (slash == std::string_view::npos || !to_number<std::uint32_t>(socket.substr(0, slash)))
    return false;
  const std::string_view rest = socket.substr(slash);
  return rest == "/docker.sock" || rest == "/podman/podman.sock";
}

}  // namespace

bool may_be_asked(const inventory::InventoryOptions& options, const inventory::Question& question) {
  std::string_view socket = question.socket;
  if (!socket.starts_with(options.host_root)) return false;
  socket.remove_prefix(options.host_root.size());
  const auto among = [&](const std::vector<std::string>& list) {
    return std::ranges::find(list, socket) != list.end();
  };
  const bool known = among(options.docker_sockets) || among(options.podman_sockets) ||
                     socket == options.crio_run + "/crio.sock" || is_rootless(options, socket);
  return known && is_description(question.target);
}

Result<std::string> ask_runtime(const inventory::Question& question) {
  http::ClientResponse response =
      PLIMSOLL_TRY(http::get("unix:" + question.socket, question.target));
  if (response.status != 200)
    return failure(
        response.status == 404 ? ErrorKind::kGone : ErrorKind::kRejected, "GET",
        question.socket + " " + question.target + ": status " + std::to_string(response.status));
  return std::move(response.body);
}

Result<std::unique_ptr<Asker>> Asker::start(const inventory::InventoryOptions& options,
                                            const Account& account) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return os_failure("socketpair", "asker");
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return os_failure("fork", "asker");
  if (child == 0) {
    ours.reset();
    run_child(theirs, options, account);
  }
  return std::unique_ptr<Asker>(new Asker(std::move(ours), child));
}

Asker::~Asker() {
  channel_.reset();
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::string> Asker::ask(const inventory::Question& question) {
  const std::lock_guard lock(mutex_);
  if (std::max(question.socket.size(), question.target.size()) > kLongestWord)
    return invalid_input("asker", question.socket);
  const Header sizes = {static_cast<std::uint32_t>(question.socket.size()),
                        static_cast<std::uint32_t>(question.target.size())};
  PLIMSOLL_TRY(send_message(channel_, sizes, question.socket + question.target));
  const Header head = PLIMSOLL_TRY(receive_header(channel_));
  std::string text = PLIMSOLL_TRY(receive_text(channel_, head[1]));
  if (head[0] == 0) return text;
  return failure(static_cast<ErrorKind>(head[0] - 1), "ask", text);
}

}  // namespace plimsoll::agent
