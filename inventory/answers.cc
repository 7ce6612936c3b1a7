// What the files do not hold, or do not let us read: asked of the runtime's socket through the
// caller, who does it elsewhere and brings the answer when there is one.
#include "inventory/cached_inventory.h"
#include "inventory/lookup.h"

namespace plimsoll::inventory {

namespace {

// A question not answered by then is taken for lost; one that failed is not asked again before.
constexpr std::chrono::nanoseconds kAnswerDeadline = std::chrono::seconds(60);

}  // namespace

void CachedInventory::ask(std::uint64_t serial, Entry& entry, const PathFacts& facts) {
  const MonoTime now = clock_.now();
  if (!ask_ || now < entry.asked_until) return;
  std::optional<Question> question = question_about(sources_, facts);
  if (!question) return;
  question->serial = serial;
  entry.asked_until = now + kAnswerDeadline;
  ++questions_;
  ask_(*std::move(question));  // Last: the answer may come from inside the call.
}

void CachedInventory::answer(const Question& question, const Result<std::string>& body) {
  const auto at = entries_.find(question.serial);
  if (at == entries_.end()) return;  // Gone meanwhile.
  Entry& entry = at->second;
  const PathFacts facts = facts_of(entry.identity->cgroup);
  Result<Record> record =
      body ? read_answer(sources_, facts, *body) : Result<Record>(Failure(body.error()));
  if (!record) {
    const ErrorKind kind = record.error().kind;
    if (kind == ErrorKind::kMalformed) ++failures_;
    // A daemon that refuses will do so again; labels are not worth asking it for ever.
    if (kind == ErrorKind::kNotOffered && body) entry.answered = true;
    if (kind != ErrorKind::kDenied || entry.identity->metadata == Metadata::kComplete) return;
    Identity identity = *entry.identity;
    identity.metadata = Metadata::kUnreadable;
    return set(entry, std::move(identity));
  }
  entry.answered = true;
  entry.asked_until = MonoTime::min();
  const bool from_files = !entry.stamps.empty();
  if (from_files) {
    // The files stay the source of what they hold; the answer adds the rest.
    Identity& fresh = record->identity;
    if (fresh.upper_dir.empty()) fresh.upper_dir = entry.identity->upper_dir;
    fresh.runtime_root = entry.identity->runtime_root;
    set(entry, std::move(fresh));
    return;
  }
  const bool changes = record->identity.has_health_check || !record->settled;
  found(question.serial, entry, *std::move(record));
  // From the socket alone a rename goes unseen; but a health state does change, so it is asked for
  // again, slowly.
  if (entry.settled) entry.due = changes ? clock_.now() + options_.last_retry : kNever;
}

}  // namespace plimsoll::inventory
