#include "control/policy/rule.h"

namespace plimsoll::policy {

std::string_view name_of(Mode mode) {
  return mode == Mode::kObserve ? "observe" : "enforce";
}

std::string_view name_of(OnDrift drift) {
  switch (drift) {
    case OnDrift::kReport:
      return "report";
    case OnDrift::kRepair:
      return "repair";
    case OnDrift::kAdopt:
      break;
  }
  return "adopt";
}

std::string_view name_of(Field field) {
  switch (field) {
    case Field::kName:
      return "name";
    case Field::kImage:
      return "image";
    case Field::kLabel:
      return "label";
    case Field::kRuntime:
      return "runtime";
    case Field::kCgroup:
      return "cgroup";
    case Field::kComposeProject:
      return "compose.project";
    case Field::kComposeService:
      return "compose.service";
    case Field::kNamespace:
      return "namespace";
    case Field::kPod:
      return "pod";
    case Field::kContainer:
      break;
  }
  return "container";
}

std::string to_text(const Term& term) {
  std::string text(name_of(term.field));
  if (!term.label.empty()) text += " " + term.label;
  text += ": ";
  for (std::size_t i = 0; i < term.globs.size(); ++i) text += (i == 0 ? "" : ", ") + term.globs[i];
  return text;
}

}  // namespace plimsoll::policy
