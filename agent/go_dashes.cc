#include "agent/go_dashes.h"

namespace plimsoll::agent {

std::vector<std::string> with_two_dashes(std::vector<std::string> arguments,
                                         const std::function<bool(std::string_view)>& is_option) {
  std::vector<std::string> out;
  out.reserve(arguments.size());
  bool options_ended = false;
  for (std::string& argument : arguments) {
    options_ended = options_ended || argument == "--";
    const bool dashed = !options_ended && argument.size() >= 2 && argument[0] == '-';
    std::string longer = dashed && argument[1] != '-' ? '-' + argument : argument;
    const std::size_t equals = longer.find('=');
    if (!dashed || !is_option(std::string_view(longer).substr(0, equals))) {
      out.push_back(std::move(argument));
      continue;
    }
    // "--name=" has an empty value, which CLI11 takes for none: it would use the next argument.
    const bool empty_value = equals + 1 == longer.size();
    if (empty_value) longer.pop_back();
    out.push_back(std::move(longer));
    if (empty_value) out.emplace_back();
  }
  return out;
}

}  // namespace plimsoll::agent
