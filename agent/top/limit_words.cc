#include "agent/top/limit_words.h"

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace plimsoll::agent::top {

namespace {

// One of "-m,--memory,--memory-max" without its dashes?
bool is_called(const LimitFlag& flag, std::string_view name) {
  std::string_view rest = flag.names;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    one.remove_prefix(std::min(one.size(), one.find_first_not_of('-')));
    if (one == name) return true;
  }
  return false;
}

const LimitFlag* find_flag(std::string_view name) {
  for (const LimitFlag& flag : limit_flags())
    if (is_called(flag, name)) return &flag;
  return nullptr;
}

Result<> take_word(std::string_view word, std::vector<TypedFlag>& typed, RequestOptions& options) {
  word.remove_prefix(std::min(word.size(), word.find_first_not_of('-')));
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  std::optional<std::string> value;
  if (equals != std::string_view::npos) value = std::string(word.substr(equals + 1));
  if (name == "force" && !value) {
    options.force = true;
    return {};
  }
  if (name == "for" && value) {
    options.lease = *value;
    return {};
  }
  const LimitFlag* flag = find_flag(name);
  if (flag == nullptr)
    return invalid_input("limit", "'" + std::string(name) +
                                      "' is no limit: memory, cpus, pids, swap, cpu-weight, "
                                      "io-rbps ... as 'plimsoll limit set --help' lists them");
  typed.push_back({flag, std::move(value)});
  return {};
}

}  // namespace

Result<LimitWishes> parse_limit_words(std::string_view text) {
  std::vector<TypedFlag> typed;
  RequestOptions options;
  std::string_view word;
  while (next_word(text, word)) PLIMSOLL_TRY(take_word(word, typed, options));
  if (typed.empty()) return invalid_input("limit", "say what to set, such as memory=64M cpus=0.5");
  const auto by_number = [](const std::string& path) -> Result<std::string> {
    return invalid_input("limit", path + ": give the disk's number, such as 8:0 (lsblk shows it)");
  };
  return parse_wishes(Verb::kSet, typed, options, by_number);
}

}  // namespace plimsoll::agent::top
