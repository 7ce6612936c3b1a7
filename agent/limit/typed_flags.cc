#include "agent/limit/typed_flags.h"

namespace plimsoll::agent {

TypedFlags::TypedFlags(Form form) : form_(form) {
  for (const LimitFlag& flag : limit_flags()) {
    slots_.emplace_back().flag = &flag;
  }
}

Option TypedFlags::option_of(Slot& slot) const {
  const LimitFlag& flag = *slot.flag;
  Option option{std::string(flag.names), &slot.one, help_of(flag), std::string(flag.value),
                std::string(flag.group)};
  if (form_ == Form::kNames) {
    option.target = &slot.named;
    if (has_detail(flag)) {
      option.target = &slot.maybe;
      option.help += "; with '=', of these disks or page sizes only";
    }
  } else if (is_switch(flag)) {
    option.target = &slot.maybe;
    option.help += "; '=off' for off";
  } else if (has_detail(flag)) {
    option.target = &slot.many;
  }
  return option;
}

void TypedFlags::add_to(std::vector<Option>& options) {
  for (Slot& slot : slots_) options.push_back(option_of(slot));
}

std::vector<TypedFlag> TypedFlags::typed() const {
  std::vector<TypedFlag> out;
  for (const Slot& slot : slots_) {
    if (slot.named || slot.maybe.alone()) out.push_back({slot.flag, std::nullopt});
    if (slot.maybe.given() && !slot.maybe.alone()) out.push_back({slot.flag, slot.maybe.text});
    if (slot.one) out.push_back({slot.flag, slot.one});
    for (const std::string& value : slot.many) out.push_back({slot.flag, value});
  }
  return out;
}

}  // namespace plimsoll::agent
