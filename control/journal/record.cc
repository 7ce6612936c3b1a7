#include "control/journal/record.h"

#include <type_traits>
#include <utility>

#include "control/journal/codec.h"

namespace plimsoll::control {
namespace {

// Each type is described once per direction, the same fields in the same order.

void put(Encoder& out, const Moment& moment) {
  out.text(moment.boot_id);
  out.number(static_cast<std::uint64_t>(moment.since_boot.count()));
  out.number(static_cast<std::uint64_t>(moment.wall.time_since_epoch().count()));
}

Result<std::chrono::nanoseconds> take_duration(Decoder& in) {
  const auto count = PLIMSOLL_TRY(in.number<std::uint64_t>());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(count));
}

Result<Moment> take_moment(Decoder& in) {
  Moment moment;
  moment.boot_id = PLIMSOLL_TRY(in.text());
  moment.since_boot = PLIMSOLL_TRY(take_duration(in));
  moment.wall = WallTime(PLIMSOLL_TRY(take_duration(in)));
  return moment;
}

void put(Encoder& out, const Cause& cause) {
  out.number(cause.uid);
  out.number(cause.pid);
  out.text(cause.comm);
  out.text(cause.rule);
}

Result<Cause> take_cause(Decoder& in) {
  Cause cause;
  cause.uid = PLIMSOLL_TRY(in.number<std::uint32_t>());
  cause.pid = PLIMSOLL_TRY(in.number<std::uint32_t>());
  cause.comm = PLIMSOLL_TRY(in.text());
  cause.rule = PLIMSOLL_TRY(in.text());
  return cause;
}

void put(Encoder& out, const limit::Place& place) {
  out.text(place.cgroup);
  out.number(static_cast<std::uint32_t>(place.hierarchy));
  out.number(place.inode);
}

Result<limit::Place> take_place(Decoder& in) {
  limit::Place place;
  place.cgroup = PLIMSOLL_TRY(in.text());
  place.hierarchy = PLIMSOLL_TRY(in.number<std::uint32_t>());
  place.inode = PLIMSOLL_TRY(in.number<std::uint64_t>());
  return place;
}

void put(Encoder& out, const std::vector<limit::UndoWrite>& writes) {
  out.number(static_cast<std::uint32_t>(writes.size()));
  for (const limit::UndoWrite& write : writes) {
    out.text(write.file);
    out.text(write.text);
  }
}

Result<std::vector<limit::UndoWrite>> take_undo(Decoder& in) {
  std::vector<limit::UndoWrite> writes(PLIMSOLL_TRY(in.count(8)));
  for (limit::UndoWrite& write : writes) {
    write.file = PLIMSOLL_TRY(in.text());
    write.text = PLIMSOLL_TRY(in.text());
  }
  return writes;
}

void put(Encoder& out, const Spot& spot) {
  put(out, spot.at);
  out.text(spot.file);
  out.text(spot.key);
}

Result<Spot> take_spot(Decoder& in) {
  Spot spot;
  spot.at = PLIMSOLL_TRY(take_place(in));
  spot.file = PLIMSOLL_TRY(in.text());
  spot.key = PLIMSOLL_TRY(in.text());
  return spot;
}

void put(Encoder& out, const Before& before) {
  out.text(before.text);
  put(out, before.writes);
}

Result<Before> take_before(Decoder& in) {
  Before before;
  before.text = PLIMSOLL_TRY(in.text());
  before.writes = PLIMSOLL_TRY(take_undo(in));
  return before;
}

// A knob by its name: the enum may grow in the middle.
void put(Encoder& out, const limit::Write& write) {
  put(out, spot_of(write));
  out.text(write.knob ? limit::name_of(*write.knob) : std::string_view());
  out.text(write.old_text);
  out.text(write.new_text);
  out.text(write.expected);
  out.text(write.effective_file);
  out.text(write.effective_text);
  put(out, write.undo);
  out.text(write.reason);
}

Result<limit::Write> take_write(Decoder& in) {
  Spot spot = PLIMSOLL_TRY(take_spot(in));
  limit::Write write;
  write.at = std::move(spot.at);
  write.file = std::move(spot.file);
  write.key = std::move(spot.key);
  const std::string knob = PLIMSOLL_TRY(in.text());
  write.knob = limit::knob_named(knob);
  if (!knob.empty() && !write.knob) return malformed(knob);
  write.old_text = PLIMSOLL_TRY(in.text());
  write.new_text = PLIMSOLL_TRY(in.text());
  write.expected = PLIMSOLL_TRY(in.text());
  write.effective_file = PLIMSOLL_TRY(in.text());
  write.effective_text = PLIMSOLL_TRY(in.text());
  write.undo = PLIMSOLL_TRY(take_undo(in));
  write.reason = PLIMSOLL_TRY(in.text());
  return write;
}

// The first byte of each record. Never given to another one.
enum class Kind : std::uint8_t {
  kStarted = 1,
  kBegun,
  kStepped,
  kEnded,
  kFound,
  kLease,
  kLeaseEnded,
  kForgotten,
  kCounted,
  kReturned
};

void put(Encoder& out, const Started& record) {
  out.number(static_cast<std::uint8_t>(Kind::kStarted));
  put(out, record.at);
}

Result<Record> take_started(Decoder& in) {
  return Started{PLIMSOLL_TRY(take_moment(in))};
}

void put(Encoder& out, const Begun& record) {
  out.number(static_cast<std::uint8_t>(Kind::kBegun));
  out.number(record.id);
  out.number(static_cast<std::uint8_t>(record.purpose));
  put(out, record.at);
  out.number(static_cast<std::uint64_t>(record.lease.count()));
  put(out, record.cause);
  out.number(static_cast<std::uint32_t>(record.writes.size()));
  for (const limit::Write& write : record.writes) put(out, write);
}

Result<Record> take_begun(Decoder& in) {
  Begun record;
  record.id = PLIMSOLL_TRY(in.number<std::uint64_t>());
  record.purpose = PLIMSOLL_TRY(in.enumerator(Purpose::kRepair));
  record.at = PLIMSOLL_TRY(take_moment(in));
  record.lease = PLIMSOLL_TRY(take_duration(in));
  record.cause = PLIMSOLL_TRY(take_cause(in));
  const std::size_t writes = PLIMSOLL_TRY(in.count(56));
  for (std::size_t i = 0; i < writes; ++i) record.writes.push_back(PLIMSOLL_TRY(take_write(in)));
  return record;
}

void put(Encoder& out, const Stepped& record) {
  out.number(static_cast<std::uint8_t>(Kind::kStepped));
  out.number(record.id);
  out.number(record.write);
  out.number(static_cast<std::uint8_t>(record.step));
  out.number(static_cast<std::uint8_t>(record.state));
  out.text(record.read_back);
}

Result<Record> take_stepped(Decoder& in) {
  Stepped record;
  record.id = PLIMSOLL_TRY(in.number<std::uint64_t>());
  record.write = PLIMSOLL_TRY(in.number<std::uint32_t>());
  record.step = PLIMSOLL_TRY(in.enumerator(Step::kAfterUndo));
  record.state = PLIMSOLL_TRY(in.enumerator(limit::WriteState::kGone));
  record.read_back = PLIMSOLL_TRY(in.text());
  return record;
}

void put(Encoder& out, const Ended& record) {
  out.number(static_cast<std::uint8_t>(Kind::kEnded));
  out.number(record.id);
  out.number(static_cast<std::uint8_t>(record.end));
  out.number(static_cast<std::uint32_t>(record.stuck.size()));
  for (const std::uint32_t write : record.stuck) out.number(write);
}

Result<Record> take_ended(Decoder& in) {
  Ended record;
  record.id = PLIMSOLL_TRY(in.number<std::uint64_t>());
  record.end = PLIMSOLL_TRY(in.enumerator(limit::Applied::End::kStuck));
  record.stuck.resize(PLIMSOLL_TRY(in.count(4)));
  for (std::uint32_t& write : record.stuck) write = PLIMSOLL_TRY(in.number<std::uint32_t>());
  return record;
}

void put(Encoder& out, const Found& record) {
  out.number(static_cast<std::uint8_t>(Kind::kFound));
  put(out, record.spot);
  put(out, record.found);
  out.text(record.ours);
  out.text(record.rule);
}

Result<Record> take_found(Decoder& in) {
  Found record;
  record.spot = PLIMSOLL_TRY(take_spot(in));
  record.found = PLIMSOLL_TRY(take_before(in));
  record.ours = PLIMSOLL_TRY(in.text());
  record.rule = PLIMSOLL_TRY(in.text());
  return record;
}

void put(Encoder& out, const Lease& record) {
  out.number(static_cast<std::uint8_t>(Kind::kLease));
  out.number(record.id);
  put(out, record.granted);
  out.number(static_cast<std::uint64_t>(record.length.count()));
  put(out, record.cause);
  out.number(static_cast<std::uint32_t>(record.spots.size()));
  for (const LeasedSpot& leased : record.spots) {
    put(out, leased.spot);
    put(out, leased.before);
  }
}

Result<Record> take_lease(Decoder& in) {
  Lease record;
  record.id = PLIMSOLL_TRY(in.number<std::uint64_t>());
  record.granted = PLIMSOLL_TRY(take_moment(in));
  record.length = PLIMSOLL_TRY(take_duration(in));
  record.cause = PLIMSOLL_TRY(take_cause(in));
  record.spots.resize(PLIMSOLL_TRY(in.count(32)));
  for (LeasedSpot& leased : record.spots) {
    leased.spot = PLIMSOLL_TRY(take_spot(in));
    leased.before = PLIMSOLL_TRY(take_before(in));
  }
  return record;
}

void put(Encoder& out, const LeaseEnded& record) {
  out.number(static_cast<std::uint8_t>(Kind::kLeaseEnded));
  out.number(record.id);
}

void put(Encoder& out, const Forgotten& record) {
  out.number(static_cast<std::uint8_t>(Kind::kForgotten));
  put(out, record.place);
}

void put(Encoder& out, const Counted& record) {
  out.number(static_cast<std::uint8_t>(Kind::kCounted));
  out.number(record.last_id);
}

void put(Encoder& out, const Returned& record) {
  out.number(static_cast<std::uint8_t>(Kind::kReturned));
  put(out, record.spot);
}

Result<Record> take_record(Decoder& in) {
  const auto kind = static_cast<Kind>(PLIMSOLL_TRY(in.number<std::uint8_t>()));
  switch (kind) {
    case Kind::kStarted:
      return take_started(in);
    case Kind::kBegun:
      return take_begun(in);
    case Kind::kStepped:
      return take_stepped(in);
    case Kind::kEnded:
      return take_ended(in);
    case Kind::kFound:
      return take_found(in);
    case Kind::kLease:
      return take_lease(in);
    case Kind::kLeaseEnded:
      return LeaseEnded{PLIMSOLL_TRY(in.number<std::uint64_t>())};
    case Kind::kForgotten:
      return Forgotten{PLIMSOLL_TRY(take_place(in))};
    case Kind::kCounted:
      return Counted{PLIMSOLL_TRY(in.number<std::uint64_t>())};
    case Kind::kReturned:
      return Returned{PLIMSOLL_TRY(take_spot(in))};
  }
  return malformed("record of kind " + std::to_string(static_cast<int>(kind)));
}

}  // namespace

Spot spot_of(const limit::Write& write) {
  return {write.at, write.file, write.key};
}

std::string encode(const Record& record) {
  Encoder out;
  std::visit([&](const auto& one) { put(out, one); }, record);
  return out.bytes();
}

Result<Record> decode(std::string_view bytes) {
  Decoder in(bytes);
  Record record = PLIMSOLL_TRY(take_record(in));
  if (!in.at_end()) return malformed("record goes on after its end");
  return record;
}

}  // namespace plimsoll::control
