#include "exporter/stream/view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exporter/stream/frame.h"
#include "exporter/stream/json.h"
#include "exporter/stream/json_columns.h"

namespace plimsoll::exporter {

namespace {

// Of hot files on v1 and v2 alike, or not of control files at all.
constexpr std::array kOfEveryTick = {
    cgroupfs::Field::kCpuUsage,         cgroupfs::Field::kMemoryUsage,
    cgroupfs::Field::kMemoryWorkingSet, cgroupfs::Field::kMemoryRss,
    cgroupfs::Field::kMemoryCache,      cgroupfs::Field::kIoReadBytes,
    cgroupfs::Field::kIoWriteBytes,     cgroupfs::Field::kNetRxBytes,
    cgroupfs::Field::kNetTxBytes,       cgroupfs::Field::kFsUsage};

}  // namespace

StreamView::StreamView(const StreamQuery& query)
    : selection_(query.selection),
      format_(query.format),
      columns_(query.columns),
      deflater_(query.gzip ? std::make_unique<PartDeflater>() : nullptr) {}

std::string StreamView::key(const StreamQuery& query) {
  std::string key = query.selection.key();
  key += query.format == StreamFormat::kSse ? "|sse" : "|ndjson";
  if (query.gzip) key += "|gzip";
  for (const cgroupfs::Field field : query.columns)
    key.append("|").append(std::to_string(static_cast<unsigned>(field)));
  return key;
}

void StreamView::follow(const Snapshot& snapshot) {
  if (snapshot.rows_since != 0 && snapshot.rows_since == layout_) return;
  layout_ = snapshot.rows_since;
  rows_ = select_rows(snapshot, selection_);
  Who who;
  who.reserve(rows_.size());
  for (const std::size_t row : rows_)
    who.emplace_back(snapshot.rows[row].serial, snapshot.rows[row].identity);
  if (who == who_ && who_since_ != 0) return;
  who_ = std::move(who);
  who_since_ = snapshot.sequence;
}

bool StreamView::shows_more_than_ticks_read() const {
  return columns_.empty() || !std::ranges::all_of(columns_, [](cgroupfs::Field field) {
           return std::ranges::find(kOfEveryTick, field) != kOfEveryTick.end();
         });
}

StreamView::Frame StreamView::frame(const Snapshot& snapshot, std::uint64_t since) {
  if (std::exchange(sequence_, snapshot.sequence) != snapshot.sequence) frames_.clear();
  // Whole containers are relative to nothing, and so is a frame that says who they are.
  if (columns_.empty() || since < who_since_) since = 0;
  Frame& frame = frames_[since];
  if (!frame.bytes) {
    frame = format(snapshot, since);
    ++formatted_;
  }
  return frame;
}

StreamView::Frame StreamView::format(const Snapshot& snapshot, std::uint64_t since) const {
  std::string json;
  std::string_view event = "snapshot";
  if (columns_.empty()) {
    append_snapshot(json, snapshot, rows_);
  } else if (since == 0) {
    append_key_frame(json, snapshot, rows_, columns_);
  } else {
    append_change_frame(json, snapshot, rows_, columns_, since);
    event = "changes";
  }
  std::string text = framed(format_, event, snapshot.sequence, json);
  return deflater_ ? deflater_->deflate(text) : plain_part(std::move(text));
}

}  // namespace plimsoll::exporter
