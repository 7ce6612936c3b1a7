#include "control/journal/journal.h"

#include <algorithm>
#include <utility>

#include "control/journal/frame.h"

namespace plimsoll::control {
namespace {

constexpr const char* kFile = "journal";
constexpr int kMostCopies = 8;
// Written anew when it is four times what it was then, and not tiny.
constexpr std::uint64_t kTiny = std::uint64_t{1} << 20;
constexpr std::uint64_t kGrowth = 4;

std::string frames_of(std::span<const Record> records) {
  std::string bytes;
  for (const Record& record : records) append_frame(bytes, encode(record));
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Store& store, const Moment& now) {
  std::unique_ptr<Journal> journal(new Journal(store));
  PLIMSOLL_TRY(journal->load());
  journal->state_.add(Started{now});
  journal->opening_.dropped_by_boot = journal->state_.dropped_by_boot();
  if (auto written = journal->write_anew(); !written) {
    journal->opening_.unwritable = std::move(written).error();
    journal->sick_ = true;
  }
  return journal;
}

Result<> Journal::load() {
  auto bytes = store_.read(kFile);
  if (!bytes && bytes.error().kind == ErrorKind::kNotOffered) {
    opening_.fresh = true;
    return {};
  }
  if (!bytes) return std::unexpected(std::move(bytes).error());
  const Frames frames = scan_frames(*bytes);
  (frames.damaged ? opening_.lost_bytes : opening_.torn_bytes) = frames.bad_bytes;
  for (const std::string_view frame : frames.records) {
    if (const auto record = decode(frame))
      state_.add(*record);
    else
      ++opening_.unknown;
  }
  if (opening_.lost_bytes != 0 || opening_.unknown != 0) unreadable_ = *std::move(bytes);
  return {};
}

// For people; the last place is used again when all are taken.
Result<> Journal::keep_copy() {
  if (unreadable_.empty()) return {};
  const auto names = PLIMSOLL_TRY(store_.list());
  std::string name;
  for (int i = 1; i <= kMostCopies; ++i) {
    name = std::string(kFile) + ".damaged." + std::to_string(i);
    if (std::ranges::find(names, name) == names.end()) break;
  }
  PLIMSOLL_TRY(store_.replace(name, unreadable_));
  opening_.kept_as = name;
  unreadable_.clear();
  return {};
}

Result<> Journal::append(std::span<const Record> records) {
  const std::string bytes = frames_of(records);
  PLIMSOLL_TRY(store_.append(kFile, bytes));
  size_ += bytes.size();
  return {};
}

Result<> Journal::write_anew() {
  PLIMSOLL_TRY(keep_copy());
  const std::string bytes = frames_of(state_.records());
  PLIMSOLL_TRY(store_.replace(kFile, bytes));
  size_ = size_anew_ = bytes.size();
  sick_ = false;
  return {};
}

Result<std::uint64_t> Journal::begin(Begun change) {
  std::vector<Begun> one;
  one.push_back(std::move(change));
  return PLIMSOLL_TRY(begin_all(std::move(one))).front();
}

Result<std::vector<std::uint64_t>> Journal::begin_all(std::vector<Begun> changes) {
  const std::scoped_lock guard(mutex_);
  if (sick_ || size_ > std::max(kTiny, kGrowth * size_anew_)) PLIMSOLL_TRY(write_anew());
  std::vector<std::uint64_t> ids;
  std::vector<Record> records;
  ids.reserve(changes.size());
  records.reserve(changes.size());
  for (Begun& change : changes) {
    change.id = state_.last_id() + 1 + ids.size();
    ids.push_back(change.id);
    records.emplace_back(std::move(change));
  }
  PLIMSOLL_TRY(append(records));
  for (const Record& record : records) state_.add(record);
  auto synced = store_.sync(kFile);
  if (synced) return ids;
  // After a failed sync nobody knows what the medium has, and asking again proves nothing: the next
  // change begins with a new file (PostgreSQL learnt that in 2018).
  sick_ = true;
  for (const std::uint64_t id : ids)
    state_.add(Ended{.id = id, .end = limit::Applied::End::kUndone});
  return std::unexpected(std::move(synced).error());
}

Result<> Journal::note(std::span<const Record> records) {
  const std::scoped_lock guard(mutex_);
  PLIMSOLL_TRY(append(records));
  for (const Record& record : records) state_.add(record);
  return {};
}

Result<> Journal::settle(std::span<const Record> records) {
  const std::scoped_lock guard(mutex_);
  auto written = append(records);
  sick_ = sick_ || !written;
  for (const Record& record : records) state_.add(record);
  return written;
}

void Journal::settle_in_memory(const Record& record) {
  const std::scoped_lock guard(mutex_);
  sick_ = true;
  state_.add(record);
}

}  // namespace plimsoll::control
