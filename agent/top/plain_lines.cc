#include "agent/top/plain_lines.h"

#include <algorithm>

#include "agent/top/grid.h"
#include "base/text.h"

namespace plimsoll::agent::top {

namespace {

constexpr std::string_view kPlainName =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@:/";
constexpr char kEscape = '\033';

// How long the command is that `text` begins with, its escape character included (ECMA-48: CSI up
// to its final byte, OSC and the like up to BEL or ST, else two characters).
std::size_t command_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == '[') {
    const auto end =
        std::find_if(text.begin() + 2, text.end(), [](char c) { return c >= 0x40 && c <= 0x7E; });
    return static_cast<std::size_t>(end - text.begin()) + (end == text.end() ? 0 : 1);
  }
  if (std::string_view("]PX^_").find(text[1]) == std::string_view::npos) return 2;
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] == '\a') return i + 1;
    if (text[i] == kEscape && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
  }
  return text.size();
}

std::string plain(std::string_view line) {
  constexpr std::size_t kTab = 8;
  std::string out;
  while (!line.empty() && out.size() < kLongestLine) {
    std::size_t taken = 1;
    if (line.front() == kEscape)
      taken = command_length(line);
    else if (line.front() == '\t')
      out.append(kTab - out.size() % kTab, ' ');
    else if (line.front() != '\r')
      out += line.front();
    line.remove_prefix(taken);
  }
  return out;
}

}  // namespace

std::vector<std::string> plain_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string_view line;
  while (next_line(text, line)) lines.push_back(plain(line));
  return lines;
}

std::vector<std::string> wrapped(const std::vector<std::string>& lines, std::size_t width) {
  constexpr std::string_view kIndent = "    ";
  std::vector<std::string> out;
  for (const std::string& line : lines) {
    std::string valid;
    append_valid_utf8(valid, line);
    std::string_view rest = valid;
    std::string indent;
    do {
      const std::size_t room = width > 2 * kIndent.size() ? width - indent.size() : width;
      std::size_t taken = bytes_within(rest, room);
      const std::size_t blank =
          taken < rest.size() ? rest.rfind(' ', taken) : std::string_view::npos;
      // A word that fills half a line is cut rather than the line left half empty.
      if (blank != std::string_view::npos && blank > taken / 2) taken = blank;
      out.push_back(indent + std::string(rest.substr(0, taken)));
      rest.remove_prefix(taken);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
      if (width > 2 * kIndent.size()) indent = kIndent;
    } while (!rest.empty());
  }
  return out;
}

std::string logs_command_of(std::string_view runtime, std::string_view name, std::string_view id) {
  const std::string short_id(id.substr(0, 12));
  // It will be pasted into a shell.
  if (name.find_first_not_of(kPlainName) != std::string_view::npos) return "";
  if (runtime == "docker" || runtime == "podman" || runtime == "nerdctl")
    return std::string(runtime) + " logs --tail 100 " + std::string(name);
  if (runtime == "containerd" || runtime == "crio") return "crictl logs --tail 100 " + short_id;
  if (runtime == "systemd") return "journalctl -n 100 -u " + std::string(name);
  if (runtime == "nspawn") return "journalctl -n 100 -M " + std::string(name);
  return "";
}

}  // namespace plimsoll::agent::top
