#include "exporter/metrics/family.h"

#include <cstring>

#include "exporter/metrics/labels.h"
#include "exporter/metrics/strict.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::size_t kMaxTime = 24;  // A blank, milliseconds of Unix time, a sign.

// OpenMetrics names a counter's family without _total. cAdvisor has counters without that ending;
// renaming their series would break every query, so OpenMetrics hears that their type is unknown.
bool is_short_of_total(const FamilyInfo& info) {
  return info.type == FamilyType::kCounter && !info.name.ends_with(kTotal);
}

std::string_view stem_of(const FamilyInfo& info) {
  std::string_view name = info.name;
  if (info.type == FamilyType::kCounter && name.ends_with(kTotal))
    name.remove_suffix(kTotal.size());
  return name;
}

// OpenMetrics allows a unit only where the name ends with it; a few of cAdvisor's do not.
bool ends_with_unit(std::string_view name, std::string_view unit) {
  return !unit.empty() && name.size() > unit.size() && name.ends_with(unit) &&
         name[name.size() - unit.size() - 1] == '_';
}

// Groups whose counters are the cgroup's own, and so began with it.
bool counts_since_birth(cgroupfs::Group group) {
  switch (group) {
    case Group::kCpu:
    case Group::kPercpu:
    case Group::kMemory:
    case Group::kDiskIo:
    case Group::kOomEvent:
    case Group::kPressure:
    case Group::kAlways:
      return true;
    default:
      return false;
  }
}

std::int64_t milliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// OpenMetrics has seconds where text has milliseconds.
char* put_time(char* to, Format format, std::int64_t ms) {
  if (format != Format::kOpenMetrics) return put_signed(to, ms);
  if (ms < 0) *to++ = '-';
  return put_seconds(
      to,
      (ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms)) * 1'000'000);
}

}  // namespace

FamilyWriter::FamilyWriter(Page& page, const FamilyInfo& info)
    : page_(page),
      info_(info),
      name_size_(info.name.size()),
      invents_zeros_(page.compat == Compat::kStrict && exporter::invents_zeros(info.name)) {
  PLIMSOLL_CHECK(info.name.size() <= name_.size());
  put_text(name_.data(), info.name);
}

void FamilyWriter::set_time(std::optional<WallTime> time) {
  time_ms_.reset();
  if (time) time_ms_ = milliseconds(*time);
}

std::optional<std::int64_t> FamilyWriter::created_ms() const {
  if (page_.created == nullptr || info_.type == FamilyType::kGauge) return std::nullopt;
  if (!row_) {
    const bool ours = info_.name.starts_with("plimsoll_") || info_.name.starts_with("process_");
    return ours && page_.process_created_ms > 0 ? std::optional(page_.process_created_ms)
                                                : std::nullopt;
  }
  if (*row_ >= page_.created->rows.size() || !counts_since_birth(info_.group)) return std::nullopt;
  const WallTime born = page_.created->rows[*row_].group_created;
  if (born == WallTime{}) return std::nullopt;
  return milliseconds(born);
}

// Is the series to be written? `lines`: how many lines it is in text.
bool FamilyWriter::admit(std::string_view labels, std::uint32_t lines) {
  if (page_.rows != nullptr) {
    row_ = page_.rows->find(labels);
    if (row_ && page_.hidden != nullptr && (*page_.hidden)[*row_] != 0) return false;
  }
  add_lines(lines);
  if (!started_) [[unlikely]]
    describe();
  return true;
}

void FamilyWriter::add_lines(std::uint32_t lines) {
  page_.series += lines;
  if (!row_)
    page_.unowned += lines;
  else if (page_.series_by_row != nullptr)
    (*page_.series_by_row)[*row_] += lines;
}

void FamilyWriter::describe() {
  started_ = true;
  if (page_.format == Format::kProtobuf)
    begin_message();
  else
    describe_text();
}

void FamilyWriter::describe_text() {
  const bool open_metrics = page_.format == Format::kOpenMetrics;
  const std::string_view name = open_metrics ? stem_of(info_) : info_.name;
  const auto line = [&](std::string_view word, std::string_view what) {
    page_.out += "# ";
    page_.out += word;
    page_.out += ' ';
    page_.out += name;
    page_.out += ' ';
    page_.out += what;
    page_.out += '\n';
  };
  // Help texts are one line without backslashes and quotes (a test checks), so nothing needs
  // escaping.
  line("HELP", info_.help);
  line("TYPE", open_metrics && is_short_of_total(info_) ? "unknown" : name_of(info_.type));
  if (open_metrics && ends_with_unit(name, info_.unit)) line("UNIT", info_.unit);
}

template <class Put>
void FamilyWriter::print(const Series& series, Put put) {
  const std::size_t old = page_.out.size();
  std::size_t most =
      kPrefixRoom + series.suffix.size() + series.labels.size() + kMaxNumber + kMaxTime + 4;
  const auto room_for = [](const Label& label) {
    return label.name.size() + label.prefix.size() + kMaxEscaped * label.value.size() + 4;
  };
  for (const Label& label : series.further) most += room_for(label);
  most += room_for(series.last);
  page_.out.resize_and_overwrite(old + most, [&](char* text, std::size_t) {
    char* to = text + old;
    std::memcpy(to, name_.data(), kPrefixRoom);
    to = put_text(to + name_size_, series.suffix);
    char* const open = to++;
    const auto put_label = [&](const Label& label) {
      if (label.value.empty()) return;
      to = put_text(to, label.name);
      *to++ = '=';
      *to++ = '"';
      to = put_text(to, label.prefix);
      to = put_label_value(to, label.value);
      *to++ = '"';
      *to++ = ',';
    };
    for (const Label& label : series.further) put_label(label);
    put_label(series.last);
    if (!series.labels.empty())
      to = put_text(to, series.labels);
    else
      --to;  // The last comma, or where the brace would have been.
    if (to > open) {
      *open = '{';
      *to++ = '}';
    }
    *to++ = ' ';
    to = put(to);
    if (time_ms_) {
      *to++ = ' ';
      to = put_time(to, page_.format, *time_ms_);
    }
    *to++ = '\n';
    return static_cast<std::size_t>(to - text);
  });
}

void FamilyWriter::print_created(std::string_view labels, Further further) {
  if (page_.format != Format::kOpenMetrics || is_short_of_total(info_)) return;
  const auto created = created_ms();
  if (!created) return;
  name_size_ = stem_of(info_).size();
  print({"_created", labels, further, {}},
        [&](char* to) { return put_time(to, Format::kOpenMetrics, *created); });
  name_size_ = info_.name.size();
  add_lines(1);
}

void FamilyWriter::count(std::string_view labels, std::uint64_t value, Further further) {
  if (!admit(labels, 1)) return;
  if (page_.format == Format::kProtobuf) return metric(labels, further, static_cast<double>(value));
  print({{}, labels, further, {}}, [value](char* to) { return put_unsigned(to, value); });
  if (page_.created != nullptr) print_created(labels, further);
}

void FamilyWriter::integer(std::string_view labels, std::int64_t value, Further further) {
  if (!admit(labels, 1)) return;
  if (page_.format == Format::kProtobuf) return metric(labels, further, static_cast<double>(value));
  print({{}, labels, further, {}}, [value](char* to) { return put_signed(to, value); });
  if (page_.created != nullptr) print_created(labels, further);
}

void FamilyWriter::seconds(std::string_view labels, std::uint64_t nanoseconds, Further further) {
  if (!admit(labels, 1)) return;
  if (page_.format == Format::kProtobuf)
    return metric(labels, further, static_cast<double>(nanoseconds) / static_cast<double>(kNano));
  print({{}, labels, further, {}},
        [nanoseconds](char* to) { return put_seconds(to, nanoseconds); });
  if (page_.created != nullptr) print_created(labels, further);
}

void FamilyWriter::real(std::string_view labels, double value, Further further) {
  if (!admit(labels, 1)) return;
  if (page_.format == Format::kProtobuf) return metric(labels, further, value);
  print({{}, labels, further, {}}, [value](char* to) { return put_double(to, value); });
  if (page_.created != nullptr) print_created(labels, further);
}

void FamilyWriter::print_bucket(std::string_view labels, Further further, double bound,
                                std::uint64_t count) {
  char text[kMaxNumber];
  const char* const end = put_bound(text, bound);
  std::string_view le(text, static_cast<std::size_t>(end - text));
  // OpenMetrics wants its bounds to look like floats. (So does Prometheus when it reads protobuf.)
  char with_point[kMaxNumber + 2];
  if (page_.format == Format::kOpenMetrics && le.find_first_of(".eI") == std::string_view::npos)
    le = {with_point, put_text(put_text(with_point, le), ".0")};
  print({"_bucket", labels, further, {"le", le}},
        [count](char* to) { return put_unsigned(to, count); });
}

void FamilyWriter::histogram(std::string_view labels, const HistogramSample& sample,
                             Further further) {
  // The buckets, +Inf, sum and count.
  if (!admit(labels, static_cast<std::uint32_t>(sample.bounds.size() + 3))) return;
  if (page_.format == Format::kProtobuf) {
    std::string& body = page_.body;
    body.clear();
    append_histogram(body, sample);
    return append_metric(labels, further, body);
  }
  for (std::size_t i = 0; i < sample.bounds.size(); ++i)
    print_bucket(labels, further, sample.bounds[i], sample.cumulative[i]);
  print_bucket(labels, further, std::numeric_limits<double>::infinity(), sample.count);
  print({"_sum", labels, further, {}}, [&](char* to) { return put_double(to, sample.sum); });
  print({"_count", labels, further, {}}, [&](char* to) { return put_unsigned(to, sample.count); });
  if (page_.created != nullptr) print_created(labels, further);
}

}  // namespace plimsoll::exporter
