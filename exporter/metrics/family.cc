#include "exporter/metrics/family.h"

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

FamilyWriter& FamilyWriter::label(std::string_view name, std::string_view value,
                                  std::string_view prefix) {
  if (out_.back() != '{') out_ += ',';
  out_ += name;
  out_ += "=\"";
  out_ += prefix;
  append_label_value(out_, value);
  out_ += '"';
  return *this;
}

FamilyWriter& FamilyWriter::labels(std::string_view rendered) {
  if (rendered.empty()) return *this;
  if (out_.back() != '{') out_ += ',';
  out_ += rendered;
  return *this;
}

void FamilyWriter::value_text(std::string_view value) {
  if (out_.back() == '{')
    out_.back() = ' ';  // No labels, no braces.
  else
    out_ += "} ";
  out_ += value;
  out_ += '\n';
}

void FamilyWriter::value_unsigned(std::uint64_t value) {
  char text[kMaxNumber];
  value_text({text, put_unsigned(text, value)});
}

void FamilyWriter::value_seconds(std::uint64_t nanoseconds) {
  char text[kMaxNumber];
  value_text({text, put_seconds(text, nanoseconds)});
}

void FamilyWriter::value_double(double value) {
  char text[kMaxNumber];
  value_text({text, put_double(text, value)});
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
