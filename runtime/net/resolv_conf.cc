#include "runtime/net/resolv_conf.h"

#include <algorithm>

#include "base/fd.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::net {

namespace {

constexpr const char* kOurs = "127.0.0.11";
// Docker's last resort.
constexpr std::array kPublicServers = {"8.8.8.8", "8.8.4.4"};

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::string_view word; next_word(line, word);) words.emplace_back(word);
  return words;
}

std::string read_text(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  const auto directory = open_dir(path.substr(0, slash + 1).c_str());
  if (!directory) return "";
  return read_file_at(*directory, path.c_str() + slash + 1, 1 << 20).value_or("");
}

bool is_local(const std::string& server) {
  const auto address = parse_address(server);
  return !address || is_loopback(*address);
}

}  // namespace

Resolving parse_resolv_conf(std::string_view text) {
  Resolving result;
  for (std::string_view line; next_line(text, line);) {
    line = trim(line.substr(0, line.find_first_of("#;")));
    std::string_view key;
    if (!next_word(line, key)) continue;
    std::vector<std::string> words = words_of(line);
    if (key == "nameserver" && !words.empty() && parse_address(words.front()))
      result.servers.push_back(words.front());
    // The last of either counts.
    if (key == "search" || key == "domain")
      result.search = std::move(words);
    else if (key == "options")
      std::ranges::move(words, std::back_inserter(result.options));
  }
  return result;
}

Resolving host_resolving(const std::string& etc_path, const std::string& resolved_path) {
  Resolving host = parse_resolv_conf(read_text(etc_path));
  const bool stub = host.servers.size() == 1 && host.servers.front() == "127.0.0.53";
  if (!stub) return host;
  const Resolving behind = parse_resolv_conf(read_text(resolved_path));
  return behind.servers.empty() ? host : behind;
}

Resolving without_loopback(Resolving host) {
  std::erase_if(host.servers, is_local);
  if (host.servers.empty()) host.servers.assign(kPublicServers.begin(), kPublicServers.end());
  return host;
}

Resolving with_names(Resolving host) {
  host.servers = {kOurs};
  std::erase_if(host.options, [](const std::string& o) { return o.starts_with("ndots:"); });
  host.options.emplace_back("ndots:0");
  return host;
}

}  // namespace plimsoll::net
