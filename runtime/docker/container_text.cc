#include "runtime/docker/container_text.h"

#include "base/text.h"

namespace plimsoll::docker {

namespace {

std::string counted(std::int64_t count, const char* unit) {
  return std::to_string(count) + ' ' + unit;
}

// Only what has blanks is quoted, and quotes inside are not: the text is for people.
std::string word_text(const std::string& word) {
  return word.find(' ') == std::string::npos ? word : '\'' + word + '\'';
}

std::string ago(const std::optional<WallTime>& then, WallTime now) {
  return human_duration(now - then.value_or(now)) + " ago";
}

std::string running_text(const engine::State& state, WallTime now) {
  std::string text = "Up " + human_duration(now - state.started.value_or(now));
  if (state.status == engine::Status::kPaused) return text + " (Paused)";
  if (!state.health || state.health->status == "none") return text;
  const bool starting = state.health->status == "starting";
  return text + (starting ? " (health: starting)" : " (" + state.health->status + ')');
}

}  // namespace

// The bounds are those of the library that dockerd uses (docker/go-units).
std::string human_duration(std::chrono::nanoseconds duration) {
  using std::chrono::duration_cast;
  const std::int64_t seconds = duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return counted(seconds, "seconds");
  const std::int64_t minutes = seconds / 60;
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return counted(minutes, "minutes");
  const std::int64_t hours = (seconds + 1800) / 3600;  // Rounded, where all else is cut off.
  if (hours == 1) return "About an hour";
  if (hours < 48) return counted(hours, "hours");
  const std::int64_t days = hours / 24;
  if (days < 14) return counted(days, "days");
  if (days < 60) return counted(days / 7, "weeks");
  if (days < 730) return counted(days / 30, "months");
  return counted(seconds / 3600 / 24 / 365, "years");
}

std::string status_text(const engine::State& state, WallTime now) {
  switch (state.status) {
    case engine::Status::kRunning:
    case engine::Status::kPaused:
      return running_text(state, now);
    case engine::Status::kRestarting:
      return "Restarting (" + std::to_string(state.exit_code) + ") " + ago(state.finished, now);
    case engine::Status::kRemoving:
      return "Removal In Progress";
    case engine::Status::kDead:
      return "Dead";
    case engine::Status::kCreated:
      return "Created";
    case engine::Status::kExited:
      break;
  }
  return "Exited (" + std::to_string(state.exit_code) + ") " + ago(state.finished, now);
}

std::string state_word(engine::Status status) {
  switch (status) {
    case engine::Status::kCreated:
      return "created";
    case engine::Status::kRunning:
      return "running";
    case engine::Status::kPaused:
      return "paused";
    case engine::Status::kRestarting:
      return "restarting";
    case engine::Status::kRemoving:
      return "removing";
    case engine::Status::kExited:
      return "exited";
    case engine::Status::kDead:
      break;
  }
  return "dead";
}

std::string command_text(const engine::Container& container) {
  std::string text = container.path;
  for (const std::string& argument : container.args) text += ' ' + word_text(argument);
  return text;
}

std::string time_text(const std::optional<WallTime>& time) {
  return time ? rfc3339(*time) : "0001-01-01T00:00:00Z";
}

}  // namespace plimsoll::docker
