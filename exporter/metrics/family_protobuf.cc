// FamilyWriter's other half: io.prometheus.client.MetricFamily, each message after its length.
//
//   MetricFamily  name = 1, help = 2, type = 3, metric = 4, unit = 5
//   Metric        label = 1, gauge = 2, counter = 3, timestamp_ms = 6, histogram = 7
//   Gauge         value = 1
//   Counter       value = 1, created_timestamp = 3
//   Histogram     sample_count = 1, sample_sum = 2, bucket = 3 {cumulative_count = 1,
//                 upper_bound = 2}, schema = 5, zero_threshold = 6, zero_count = 7,
//                 positive_span = 12 {offset = 1, length = 2}, positive_delta = 13,
//                 created_timestamp = 15
// Source: prometheus/client_model, io/prometheus/client/metrics.proto.
#include "exporter/metrics/family.h"
#include "exporter/metrics/labels.h"
#include "exporter/metrics/wire.h"

namespace plimsoll::exporter {

namespace {

using wire::Type;

// MetricType of the schema.
std::uint64_t number_of(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kGauge:
      return 1;
    case FamilyType::kHistogram:
      break;
  }
  return 4;
}

// Field of Metric that holds a value of this type.
unsigned field_of(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 3;
    case FamilyType::kGauge:
      return 2;
    case FamilyType::kHistogram:
      break;
  }
  return 7;
}

void append_bucket(std::string& out, double bound, std::uint64_t cumulative) {
  char text[2 + 1 + wire::kMaxVarint + 1 + sizeof bound];
  char* to = text;
  *to++ = wire::tag(3, Type::kBytes);
  *to++ = static_cast<char>(1 + wire::varint_size(cumulative) + 1 + sizeof bound);
  *to++ = wire::tag(1, Type::kVarint);
  to = wire::put_varint(to, cumulative);
  *to++ = wire::tag(2, Type::kDouble);
  to = wire::put_double(to, bound);
  out.append(text, to);
}

void append_span(std::string& out, std::int32_t offset, std::uint32_t length) {
  char text[2 + 2 + 2 * wire::kMaxVarint];
  char* to = text;
  *to++ = wire::tag(12, Type::kBytes);
  *to++ =
      static_cast<char>(2 + wire::varint_size(wire::zigzag(offset)) + wire::varint_size(length));
  *to++ = wire::tag(1, Type::kVarint);
  to = wire::put_varint(to, wire::zigzag(offset));
  *to++ = wire::tag(2, Type::kVarint);
  to = wire::put_varint(to, length);
  out.append(text, to);
}

// Calls each(first, length) for every run of buckets that are not empty.
template <class Each>
void for_each_run(std::span<const std::uint32_t> counts, Each each) {
  for (std::size_t begin = 0; begin < counts.size();) {
    std::size_t end = begin;
    while (end < counts.size() && counts[end] != 0) ++end;
    if (end > begin) each(begin, end - begin);
    begin = end + 1;
  }
}

// A span's offset is the gap behind the one before; of the first one its index. Buckets then follow
// as differences to the bucket before.
void append_native(std::string& out, const NativeBuckets& native) {
  wire::append_varint_field(out, 5, wire::zigzag(native.schema));
  wire::append_double_field(out, 6, native.zero_threshold);
  wire::append_varint_field(out, 7, native.zero_count);
  std::int64_t at = 0;
  for_each_run(native.counts, [&](std::size_t first, std::size_t length) {
    const std::int64_t index = native.first + static_cast<std::int64_t>(first);
    append_span(out, static_cast<std::int32_t>(index - at), static_cast<std::uint32_t>(length));
    at = index + static_cast<std::int64_t>(length);
  });
  std::int64_t before = 0;
  for_each_run(native.counts, [&](std::size_t first, std::size_t length) {
    for (const std::uint32_t count : native.counts.subspan(first, length)) {
      wire::append_varint_field(out, 13, wire::zigzag(count - before));
      before = count;
    }
  });
}

}  // namespace

void FamilyWriter::begin_message() {
  message_ = page_.out.size();
  page_.out.append(wire::kPaddedVarint, '\0');
  wire::append_bytes_field(page_.out, 1, info_.name);
  wire::append_bytes_field(page_.out, 2, info_.help);
  wire::append_varint_field(page_.out, 3, number_of(info_.type));
  if (!info_.unit.empty()) wire::append_bytes_field(page_.out, 5, info_.unit);
}

void FamilyWriter::finish() {
  if (!started_ || page_.format != Format::kProtobuf) return;
  wire::put_padded_varint(page_.out.data() + message_,
                          page_.out.size() - message_ - wire::kPaddedVarint);
}

// The field with a google.protobuf.Timestamp {seconds = 1, nanos = 2}, if the time is known.
char* FamilyWriter::put_created(char* to, unsigned field) const {
  const auto ms = created_ms();
  if (!ms || *ms < 0) return to;
  const auto seconds = static_cast<std::uint64_t>(*ms) / 1000;
  const auto nanos = static_cast<std::uint64_t>(*ms) % 1000 * 1'000'000;
  *to++ = wire::tag(field, Type::kBytes);
  *to++ = static_cast<char>(2 + wire::varint_size(seconds) + wire::varint_size(nanos));
  *to++ = wire::tag(1, Type::kVarint);
  to = wire::put_varint(to, seconds);
  *to++ = wire::tag(2, Type::kVarint);
  return wire::put_varint(to, nanos);
}

void FamilyWriter::metric(std::string_view labels, Further further, double value) {
  char body[1 + sizeof value + kMaxCreated];
  body[0] = wire::tag(1, Type::kDouble);
  char* to = wire::put_double(body + 1, value);
  if (page_.created != nullptr && info_.type == FamilyType::kCounter) to = put_created(to, 3);
  append_metric(labels, further, {body, static_cast<std::size_t>(to - body)});
}

// Whatever is not a row's ready block and a few plain labels goes through page_.scratch first.
void FamilyWriter::append_metric(std::string_view labels, Further further, std::string_view body) {
  const std::string_view block = row_ ? page_.rows->encoded(*row_) : std::string_view();
  std::size_t pairs_size = 0;
  bool direct = row_ || labels.empty();
  for (const Label& label : further) {
    if (label.value.empty()) continue;
    pairs_size += wire::label_size(label.name, label.prefix, label.value);
    direct = direct && is_ascii(label.value);
  }
  if (direct) {
    append_message(pairs_size + block.size(), body, [&](char* to) {
      for (const Label& label : further)
        if (!label.value.empty()) to = wire::put_label(to, label.name, label.prefix, label.value);
      return wire::put_bytes(to, block);
    });
    return;
  }
  std::string& pairs = page_.scratch;
  pairs.clear();
  for (const Label& label : further)
    if (!label.value.empty()) append_label_pair(pairs, label);
  if (!row_) append_label_pairs(pairs, labels);
  append_message(pairs.size() + block.size(), body,
                 [&](char* to) { return wire::put_bytes(wire::put_bytes(to, pairs), block); });
}

// One Metric: the labels, which `put_labels` writes in exactly `labels_size` bytes, and the value.
template <class PutLabels>
void FamilyWriter::append_message(std::size_t labels_size, std::string_view body,
                                  PutLabels put_labels) {
  const auto time = static_cast<std::uint64_t>(time_ms_.value_or(0));
  const std::size_t size = labels_size + 1 + wire::varint_size(body.size()) + body.size() +
                           (time_ms_ ? 1 + wire::varint_size(time) : 0);
  std::string& out = page_.out;
  const std::size_t old = out.size();
  out.resize_and_overwrite(old + 1 + wire::kMaxVarint + size, [&](char* text, std::size_t) {
    char* to = text + old;
    *to++ = wire::tag(4, Type::kBytes);  // MetricFamily.metric
    to = put_labels(wire::put_varint(to, size));
    *to++ = wire::tag(field_of(info_.type), Type::kBytes);
    to = wire::put_varint(to, body.size());
    to = wire::put_bytes(to, body);
    if (time_ms_) {
      *to++ = wire::tag(6, Type::kVarint);
      to = wire::put_varint(to, time);
    }
    return static_cast<std::size_t>(to - text);
  });
}

void FamilyWriter::append_histogram(std::string& body, const HistogramSample& sample) const {
  wire::append_varint_field(body, 1, sample.count);
  wire::append_double_field(body, 2, sample.sum);
  // Without +Inf, as Prometheus' own clients: readers add it from the count.
  for (std::size_t i = 0; i < sample.bounds.size(); ++i)
    append_bucket(body, sample.bounds[i], sample.cumulative[i]);
  if (sample.native != nullptr) append_native(body, *sample.native);
  if (page_.created == nullptr) return;
  char created[kMaxCreated];
  body.append(created, put_created(created, 15));
}

}  // namespace plimsoll::exporter
