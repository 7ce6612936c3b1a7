#include "exporter/collect/local_addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

void add_once(std::vector<std::string>& addresses, std::string address) {
  if (std::ranges::find(addresses, address) == addresses.end())
    addresses.push_back(std::move(address));
}

// 32 hexadecimal digits.
std::optional<std::string> ipv6_text(std::string_view digits) {
  if (digits.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = to_number<std::uint8_t>(digits.substr(2 * i, 2), 16);
    if (!byte) return std::nullopt;
    bytes[i] = *byte;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return std::string(text.data());
}

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

// A kernel without the protocol has no such file; everything else is a failure.
Result<std::string> read_if_there(const DirFd& proc, const std::string& name) {
  auto text = read_file_at(proc, name.c_str());
  if (!text && text.error().kind == ErrorKind::kNotOffered) return std::string();
  return text;
}

}  // namespace

Result<std::vector<std::string>> parse_fib_trie(std::string_view text) {
  constexpr std::string_view kLeaf = "|--";
  std::vector<std::string> addresses;
  std::string_view leaf;
  std::string_view line;
  while (next_line(text, line)) {
    const std::string_view entry = trim(line);
    if (entry.starts_with(kLeaf)) {
      leaf = trim(entry.substr(kLeaf.size()));
      if (!is_ipv4(leaf)) return malformed(line);
    } else if (entry == "/32 host LOCAL") {
      if (leaf.empty()) return malformed(line);
      if (!leaf.starts_with("127.")) add_once(addresses, std::string(leaf));
    }
  }
  return addresses;
}

Result<std::vector<std::string>> parse_if_inet6(std::string_view text) {
  std::vector<std::string> addresses;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view rest = line;
    std::array<std::string_view, 5> words;
    for (std::string_view& word : words)
      if (!next_word(rest, word)) return malformed(line);
    auto address = ipv6_text(words[0]);
    if (!address) return malformed(line);
    if (words[3] == "00") add_once(addresses, *std::move(address));
  }
  return addresses;
}

Result<std::vector<std::string>> local_addresses(const DirFd& proc, std::int32_t pid) {
  const std::string directory = std::to_string(pid) + "/net/";
  const std::string ipv4 = PLIMSOLL_TRY(read_if_there(proc, directory + "fib_trie"));
  std::vector<std::string> addresses =
      PLIMSOLL_TRY(in(directory + "fib_trie", parse_fib_trie(ipv4)));
  const std::string ipv6 = PLIMSOLL_TRY(read_if_there(proc, directory + "if_inet6"));
  const auto more = PLIMSOLL_TRY(in(directory + "if_inet6", parse_if_inet6(ipv6)));
  addresses.insert(addresses.end(), more.begin(), more.end());
  return addresses;
}

}  // namespace plimsoll::exporter
