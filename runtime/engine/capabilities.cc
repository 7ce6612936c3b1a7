#include "runtime/engine/capabilities.h"

#include <sys/prctl.h>

#include <array>
#include <string_view>

#include "base/capability.h"
#include "base/fill_in.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

constexpr std::array<std::string_view, 14> kDefaults{
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
    "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_KILL",    "CAP_AUDIT_WRITE"};

std::uint64_t bit_of(unsigned number) {
  return std::uint64_t{1} << number;
}

struct Asked {
  std::uint64_t bits = 0;
  bool all = false;
};

Answer<Asked> read_names(const char* option, const std::vector<std::string>& names) {
  Asked asked;
  for (const std::string& name : names) {
    std::string upper = name;
    for (char& c : upper)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (upper == "ALL" || upper == "CAP_ALL") {
      asked.all = true;
      continue;
    }
    if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
    const auto number = capability_named(upper);
    if (!number)
      return refuse(Refused::kInvalid,
                    fill_in("invalid {}: unknown capability: \"{}\"", option, upper));
    asked.bits |= bit_of(*number);
  }
  return asked;
}

}  // namespace

Answer<spec::CapabilitySet> capabilities_of(const CapabilityRequest& request,
                                            spec::CapabilitySet ours) {
  if (request.privileged) return ours;
  const Asked add = PLIMSOLL_TRY(read_names("CapAdd", request.add));
  const Asked drop = PLIMSOLL_TRY(read_names("CapDrop", request.drop));
  std::uint64_t bits = 0;
  if (add.all) {
    bits = ours.bits;
  } else if (!drop.all) {
    for (const std::string_view name : kDefaults) bits |= bit_of(*capability_named(name));
    // The default is what can be had of it; what is asked for by name must be had.
    bits &= ours.bits;
  }
  bits &= ~drop.bits;
  return spec::CapabilitySet{bits | add.bits};
}

spec::CapabilitySet own_bounding_set() {
  spec::CapabilitySet set;
  for (unsigned i = 0; i < capability_names().size(); ++i)
    if (::prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) set.bits |= bit_of(i);
  return set;
}

std::vector<std::string> names_of(spec::CapabilitySet set) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < capability_names().size(); ++i)
    if ((set.bits & bit_of(i)) != 0) names.emplace_back(capability_names()[i]);
  return names;
}

}  // namespace plimsoll::engine
