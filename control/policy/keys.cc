#include "control/policy/keys.h"

namespace plimsoll::policy {
namespace {

constexpr KeyInfo kKeys[] = {
    {Section::kFile, "rules", "list of rules", "", "the rules of this file"},
    {Section::kFile, "mode", "`observe` or `enforce`", "`observe`",
     "for its rules that say nothing"},
    {Section::kFile, "drift", "`report`, `repair` or `adopt`", "`repair`",
     "for its rules that say nothing"},
    {Section::kFile, "priority", "-1000 to 1000", "0", "for its rules that say nothing"},

    {Section::kRule, "name", "letters, digits, `.`, `_`, `-`", "",
     "what the audit log and messages call it; once in all files"},
    {Section::kRule, "match", "map, see Match", "", "which containers; all keys given must match"},
    {Section::kRule, "not", "map as `match`, or a list of such", "nothing",
     "which of them not: those for which all keys of one map match"},
    {Section::kRule, "limits", "map from knob to value", "", "what they get, see Values"},
    {Section::kRule, "priority", "-1000 to 1000", "the file's",
     "the rule with the highest wins, knob by knob"},
    {Section::kRule, "mode", "`observe` or `enforce`", "the file's",
     "`observe` decides and shows, and never writes"},
    {Section::kRule, "drift", "`report`, `repair` or `adopt`", "the file's",
     "what happens when somebody else changes a value that this rule holds"},
    {Section::kRule, "when", "map, see When, or a list of such", "always",
     "when the rule holds: in any of these windows"},
    {Section::kRule, "min_observed", "duration such as `30m`, `24h`; from `10s` to `720h`", "`10m`",
     "for how long a container must have been observed before a share of p95 or max is known"},

    {Section::kMatch, "name", "glob, or a list of globs", "",
     "what people call the container; `pod/container` where only Kubernetes names it"},
    {Section::kMatch, "image", "glob or list", "",
     "as it was written at its start, or without `docker.io/` and `docker.io/library/`"},
    {Section::kMatch, "label", "map from label to glob or list", "",
     "all labels given; `*` is any value"},
    {Section::kMatch, "runtime", "glob or list", "",
     "`docker`, `podman`, `containerd`, `crio`, `lxc`, `nspawn`, `plimsoll`; named without "
     "wildcards also `systemd`, `kubernetes` (pods), `cgroup`"},
    {Section::kMatch, "cgroup", "glob or list", "",
     "path of the group, such as `/docker/*`; what is no container needs its `runtime` as well"},
    {Section::kMatch, "compose", "map, see Compose", "", "the Compose project it belongs to"},
    {Section::kMatch, "namespace", "glob or list", "", "of its pod"},
    {Section::kMatch, "pod", "glob or list", "", "name of its pod"},
    {Section::kMatch, "container", "glob or list", "", "its name within its pod"},

    {Section::kCompose, "project", "glob or list", "", "name of the project"},
    {Section::kCompose, "service", "glob or list", "", "name of the service"},

    {Section::kWindow, "days", "such as `mon-fri`, `sat,sun`, or a list", "every day",
     "days of the week; of a window across midnight the day on which it begins"},
    {Section::kWindow, "from", "time such as `22:00`", "`00:00`", "its first minute"},
    {Section::kWindow, "to", "time such as `06:00`, or `24:00`", "`24:00`",
     "the minute after its last; before `from`: on the next day"}};

}  // namespace

std::span<const KeyInfo> keys() {
  return kKeys;
}

std::vector<std::string_view> names_of(Section section) {
  std::vector<std::string_view> names;
  for (const KeyInfo& key : kKeys)
    if (key.section == section) names.push_back(key.name);
  return names;
}

std::string_view title_of(Section section) {
  switch (section) {
    case Section::kFile:
      return "File";
    case Section::kRule:
      return "Rule";
    case Section::kMatch:
      return "Match";
    case Section::kCompose:
      return "Compose";
    case Section::kWindow:
      break;
  }
  return "When";
}

}  // namespace plimsoll::policy
