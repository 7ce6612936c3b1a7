#include "agent/top/model.h"

#include <algorithm>
#include <utility>

#include "agent/top/help.h"
#include "agent/top/plain_lines.h"

namespace plimsoll::agent::top {

namespace {

Effect effect(Effect::Kind kind) {
  Effect out;
  out.kind = kind;
  return out;
}

bool is_letter(const Key& key, char32_t letter) {
  return key.kind == KeyKind::kCharacter && key.character == letter;
}

std::size_t step(std::size_t at, std::size_t count, std::ptrdiff_t by) {
  if (count == 0) return 0;
  const auto last = static_cast<std::ptrdiff_t>(count) - 1;
  return static_cast<std::size_t>(
      std::clamp(static_cast<std::ptrdiff_t>(at) + by, std::ptrdiff_t{0}, last));
}

}  // namespace

std::string reference_of(const StatsRow& row) {
  return row.is_container && !row.id.empty() ? row.id : "cgroup:" + row.cgroup;
}

Model::Model(ModelOptions options) : options_(std::move(options)) {
  prompt_.set(options_.filter);
}

void Model::take(StatsFrame frame) {
  waited_ = 0;
  live_.take(std::move(frame));
  if (!paused()) rebuild();
}

Effect Model::tick() {
  ++waited_;
  if (view_ == View::kLogs && !pending_ && !reference_.empty()) return ask(Effect::Kind::kReadLogs);
  return {};
}

std::optional<std::chrono::seconds> Model::late() const {
  const auto patience = std::chrono::ceil<std::chrono::seconds>(3 * options_.interval);
  const std::chrono::seconds waited(waited_);
  if (waited <= std::max(patience, std::chrono::seconds(3))) return std::nullopt;
  return waited;
}

void Model::resize(Size size) {
  size_ = size;
  text_ = wrapped(raw_text_, size_.columns);
  keep_in_sight();
}

std::size_t Model::list_height() const {
  return size_.lines > kFrameLines ? size_.lines - kFrameLines : 1;
}

void Model::rebuild() {
  lines_ = lines_of(history().entries(), options_.list);
  tally_ = top::tally(history().entries(), options_.list.visibility);
  const auto found =
      selected_key_.empty() ? lines_.end() : std::ranges::find(lines_, selected_key_, &Line::key);
  if (selected_key_.empty())
    selected_ = 0;
  else if (found != lines_.end())
    selected_ = static_cast<std::size_t>(found - lines_.begin());
  else
    selected_ = step(selected_, lines_.size(), 0);  // It has gone: its neighbour.
  keep_in_sight();
}

void Model::keep_in_sight() {
  const std::size_t height = list_height();
  const std::size_t most = lines_.size() > height ? lines_.size() - height : 0;
  if (selected_ < top_) top_ = selected_;
  if (selected_ >= top_ + height) top_ = selected_ - height + 1;
  top_ = std::min(top_, most);
}

bool Model::move_in_list(const Key& key) {
  const auto page = static_cast<std::ptrdiff_t>(list_height());
  const auto all = static_cast<std::ptrdiff_t>(lines_.size());
  std::ptrdiff_t by = 0;
  if (key.kind == KeyKind::kUp || is_letter(key, U'k'))
    by = -1;
  else if (key.kind == KeyKind::kDown || is_letter(key, U'j'))
    by = 1;
  else if (key.kind == KeyKind::kPageUp)
    by = -page;
  else if (key.kind == KeyKind::kPageDown)
    by = page;
  else if (key.kind == KeyKind::kWheelUp)
    by = -3;
  else if (key.kind == KeyKind::kWheelDown)
    by = 3;
  else if (key.kind == KeyKind::kHome || is_letter(key, U'g'))
    by = -all;
  else if (key.kind == KeyKind::kEnd || is_letter(key, U'G'))
    by = all;
  else
    return false;
  selected_ = step(selected_, lines_.size(), by);
  selected_key_ = selected_ < lines_.size() && selected_ > 0 ? lines_[selected_].key : "";
  keep_in_sight();
  return true;
}

void Model::click(const Key& key) {
  if (key.line < kListLine || key.line >= kListLine + list_height()) return;
  const std::size_t line = top_ + key.line - kListLine;
  if (line >= lines_.size()) return;
  selected_ = line;
  selected_key_ = lines_[line].key;
}

void Model::fold(bool folded) {
  if (selected_ >= lines_.size()) return;
  std::size_t at = selected_;
  // From a line inside, the group around it.
  if (folded && (!lines_[at].group || lines_[at].folded))
    while (at > 0 && lines_[at].depth >= lines_[selected_].depth) --at;
  if (!lines_[at].group) return;
  selected_key_ = lines_[at].key;
  if (folded)
    options_.list.folded.insert(selected_key_);
  else
    options_.list.folded.erase(selected_key_);
  rebuild();
}

void Model::sort_by(std::size_t column) {
  options_.list.sort = column;
  options_.list.reversed = false;
  rebuild();
}

void Model::sort_by(std::string_view key) {
  sort_by(find_sort_column(key).value_or(0));
}

void Model::toggle_pause() {
  if (paused())
    frozen_.reset();
  else
    frozen_ = live_;
  rebuild();
}

Effect Model::toggle_all() {
  const bool all = options_.list.visibility != Visibility::kAllCgroups;
  options_.list.visibility = all ? Visibility::kAllCgroups : Visibility::kContainers;
  rebuild();
  Effect resample = effect(Effect::Kind::kResample);
  resample.all_cgroups = all;
  return resample;
}

void Model::press_filter(const Key& key) {
  if (key.kind == KeyKind::kEnter) {
    typing_filter_ = false;
    return;
  }
  if (key.kind == KeyKind::kEscape) {
    typing_filter_ = false;
    prompt_.clear();
  } else if (!prompt_.press(key)) {
    return;
  }
  auto search = Search::parse(prompt_.text());
  complaint_ = search ? "" : search.error().subject;
  if (!search) return;
  options_.list.search = *std::move(search);
  options_.filter = prompt_.text();
  rebuild();
}

Effect Model::press_list(const Key& key) {
  if (move_in_list(key)) return {};
  switch (key.kind) {
    case KeyKind::kEnter:
      if (choose_subject()) open(View::kDetail);
      return {};
    case KeyKind::kEscape:
      press_filter(key);
      return {};
    case KeyKind::kLeft:
      fold(true);
      return {};
    case KeyKind::kRight:
      fold(false);
      return {};
    case KeyKind::kClick:
      click(key);
      return {};
    case KeyKind::kDoubleClick:
      click(key);
      if (choose_subject()) open(View::kDetail);
      return {};
    case KeyKind::kCharacter:
      return press_list_letter(key.character);
    default:
      return {};
  }
}

Effect Model::press_list_letter(char32_t letter) {
  const std::size_t columns = sort_columns().size();
  switch (letter) {
    case U'q':
      return effect(Effect::Kind::kQuit);
    case U'/':
      prompt_.set(options_.filter);
      typing_filter_ = true;
      break;
    case U's':
    case U'>':
      sort_by((options_.list.sort + 1) % columns);
      break;
    case U'<':
      sort_by((options_.list.sort + columns - 1) % columns);
      break;
    case U'S':
      sort_by("state");
      break;
    case U'P':
      sort_by("cpu");
      break;
    case U'M':
      sort_by("mem");
      break;
    case U'r':
      options_.list.reversed = !options_.list.reversed;
      rebuild();
      break;
    case U't':
      options_.list.tree = options_.list.tree == Tree::kFlat     ? Tree::kOwners
                           : options_.list.tree == Tree::kOwners ? Tree::kCgroups
                                                                 : Tree::kFlat;
      rebuild();
      break;
    case U'a':
      return toggle_all();
    case U'l':
      return choose_subject() && engine_is_theirs() ? open_logs() : Effect{};
    case U'e':
      return choose_subject() && engine_is_theirs() ? open_limit() : Effect{};
    default:
      break;
  }
  return {};
}

Effect Model::press(const Key& key) {
  notice_.clear();
  if (is_letter(key, control('l'))) return effect(Effect::Kind::kRedraw);
  if (view_ == View::kList && typing_filter_) {
    press_filter(key);
    return {};
  }
  if (view_ == View::kLimit) return press_limit(key);
  const bool help = key.kind == KeyKind::kHelp || is_letter(key, U'?');
  if (help && view_ != View::kHelp) {
    open(View::kHelp);
    return {};
  }
  if (is_letter(key, U' ') && view_ != View::kHelp && view_ != View::kLogs) {
    toggle_pause();
    return {};
  }
  if (view_ == View::kList) return press_list(key);
  return view_ == View::kDetail ? press_detail(key) : press_text(key);
}

}  // namespace plimsoll::agent::top
