#include "inventory/process.h"

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "inventory/path_facts.h"

namespace plimsoll::inventory {

namespace {

Result<std::string> read_process_file(const DirFd& proc, std::int32_t pid, const char* file) {
  return read_file_at(proc, (std::to_string(pid) + "/" + file).c_str());
}

// "4:memory:/docker/<id>", and "0::/docker/<id>" on cgroup v2: the path may hold colons.
std::string_view path_of_line(std::string_view line) {
  const std::size_t first = line.find(':');
  if (first == std::string_view::npos) return {};
  const std::size_t second = line.find(':', first + 1);
  if (second == std::string_view::npos) return {};
  std::string_view path = line.substr(second + 1);
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path;
}

// The kernel writes a blank in a mount's fields as \040 and a backslash as \134.
std::string unescape_octal(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size())
      if (const auto byte = to_number<unsigned char>(text.substr(i + 1, 3), 8)) {
        plain += static_cast<char>(*byte);
        i += 3;
        continue;
      }
    plain += text[i];
  }
  return plain;
}

}  // namespace

Membership membership(std::string_view proc_cgroup, std::string_view cgroup) {
  bool relative = false;
  std::string_view line;
  while (next_line(proc_cgroup, line)) {
    const std::string_view path = path_of_line(line);
    if (path == cgroup) return Membership::kInside;
    if (path.starts_with(cgroup) && path[cgroup.size()] == '/') return Membership::kInside;
    if (path.starts_with("/..")) relative = true;
  }
  return relative ? Membership::kUnknown : Membership::kOutside;
}

Result<Membership> process_membership(const DirFd& proc, std::int32_t pid,
                                      std::string_view cgroup) {
  const Result<std::string> text = read_process_file(proc, pid, "cgroup");
  if (text) return membership(*text, cgroup);
  const ErrorKind kind = text.error().kind;
  if (kind == ErrorKind::kNotOffered || kind == ErrorKind::kGone)
    return failure(ErrorKind::kGone, "openat", "process " + std::to_string(pid));
  return Membership::kUnknown;
}

std::string container_of_process(const DirFd& proc, std::int32_t pid) {
  const Result<std::string> text = read_process_file(proc, pid, "cgroup");
  if (!text) return {};
  std::string_view rest = *text;
  std::string_view line;
  while (next_line(rest, line)) {
    // The process may sit deeper than its container's group: try each parent too.
    std::string_view path = path_of_line(line);
    while (path.size() > 1) {
      const Identity identity = path_facts(path).identity;
      if (identity.is_container()) return identity.id;
      path = path.substr(0, path.rfind('/'));
    }
  }
  return {};
}

// "93 69 0:39 / / rw,relatime master:2 - overlay overlay rw,lowerdir=…,upperdir=/…/diff,workdir=…"
std::string upper_dir_of(std::string_view mountinfo) {
  std::string_view line;
  std::string upper;
  while (next_line(mountinfo, line)) {
    std::string_view word;
    std::string_view rest = line;
    bool root = true;
    for (int field = 1; field <= 5 && root; ++field)
      root = next_word(rest, word) && (field != 5 || word == "/");
    const std::size_t dash = rest.find(" - overlay ");
    if (!root || dash == std::string_view::npos) continue;
    const std::size_t at = rest.find("upperdir=", dash);
    if (at == std::string_view::npos) continue;
    const std::string_view value = rest.substr(at + std::string_view("upperdir=").size());
    upper = unescape_octal(value.substr(0, value.find(',')));  // The last mount on "/" is on top.
  }
  return upper;
}

std::string process_upper_dir(const DirFd& proc, std::int32_t pid) {
  const Result<std::string> text = read_process_file(proc, pid, "mountinfo");
  return text ? upper_dir_of(*text) : std::string();
}

}  // namespace plimsoll::inventory
