// What `plimsoll top` knows and shows: samples and keys go in, what the screen has to say and what
// is to be done come out. Pure: time comes with the samples, and nothing here asks anybody.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/limit/request.h"
#include "agent/top/grid.h"
#include "agent/top/history.h"
#include "agent/top/key.h"
#include "agent/top/lines.h"
#include "agent/top/prompt.h"

namespace plimsoll::agent::top {

enum class View : std::uint8_t { kList, kDetail, kHelp, kLogs, kLimit };

// Where changing a limit stands.
enum class LimitStage : std::uint8_t {
  kReading,   // The limits of now are asked for.
  kTyping,    // And shown.
  kPlanning,  // The engine works out what would be written.
  kAsking,    // The plan is shown: y or n.
  kSetting,   // The engine sets it.
  kDone,      // What was read back is shown.
  kFailed     // Why not is shown.
};

// What is to be done outside. A question to the engine is answered by Model::answer() with the
// same ticket.
struct Effect {
  enum class Kind : std::uint8_t {
    kNone,
    kQuit,
    kRedraw,      // The terminal lost what it showed.
    kResample,    // `all_cgroups` has changed.
    kReadLimits,  // Of `reference`.
    kPlan,        // `wishes` for `reference`.
    kSet,         // Likewise, for good.
    kReadLogs     // Of `reference`.
  };
  Kind kind = Kind::kNone;
  std::uint64_t ticket = 0;
  std::string reference;  // As the engine takes it: an id, or "cgroup:/path".
  std::string runtime, name;
  LimitWishes wishes;
  bool all_cgroups = false;
};

struct Answer {
  std::uint64_t ticket = 0;
  bool done = false;  // Else `lines` say why not.
  std::vector<std::string> lines;
};

struct ModelOptions {
  ListOptions list;
  std::string filter;   // What `list.search` was parsed from.
  std::string host;     // Whose containers these are.
  bool remote = false;  // Not this host: the engine here is not theirs.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
};

// Lines of a text that is longer than the screen, and the first one shown.
struct Scroll {
  std::size_t first = 0;
  bool at_end = false;  // Stays there while the text grows.
};

class Model {
 public:
  explicit Model(ModelOptions options);
  Model(const Model&) = delete;  // Lines point into the history.
  Model& operator=(const Model&) = delete;

  void take(StatsFrame frame);
  // From the source: why there are no samples, who samples now. Empty: all is well.
  void note(std::string text) { note_ = std::move(text); }
  // A second has gone by.
  [[nodiscard]] Effect tick();
  void answer(Answer answer);
  void resize(Size size);
  [[nodiscard]] Effect press(const Key& key);

  // For drawing.
  [[nodiscard]] const ModelOptions& options() const { return options_; }
  [[nodiscard]] const History& history() const { return frozen_ ? *frozen_ : live_; }
  [[nodiscard]] bool paused() const { return frozen_.has_value(); }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  [[nodiscard]] std::size_t selected() const { return selected_; }
  [[nodiscard]] std::size_t top_line() const { return top_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] View view() const { return view_; }
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] const std::string& note() const { return note_; }
  // How long the newest sample is overdue; nothing while it is not.
  [[nodiscard]] std::optional<std::chrono::seconds> late() const;
  [[nodiscard]] bool typing_filter() const { return typing_filter_; }
  [[nodiscard]] const Prompt& prompt() const { return prompt_; }
  // What is wrong with what was typed.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  // Why the last key did nothing.
  [[nodiscard]] const std::string& notice() const { return notice_; }
  // Whom the detail, the logs or the limits are about; null when it has gone.
  [[nodiscard]] const Entry* subject() const;
  [[nodiscard]] const std::string& subject_name() const { return subject_name_; }
  [[nodiscard]] const std::vector<std::string>& text() const { return text_; }
  [[nodiscard]] const Scroll& scroll() const { return scroll_; }
  [[nodiscard]] bool asking() const { return asked_; }  // The first answer is not there yet.
  [[nodiscard]] bool answered_well() const { return well_; }
  [[nodiscard]] LimitStage limit_stage() const { return stage_; }
  [[nodiscard]] const std::vector<std::string>& limits_now() const { return limits_now_; }

  // Lines of the screen that are no containers: two above, the columns' titles, one below.
  static constexpr std::size_t kFrameLines = 4;
  static constexpr std::size_t kListLine = 3;  // The first container's.

 private:
  Effect press_list(const Key& key);
  Effect press_list_letter(char32_t letter);
  void press_filter(const Key& key);
  Effect press_detail(const Key& key);
  Effect press_text(const Key& key);
  Effect press_limit(const Key& key);
  bool move_in_list(const Key& key);
  bool move_in_text(const Key& key);
  void click(const Key& key);
  void fold(bool folded);
  void sort_by(std::size_t column);
  void sort_by(std::string_view key);
  void toggle_pause();
  Effect toggle_all();
  bool choose_subject();
  [[nodiscard]] bool engine_is_theirs();
  Effect open_logs();
  Effect open_limit();
  Effect ask(Effect::Kind kind);
  Effect plan();
  void show_text(std::vector<std::string> lines);
  void open(View view);
  void back();
  void rebuild();
  void keep_in_sight();
  [[nodiscard]] std::size_t list_height() const;
  [[nodiscard]] std::size_t text_height() const;

  ModelOptions options_;
  Size size_;
  History live_;
  std::optional<History> frozen_;
  std::uint64_t waited_ = 0;  // Seconds since the newest sample.
  std::string note_;
  std::vector<Line> lines_;  // Of history().
  Tally tally_;              // Likewise.
  std::size_t selected_ = 0;
  std::string selected_key_;  // Empty until somebody moves: the first line then.
  std::size_t top_ = 0;
  View view_ = View::kList;
  View above_ = View::kList;  // Where help, logs and limits go back to.
  bool typing_filter_ = false;
  Prompt prompt_;
  std::string complaint_, notice_;
  std::string subject_key_, subject_name_, runtime_, reference_;
  std::vector<std::string> raw_text_, text_;  // As answered; as wide as the window.
  Scroll scroll_;
  std::uint64_t ticket_ = 0;  // Of the newest question; answers to older ones are let fall.
  bool pending_ = false;
  bool asked_ = false;
  bool well_ = false;
  LimitStage stage_ = LimitStage::kReading;
  std::vector<std::string> limits_now_;
  LimitWishes wishes_;
};

// As the engine names it: the id of a container, "cgroup:/path" of anything else.
[[nodiscard]] std::string reference_of(const StatsRow& row);

}  // namespace plimsoll::agent::top
