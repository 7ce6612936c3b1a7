#include "http/head_scan.h"

namespace plimsoll::http {

namespace {

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

HeadScan::Verdict HeadScan::look(std::string_view bytes) {
  // No method in use starts with anything else, and waiting for the rest would only run into the
  // deadline.
  if (!bytes.empty() && !is_letter(bytes.front())) return Verdict::kNotHttp;
  while (line_ < bytes.size()) {
    if (bytes[line_] == ' ' || bytes[line_] == '\t') return Verdict::kFolded;
    const std::size_t end = bytes.find('\n', scanned_);
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      return Verdict::kMore;
    }
    if (end == line_ || bytes[end - 1] != '\r') return Verdict::kBareLf;
    const bool is_empty_line = end == line_ + 1;
    line_ = end + 1;
    scanned_ = line_;
    if (is_empty_line) return Verdict::kComplete;
  }
  return Verdict::kMore;
}

}  // namespace plimsoll::http
