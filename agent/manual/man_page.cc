#include "agent/manual/man_page.h"

#include <algorithm>
#include <cctype>

namespace plimsoll::agent {

namespace {

std::string bold(std::string_view text) {
  return "\\fB" + roff_text(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + roff_text(text) + "\\fR";
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string synopsis(const CommandText& command) {
  std::string text = ".SH SYNOPSIS\n.B " + roff_text(joined(command, ' ')) + "\n";
  if (!command.commands.empty())
    return text + italic("COMMAND") + " [" + italic("OPTION") + "]...\n";
  text += "[" + italic("OPTION") + "]...";
  for (const ArgumentText& argument : command.arguments)
    text += " [" + italic(argument.name) + "]" + (argument.repeatable ? "..." : "");
  return text + "\n";
}

// Lines that begin with spaces are examples, the others are paragraphs.
std::string details(const std::string& text) {
  std::string out;
  bool example = false;
  bool gap = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) {
      gap = true;
      continue;
    }
    const bool indented = line.starts_with(' ');
    if (example && !indented) out += ".fi\n.RE\n";
    if (!indented && (gap || example)) out += ".PP\n";
    if (!example && indented) out += ".PP\n.RS 4\n.nf\n";
    example = indented;
    gap = false;
    out += roff_text(indented ? line.substr(std::min(line.find_first_not_of(' '), std::size_t{2}))
                              : line) +
           "\n";
  }
  if (example) out += ".fi\n.RE\n";
  return out;
}

std::string sentence(const FlagText& flag) {
  std::string text = flag.help;
  if (!flag.fallback.empty() && text.find("default") == std::string::npos)
    text += " (default " + flag.fallback + ")";
  if (flag.repeatable && text.find("repeatable") == std::string::npos) text += " (repeatable)";
  return text.empty() ? "See the command's help." : text;
}

std::string options(const CommandText& command) {
  std::vector<std::string> groups;
  for (const FlagText& flag : command.flags)
    if (std::ranges::find(groups, flag.group) == groups.end()) groups.push_back(flag.group);
  std::string text = ".SH OPTIONS\n";
  for (const std::string& group : groups) {
    if (!group.empty()) text += ".SS " + roff_text(group) + "\n";
    for (const FlagText& flag : command.flags) {
      if (flag.group != group) continue;
      text += ".TP\n";
      for (std::size_t i = 0; i < flag.names.size(); ++i)
        text += (i == 0 ? "" : ", ") + bold(flag.names[i]);
      if (!flag.value.empty()) text += " " + italic(flag.value);
      text += "\n" + roff_text(sentence(flag)) + "\n";
    }
  }
  return text;
}

std::string arguments(const CommandText& command) {
  if (command.arguments.empty()) return {};
  std::string text = ".SH ARGUMENTS\n";
  for (const ArgumentText& argument : command.arguments)
    text += ".TP\n" + italic(argument.name) + "\n" + roff_text(argument.help) + "\n";
  return text;
}

std::string page_name(const CommandText& command) {
  return "\\fB" + roff_text(joined(command, '-')) + "\\fR(1)";
}

std::string commands(const CommandText& command) {
  if (command.commands.empty()) return {};
  std::string text = ".SH COMMANDS\n";
  for (const CommandText& below : command.commands)
    text += ".TP\n" + page_name(below) + "\n" + roff_text(below.summary) + ".\n";
  return text;
}

std::string see_also(const CommandText& command) {
  if (command.words.empty()) return ".SH SEE ALSO\nsystemctl(1), journalctl(1), cgroups(7)\n";
  CommandText above;
  above.words.assign(command.words.begin(), command.words.end() - 1);
  return ".SH SEE ALSO\n" + page_name(above) + "\n";
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    // A request begins a line with one of these two; \& is nothing, and so keeps them apart.
    const bool line_begins = out.empty() || out.back() == '\n';
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string man_page(const CommandText& command, const PageFacts& facts) {
  const std::string name = joined(command, '-');
  std::string text = ".TH " + roff_text(upper(name)) + " 1 " + facts.date + " \"Plimsoll " +
                     facts.version + "\" \"User Commands\"\n";
  text += ".SH NAME\n" + roff_text(name) + " \\- " + roff_text(command.summary) + "\n";
  text += synopsis(command);
  text += ".SH DESCRIPTION\n" + roff_text(command.summary) + ".\n" + details(command.details);
  text += commands(command) + arguments(command) + options(command) + see_also(command);
  return text;
}

}  // namespace plimsoll::agent
