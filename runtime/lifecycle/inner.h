// What the operations share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "runtime/launch/plan.h"
#include "runtime/lifecycle/container.h"
#include "runtime/spec/decode.h"

namespace plimsoll::runtime {

inline constexpr const char* kRecordFile = "record";
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kStartSocket = "start";
inline constexpr std::chrono::milliseconds kRemoveDeadline{10'000};
inline constexpr std::chrono::milliseconds kFreezeDeadline{10'000};

// A container whose directory is locked by us.
struct Opened {
  state::Directory directory;
  state::Record record;
  Status status{};
};
[[nodiscard]] Result<Opened> open_container(const Host& host, const std::string& id);
[[nodiscard]] Result<spec::Config> config_of(const state::Directory& directory);
[[nodiscard]] Status status_of(const state::Directory& directory, const state::Record& record);

// The process that the record means, if it is still there; a recycled pid is not it.
[[nodiscard]] Result<Fd> open_init(const state::Record& record);

// `linux.seccomp`, compiled; nothing when there is none.
[[nodiscard]] Result<std::optional<Filter>> compile_filter(const spec::Config& config);
// Where the listener of a filter that notifies goes, and a file for what is sent with it; nothing
// of both when it does not.
struct NotifyEnds {
  Fd socket;
  Fd state;
};
[[nodiscard]] Result<NotifyEnds> open_notify(const spec::Config& config,
                                             const std::optional<Filter>& filter);
// The specification's "container process state" of process `pid`; `state` as hooks are told it.
[[nodiscard]] std::string notify_text(const spec::Config& config, const std::string& state,
                                      pid_t pid);

// A container's groups in the words of the room that keeps them, and back.
[[nodiscard]] state::Cgroups written(const CgroupRecord& record);
[[nodiscard]] CgroupRecord groups_of(const state::Record& record);
[[nodiscard]] Result<> write_record(const state::Directory& directory, const state::Record& record);

// Sockets named inside a directory, however long its path is.
[[nodiscard]] Result<Fd> listen_in(const state::Directory& directory, const char* name);
[[nodiscard]] Result<Fd> connect_in(const state::Directory& directory, const char* name);
[[nodiscard]] Result<Fd> connect_console(const std::string& path);
// The terminal's other end that the container's process sent.
[[nodiscard]] Result<Fd> receive_terminal(const Fd& socket);
struct SocketPair {
  Fd here;
  Fd there;
};
[[nodiscard]] Result<SocketPair> make_socket_pair();

// To an engine's socket, with the word that runc sends along ("standard", "setns").
[[nodiscard]] Result<> send_pidfd(const std::string& path, const Fd& pidfd, std::string_view word);

// Complete under its name, or not there at all.
[[nodiscard]] Result<> write_pid_file(const std::string& path, pid_t pid);
[[nodiscard]] Result<> check_preserved(int count);

[[nodiscard]] std::string quoted(std::string_view text);  // As JSON.

}  // namespace plimsoll::runtime
