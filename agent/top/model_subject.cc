// The views of one container: detail, logs, limits; and help.
#include <algorithm>
#include <utility>

#include "agent/top/help.h"
#include "agent/top/limit_words.h"
#include "agent/top/model.h"
#include "agent/top/plain_lines.h"

namespace plimsoll::agent::top {

namespace {

bool is_letter(const Key& key, char32_t letter) {
  return key.kind == KeyKind::kCharacter && key.character == letter;
}

}  // namespace

const Entry* Model::subject() const {
  const Entries& entries = history().entries();
  const auto found = entries.find(subject_key_);
  return found == entries.end() ? nullptr : &found->second;
}

// A group that is no cgroup has neither charts nor limits.
bool Model::choose_subject() {
  if (selected_ >= lines_.size() || lines_[selected_].entry == nullptr) return false;
  const StatsRow& row = lines_[selected_].entry->row;
  subject_key_ = row.cgroup;
  subject_name_ = row.name;
  runtime_ = row.runtime;
  reference_ = reference_of(row);
  return true;
}

void Model::show_text(std::vector<std::string> lines) {
  raw_text_ = std::move(lines);
  text_ = wrapped(raw_text_, size_.columns);
}

void Model::open(View view) {
  if (view != View::kDetail) above_ = view_;
  view_ = view;
  show_text({});
  scroll_ = {};
  complaint_.clear();
}

void Model::back() {
  const View to = view_ == View::kDetail ? View::kList : above_;
  pending_ = asked_ = false;
  ++ticket_;  // What is under way is no longer wanted.
  // Help over logs asks for them again; nothing else is that deep.
  view_ = to == View::kHelp || to == View::kLogs ? View::kList : to;
  show_text({});
  scroll_ = {};
  complaint_.clear();
}

std::size_t Model::text_height() const {
  const std::size_t frame = view_ == View::kLimit ? 5 : 2;
  return size_.lines > frame ? size_.lines - frame : 1;
}

bool Model::move_in_text(const Key& key) {
  const std::size_t count = view_ == View::kHelp ? help_lines().size() : text_.size();
  const std::size_t height = text_height();
  const std::size_t last = count > height ? count - height : 0;
  std::size_t& first = scroll_.first;
  first = std::min(first, last);
  const auto down = [&](std::size_t by) { first = std::min(first + by, last); };
  const auto up = [&](std::size_t by) { first -= std::min(first, by); };
  const bool typing = view_ == View::kLimit && stage_ == LimitStage::kTyping;
  if (key.kind == KeyKind::kUp || (!typing && is_letter(key, U'k')))
    up(1);
  else if (key.kind == KeyKind::kDown || (!typing && is_letter(key, U'j')))
    down(1);
  else if (key.kind == KeyKind::kWheelUp)
    up(3);
  else if (key.kind == KeyKind::kWheelDown)
    down(3);
  else if (key.kind == KeyKind::kPageUp)
    up(height);
  else if (key.kind == KeyKind::kPageDown || (!typing && is_letter(key, U' ')))
    down(height);
  else if (!typing && (key.kind == KeyKind::kHome || is_letter(key, U'g')))
    first = 0;
  else if (!typing && (key.kind == KeyKind::kEnd || is_letter(key, U'G')))
    first = last;
  else
    return false;
  scroll_.at_end = first == last;
  return true;
}

Effect Model::press_detail(const Key& key) {
  if (key.kind == KeyKind::kEscape || key.kind == KeyKind::kEnter || is_letter(key, U'q')) back();
  if (is_letter(key, U'l') && engine_is_theirs()) return open_logs();
  if (is_letter(key, U'e') && engine_is_theirs()) return open_limit();
  return {};
}

Effect Model::press_text(const Key& key) {
  if (move_in_text(key)) return {};
  const bool help = view_ == View::kHelp && (key.kind == KeyKind::kHelp || is_letter(key, U'?'));
  if (help || key.kind == KeyKind::kEscape || is_letter(key, U'q')) back();
  return {};
}

Effect Model::ask(Effect::Kind kind) {
  pending_ = true;
  return {.kind = kind,
          .ticket = ++ticket_,
          .reference = reference_,
          .runtime = runtime_,
          .name = subject_name_,
          .wishes = wishes_,
          .all_cgroups = false};
}

// A cgroup of the same name may be here, too: it is not the one that is shown.
bool Model::engine_is_theirs() {
  if (options_.remote)
    notice_ =
        "logs and limits are asked of the engine beside them: run plimsoll top on " + options_.host;
  return !options_.remote;
}

Effect Model::open_logs() {
  open(View::kLogs);
  scroll_.at_end = true;
  asked_ = true;
  return ask(Effect::Kind::kReadLogs);
}

Effect Model::open_limit() {
  open(View::kLimit);
  prompt_.clear();
  limits_now_.clear();
  stage_ = LimitStage::kReading;
  asked_ = true;
  return ask(Effect::Kind::kReadLimits);
}

void Model::answer(Answer answer) {
  if (!pending_ || answer.ticket != ticket_) return;
  pending_ = asked_ = false;
  well_ = answer.done;
  show_text(std::move(answer.lines));
  if (view_ == View::kLogs) {
    const std::size_t height = text_height();
    if (scroll_.at_end) scroll_.first = text_.size() > height ? text_.size() - height : 0;
    return;
  }
  scroll_ = {};
  if (view_ != View::kLimit) return;
  switch (stage_) {
    case LimitStage::kReading:
      stage_ = well_ ? LimitStage::kTyping : LimitStage::kFailed;
      if (well_) limits_now_ = raw_text_;
      break;
    case LimitStage::kPlanning:
      stage_ = well_ ? LimitStage::kAsking : LimitStage::kFailed;
      break;
    default:
      stage_ = well_ ? LimitStage::kDone : LimitStage::kFailed;
      break;
  }
}

Effect Model::plan() {
  auto wishes = parse_limit_words(prompt_.text());
  complaint_ = wishes ? "" : std::string(wishes.error().subject);
  if (!wishes) return {};
  wishes_ = *std::move(wishes);
  wishes_.options.dry_run = true;
  stage_ = LimitStage::kPlanning;
  asked_ = true;
  return ask(Effect::Kind::kPlan);
}

Effect Model::press_limit(const Key& key) {
  const bool leave = key.kind == KeyKind::kEscape;
  if (stage_ == LimitStage::kTyping) {
    if (leave) {
      back();
    } else if (key.kind == KeyKind::kEnter) {
      return plan();
    } else if (!move_in_text(key) && prompt_.press(key)) {
      complaint_.clear();
    }
    return {};
  }
  if (stage_ == LimitStage::kAsking) {
    // Nothing but this letter sets anything.
    if (is_letter(key, U'y')) {
      wishes_.options.dry_run = false;
      stage_ = LimitStage::kSetting;
      asked_ = true;
      return ask(Effect::Kind::kSet);
    }
    if (move_in_text(key) || !(leave || is_letter(key, U'n') || is_letter(key, U'q'))) return {};
    stage_ = LimitStage::kTyping;
    show_text(limits_now_);
    scroll_ = {};
    return {};
  }
  // What is being set is waited for: its answer has to be seen.
  if (stage_ == LimitStage::kSetting || move_in_text(key)) return {};
  if (stage_ == LimitStage::kFailed && key.kind == KeyKind::kEnter && !limits_now_.empty()) {
    stage_ = LimitStage::kTyping;
    show_text(limits_now_);
    scroll_ = {};
    return {};
  }
  if (leave || key.kind == KeyKind::kEnter || is_letter(key, U'q')) back();
  return {};
}

}  // namespace plimsoll::agent::top
