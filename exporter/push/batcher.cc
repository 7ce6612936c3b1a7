#include "exporter/push/batcher.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace plimsoll::exporter {

Batcher::Batcher(BatcherOptions options) : options_(std::move(options)) {}

std::vector<Batch> Batcher::batches(std::string text, WallTime at) {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  Batches done;
  std::vector<Known> seen;
  seen.reserve(known_.size());
  std::string_view rest = text;
  for (;;) {
    const Result<std::optional<SeriesLine>> next = next_series(rest);
    if (!next) {
      ++malformed_lines_;
      continue;
    }
    if (!*next) break;
    const SeriesLine& series = **next;
    seen.push_back({std::hash<std::string_view>{}(series.key),
                    static_cast<std::size_t>(series.key.data() - text.data())});
    add(done, series, series.value, series.milliseconds.value_or(now));
  }
  add_up(done, now);
  std::ranges::sort(seen);
  add_ended(done, seen, now);
  close_request(done);
  previous_ = std::move(text);
  known_ = std::move(seen);
  return done;
}

void Batcher::add(Batches& done, const SeriesLine& series, double value,
                  std::int64_t milliseconds) {
  labels_.clear();
  labels_.push_back({"__name__", std::string(series.name)});
  if (!append_labels(series.labels, labels_)) {
    ++malformed_lines_;
    return;
  }
  put(done, value, milliseconds);
}

void Batcher::add_up(Batches& done, std::int64_t milliseconds) {
  labels_.assign({{"__name__", "up"}});
  put(done, 1, milliseconds);
}

void Batcher::add_ended(Batches& done, const std::vector<Known>& now, std::int64_t milliseconds) {
  auto current = now.begin();
  for (const Known& known : known_) {
    while (current != now.end() && current->hash < known.hash) ++current;
    if (current != now.end() && current->hash == known.hash) continue;
    std::string_view line = std::string_view(previous_).substr(known.offset);
    const Result<std::optional<SeriesLine>> series = next_series(line);
    if (series && *series) add(done, **series, stale_marker(), milliseconds);
  }
}

// Completes labels_ and adds the sample.
void Batcher::put(Batches& done, double value, std::int64_t milliseconds) {
  const std::size_t own = labels_.size();
  for (const PushLabel& external : options_.external_labels) {
    const auto begin = labels_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(own);
    if (std::ranges::find(begin, end, external.name, &PushLabel::name) == end)
      labels_.push_back(external);
  }
  std::ranges::sort(labels_, {}, &PushLabel::name);
  request_.add(labels_, value, milliseconds);
  if (request_.samples() >= options_.samples_per_request) close_request(done);
}

void Batcher::close_request(Batches& done) {
  if (request_.samples() == 0) return;
  const std::uint64_t samples = request_.samples();
  done.push_back({request_.take_compressed(), samples});
}

}  // namespace plimsoll::exporter
