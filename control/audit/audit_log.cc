#include "control/audit/audit_log.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace plimsoll::control {
namespace {

constexpr const char* kFile = "audit.log";
constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kDigits = 20;

// Twenty digits, so that names sort as numbers.
std::string full_name(std::uint64_t first) {
  const std::string number = std::to_string(first);
  return std::string(kPrefix) + std::string(kDigits - number.size(), '0') + number +
         std::string(kSuffix);
}

bool is_full_name(std::string_view name) {
  return name.size() == kPrefix.size() + kDigits + kSuffix.size() && name.starts_with(kPrefix) &&
         name.ends_with(kSuffix);
}

// An absent file is an empty one.
Result<std::string> read_if_there(Store& store, const std::string& name) {
  auto text = store.read(name);
  if (!text && text.error().kind == ErrorKind::kNotOffered) return std::string();
  return text;
}

}  // namespace

Result<std::vector<std::string>> audit_files(Store& store) {
  std::vector<std::string> files = PLIMSOLL_TRY(store.list());
  const bool current = std::ranges::find(files, kFile) != files.end();
  std::erase_if(files, [](const std::string& name) { return !is_full_name(name); });
  std::ranges::sort(files);
  if (current) files.emplace_back(kFile);
  return files;
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(Store& store, WallTime now,
                                                 const AuditOptions& options) {
  std::unique_ptr<AuditLog> log(new AuditLog(store, options));
  PLIMSOLL_TRY(log->load());
  log->tell(now);
  // A full disk is no reason not to start: the first record brings this with it.
  std::ignore = log->append({});
  return log;
}

Result<> AuditLog::load() {
  std::vector<std::string> files = PLIMSOLL_TRY(audit_files(store_));
  for (auto name = files.rbegin(); name != files.rend(); ++name) {
    const std::string text = PLIMSOLL_TRY(read_if_there(store_, *name));
    const bool current = *name == kFile;
    ChainEnd end = find_end(text);
    if (current) {
      opening_.torn_bytes = torn_bytes_ = end.torn_bytes;
      size_ = text.size() - end.torn_bytes;
    }
    opening_.unreadable += end.unreadable;
    if (!end.head) continue;
    head_ = *std::move(end.head);
    if (current)
      if (const auto shape = shape_of(std::string_view(text).substr(0, text.find('\n'))))
        first_ = shape->head.seq;
    break;
  }
  return {};
}

void AuditLog::tell(WallTime now) {
  const auto note = [&](std::string detail) {
    AuditRecord record;
    record.time = now;
    record.detail = std::move(detail);
    notes_.push_back(std::move(record));
  };
  if (opening_.torn_bytes != 0)
    note("cut off " + std::to_string(opening_.torn_bytes) + " bytes of a half record");
  if (opening_.unreadable != 0)
    note(std::to_string(opening_.unreadable) + " lines before this one are no records");
}

Result<> AuditLog::cut_torn_end() {
  if (torn_bytes_ == 0) return {};
  std::string text = PLIMSOLL_TRY(store_.read(kFile));
  text.resize(size_);
  PLIMSOLL_TRY(store_.replace(kFile, text));
  torn_bytes_ = 0;
  return {};
}

// The new file begins where the old one ended; a kill in between leaves no "audit.log", and the
// end is found in the full one.
Result<> AuditLog::change_file() {
  PLIMSOLL_TRY(store_.sync(kFile));
  PLIMSOLL_TRY(store_.rename(kFile, full_name(first_)));
  first_ = 0;
  size_ = 0;
  if (options_.most_files == 0) return {};
  const std::vector<std::string> files = PLIMSOLL_TRY(audit_files(store_));
  for (std::size_t i = 0; i + options_.most_files < files.size(); ++i)
    PLIMSOLL_TRY(store_.remove(files[i]));
  return {};
}

Result<> AuditLog::append(std::span<const AuditRecord> records) {
  const std::scoped_lock guard(mutex_);
  if (records.empty() && notes_.empty()) return {};
  PLIMSOLL_TRY(cut_torn_end());
  if (size_ >= options_.file_bytes) PLIMSOLL_TRY(change_file());
  std::string text;
  AuditHead head = head_;
  const auto add = [&](AuditRecord record) -> Result<> {
    record.seq = head.seq + 1;
    AuditLine line = PLIMSOLL_TRY(write_line(record, head.hash));
    text += line.text;
    head = std::move(line.head);
    return {};
  };
  for (const AuditRecord& note : notes_) PLIMSOLL_TRY(add(note));
  for (const AuditRecord& record : records) PLIMSOLL_TRY(add(record));
  PLIMSOLL_TRY(store_.append(kFile, text));
  notes_.clear();
  if (first_ == 0) first_ = head_.seq + 1;
  size_ += text.size();
  head_ = std::move(head);
  return {};
}

Result<> AuditLog::sync() {
  const std::scoped_lock guard(mutex_);
  return store_.sync(kFile);
}

AuditHead AuditLog::head() const {
  const std::scoped_lock guard(mutex_);
  return head_;
}

Result<AuditSpan> verify_audit(Store& store) {
  AuditSpan span;
  std::optional<AuditHead> head;
  for (const std::string& name : PLIMSOLL_TRY(audit_files(store))) {
    const std::string text = PLIMSOLL_TRY(read_if_there(store, name));
    ChainPart part = PLIMSOLL_TRY(in(name, check_chain(text, head)));
    head = std::move(part.head);
    ++span.files;
    span.records += part.records;
  }
  if (head) span.head = *std::move(head);
  return span;
}

}  // namespace plimsoll::control
