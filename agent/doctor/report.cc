#include "agent/doctor/report.h"

#include <algorithm>

#include "agent/stats/units.h"

namespace plimsoll::agent {

namespace {

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::kOk:
      return "\033[32m";
    case Level::kWarn:
      return "\033[33m";
    case Level::kFail:
      return "\033[31m";
  }
  return "";
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - std::min(width, display_width(text)), ' ');
}

}  // namespace

std::string report_text(const std::vector<Finding>& findings, Paint paint) {
  constexpr std::size_t kLevelWidth = 4;
  constexpr std::string_view kGap = "  ";
  std::size_t subject_width = 0;
  for (const Finding& finding : findings)
    subject_width = std::max(subject_width, display_width(finding.subject));
  std::string out;
  for (const Finding& finding : findings) {
    const std::string level = padded(name_of(finding.level), kLevelWidth);
    out += paint == Paint::kColours ? std::string(colour_of(finding.level)) + level + "\033[0m"
                                    : level;
    out += kGap;
    out += padded(printable(finding.subject), subject_width);
    out += kGap;
    out += printable(finding.text);
    out += '\n';
    if (finding.remedy.empty()) continue;
    out += std::string(kLevelWidth + subject_width + 2 * kGap.size(), ' ');
    out += "-> " + printable(finding.remedy) + "\n";
  }
  return out;
}

std::string report_json(const std::vector<Finding>& findings) {
  std::string out = std::string("{\"usable\":") + (usable(findings) ? "true" : "false");
  out += ",\"findings\":[";
  for (const Finding& finding : findings) {
    if (!out.ends_with('[')) out += ',';
    out += "{\"level\":" + json_string(name_of(finding.level));
    out += ",\"subject\":" + json_string(finding.subject);
    out += ",\"text\":" + json_string(finding.text);
    if (!finding.remedy.empty()) out += ",\"remedy\":" + json_string(finding.remedy);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace plimsoll::agent
