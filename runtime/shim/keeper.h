// The keeper of one container: starts the command that creates it, owns its stdio and its log, and
// knows how it ended. One thread, one poll(2).
//
// The command (plimsoll-oci create) ends when the container is made; the container's first process
// then is ours, since we are its nearest living "subreaper".
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "runtime/shim/exit_record.h"
#include "runtime/shim/log_file.h"
#include "runtime/shim/log_line.h"
#include "runtime/shim/options.h"
#include "runtime/shim/server.h"

namespace plimsoll::shim {

class Keeper final : public Kept {
 public:
  // The lock, the socket, the log: kBusy when another keeper has the directory.
  [[nodiscard]] static Result<Keeper> create(Options options);
  Keeper(Keeper&&) = default;
  Keeper& operator=(Keeper&&) = delete;

  // Until the container has ended and all its output is in the log. An error: the command failed,
  // or no container came of it.
  [[nodiscard]] Result<ExitRecord> run();

  [[nodiscard]] std::string status() const override;
  void input(std::string_view bytes) override;
  void end_input() override;
  [[nodiscard]] Result<> resize(unsigned rows, unsigned columns) override;

 private:
  struct Stream {
    Fd fd;
    Answer answer{};
    const char* name = "";
    LineCutter lines;
    // What came while the command ran: its own words if it fails, else the container's first.
    std::string early;
  };
  struct Ended {
    pid_t pid = 0;
    int status = 0;
  };

  explicit Keeper(Options options) : options_(std::move(options)), holds_(options_.hold) {}
  Result<> open();
  Result<> start_command();
  [[noreturn]] void become_command(const std::array<Fd, 3>& theirs) const;
  Result<> turn(int timeout_ms);
  void take_terminal();
  void pump(Stream& stream);
  void take(Stream& stream, std::string_view text);
  void finish(Stream& stream);
  void replay_early();
  void let_go();
  [[nodiscard]] std::string words_of_command();
  Result<> reap();
  Result<> command_ended(int status);
  void container_ended(int status);
  void note_oom_kill();
  void flush_input();
  [[nodiscard]] bool has_output() const { return streams_[0].fd || streams_[1].fd; }
  [[nodiscard]] std::optional<Ended> end_of(pid_t pid) const;

  Options options_;
  DirFd dir_;
  Fd lock_;
  Fd signals_;
  Fd console_;   // Listens for the terminal.
  Fd terminal_;  // Its controlling end: streams_[0] reads a copy of it.
  Fd stdin_;
  std::string pending_input_;
  bool input_ends_ = false;
  bool holds_;  // Nobody has attached yet, and somebody will.
  std::array<Stream, 2> streams_;
  std::optional<Server> server_;
  std::optional<LogFile> log_;
  RealClock clock_;
  pid_t command_ = 0;    // While it runs.
  pid_t container_ = 0;  // Known when the command has ended.
  Fd memory_events_;     // Of its group, if they are to be told of.
  bool oom_kill_ = false;
  std::vector<Ended> ended_;
  std::optional<ExitRecord> record_;
};

}  // namespace plimsoll::shim
