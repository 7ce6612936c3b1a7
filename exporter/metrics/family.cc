#include "exporter/metrics/family.h"

#include <cstring>

#include "exporter/metrics/labels.h"

namespace plimsoll::exporter {

namespace {

std::string_view word_for(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      break;
  }
  return "histogram";
}

}  // namespace

FamilyWriter::FamilyWriter(std::string& out, const FamilyInfo& info) : out_(out), info_(info) {
  PLIMSOLL_CHECK(info.name.size() <= name_.size());
  put_text(name_.data(), info.name);
}

void FamilyWriter::write_heading() {
  started_ = true;
  // Help texts are one line without backslashes (a test checks), so nothing needs escaping.
  out_ += "# HELP ";
  out_ += info_.name;
  out_ += ' ';
  out_ += info_.help;
  out_ += "\n# TYPE ";
  out_ += info_.name;
  out_ += ' ';
  out_ += word_for(info_.type);
  out_ += '\n';
}

template <class Put>
void FamilyWriter::print(std::string_view labels, Further further, Put put) {
  if (!started_) [[unlikely]]
    write_heading();
  const std::size_t old = out_.size();
  std::size_t most = kPrefixRoom + suffix_.size() + labels.size() + kMaxNumber + 4;
  for (const Label& label : further)
    most += label.name.size() + label.prefix.size() + kMaxEscaped * label.value.size() + 4;
  out_.resize_and_overwrite(old + most, [&](char* text, std::size_t) {
    char* to = text + old;
    std::memcpy(to, name_.data(), kPrefixRoom);
    to = put_text(to + info_.name.size(), suffix_);
    char* const open = to++;
    for (const Label& label : further) {
      if (label.value.empty()) continue;
      to = put_text(to, label.name);
      *to++ = '=';
      *to++ = '"';
      to = put_text(to, label.prefix);
      to = put_label_value(to, label.value);
      *to++ = '"';
      *to++ = ',';
    }
    if (!labels.empty())
      to = put_text(to, labels);
    else
      --to;  // The last comma, or where the brace would have been.
    if (to > open) {
      *open = '{';
      *to++ = '}';
    }
    *to++ = ' ';
    to = put(to);
    *to++ = '\n';
    return static_cast<std::size_t>(to - text);
  });
}

void FamilyWriter::count(std::string_view labels, std::uint64_t value, Further further) {
  print(labels, further, [value](char* to) { return put_unsigned(to, value); });
}

void FamilyWriter::integer(std::string_view labels, std::int64_t value, Further further) {
  print(labels, further, [value](char* to) { return put_signed(to, value); });
}

void FamilyWriter::seconds(std::string_view labels, std::uint64_t nanoseconds, Further further) {
  print(labels, further, [nanoseconds](char* to) { return put_seconds(to, nanoseconds); });
}

void FamilyWriter::real(std::string_view labels, double value, Further further) {
  print(labels, further, [value](char* to) { return put_double(to, value); });
}

std::array<FamilyTable, 13> family_tables() {
  return {{
      {"Identity, life and limits", families_spec()},
      {"CPU", families_cpu()},
      {"Memory", families_memory()},
      {"Block IO", families_io()},
      {"File systems", families_disk()},
      {"Network", families_network()},
      {"Pressure and OOM kills", families_pressure()},
      {"Groups that are off by default", families_optional()},
      {"Machine", families_machine()},
      {"Containers, beyond cAdvisor", families_container()},
      {"The exporter: sampling", families_self(), true},
      {"The exporter: its rooms", families_self_rooms(), true},
      {"The exporter: its process", families_process(), true},
  }};
}

}  // namespace plimsoll::exporter
