#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/capability.h"
#include "base/fill_in.h"
#include "base/json.h"
#include "runtime/engine/bundle_parts.h"
#include "runtime/seccomp/default_profile.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

const char* word_of(spec::SeccompAction action) {
  switch (action) {
    case spec::SeccompAction::kKillThread:
      return "SCMP_ACT_KILL_THREAD";
    case spec::SeccompAction::kKillProcess:
      return "SCMP_ACT_KILL_PROCESS";
    case spec::SeccompAction::kTrap:
      return "SCMP_ACT_TRAP";
    case spec::SeccompAction::kErrno:
      return "SCMP_ACT_ERRNO";
    case spec::SeccompAction::kTrace:
      return "SCMP_ACT_TRACE";
    case spec::SeccompAction::kAllow:
      return "SCMP_ACT_ALLOW";
    case spec::SeccompAction::kLog:
      return "SCMP_ACT_LOG";
    case spec::SeccompAction::kNotify:
      return "SCMP_ACT_NOTIFY";
  }
  return "SCMP_ACT_ERRNO";
}

const char* word_of(spec::SeccompOperator op) {
  switch (op) {
    case spec::SeccompOperator::kNotEqual:
      return "SCMP_CMP_NE";
    case spec::SeccompOperator::kLess:
      return "SCMP_CMP_LT";
    case spec::SeccompOperator::kLessOrEqual:
      return "SCMP_CMP_LE";
    case spec::SeccompOperator::kEqual:
      return "SCMP_CMP_EQ";
    case spec::SeccompOperator::kGreaterOrEqual:
      return "SCMP_CMP_GE";
    case spec::SeccompOperator::kGreater:
      return "SCMP_CMP_GT";
    case spec::SeccompOperator::kMaskedEqual:
      return "SCMP_CMP_MASKED_EQ";
  }
  return "SCMP_CMP_EQ";
}

void put_rule(JsonWriter& json, const spec::SeccompRule& rule) {
  json.open('{').key("names").texts(rule.names).key("action").text(word_of(rule.action));
  if (rule.errno_return) json.key("errnoRet").number(*rule.errno_return);
  if (!rule.arguments.empty()) {
    json.key("args").open('[');
    for (const spec::SeccompArgument& one : rule.arguments)
      json.open('{')
          .key("index")
          .number(one.index)
          .key("value")
          .number(one.value)
          .key("valueTwo")
          .number(one.value_two)
          .key("op")
          .text(word_of(one.op))
          .close('}');
    json.close(']');
  }
  json.close('}');
}

// Whatever it is, as it was written.
void put_value(JsonWriter& json, const json::Value& value) {
  switch (value.type) {
    case json::Type::kNull:
      json.raw("null");
      return;
    case json::Type::kBoolean:
      json.flag(value.boolean);
      return;
    case json::Type::kNumber:
      json.raw(value.text);
      return;
    case json::Type::kString:
      json.text(value.text);
      return;
    case json::Type::kArray:
      json.open('[');
      for (const json::Member& member : value.members) put_value(json, member.value);
      json.close(']');
      return;
    case json::Type::kObject:
      json.open('{');
      for (const json::Member& member : value.members) {
        json.key(member.key);
        put_value(json, member.value);
      }
      json.close('}');
  }
}

#if defined(__x86_64__)
constexpr std::string_view kArch = "amd64";
constexpr std::array<std::string_view, 3> kArchitectures{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
                                                         "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
constexpr std::string_view kArch = "arm64";
constexpr std::array<std::string_view, 2> kArchitectures{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#else
#error "an architecture whose names in profiles nobody wrote down"
#endif

bool names_word(const json::Value* list, std::string_view word) {
  return list != nullptr && std::ranges::any_of(list->members, [&](const json::Member& member) {
           return member.value.text == word;
         });
}

bool has_any(const json::Value* caps, spec::CapabilitySet set, bool want_all) {
  bool any = false;
  bool all = true;
  for (const json::Member& member : caps->members) {
    const auto number = capability_named(member.value.text);
    const bool has = number && ((set.bits >> *number) & 1U) != 0;
    any = any || has;
    all = all && has;
  }
  return want_all ? all : any;
}

// Docker's `includes` and `excludes`: all of the first, none of the second. Kernels older than
// what profiles ask for (4.8) are not ours.
bool applies(const json::Value& rule, spec::CapabilitySet capabilities) {
  if (const json::Value* excludes = rule.find("excludes")) {
    if (names_word(excludes->find("arches"), kArch)) return false;
    const json::Value* caps = excludes->find("caps");
    if (caps != nullptr && has_any(caps, capabilities, false)) return false;
  }
  if (const json::Value* includes = rule.find("includes")) {
    const json::Value* arches = includes->find("arches");
    if (arches != nullptr && !arches->members.empty() && !names_word(arches, kArch)) return false;
    const json::Value* caps = includes->find("caps");
    if (caps != nullptr && !has_any(caps, capabilities, true)) return false;
  }
  return true;
}

void put_custom_rule(JsonWriter& json, const json::Value& rule) {
  json.open('{');
  for (const json::Member& member : rule.members) {
    if (member.key == "includes" || member.key == "excludes" || member.key == "comment") continue;
    if (member.key == "name") {
      // The form of profiles before Docker 1.12.
      json.key("names").open('[').text(member.value.text).close(']');
      continue;
    }
    if (member.value.type == json::Type::kNull) continue;
    json.key(member.key);
    put_value(json, member.value);
  }
  json.close('}');
}

}  // namespace

std::string default_seccomp_json(spec::CapabilitySet capabilities) {
  const spec::Seccomp profile = seccomp::default_profile(capabilities);
  JsonWriter json;
  json.open('{').key("defaultAction").text(word_of(profile.default_action));
  if (profile.default_errno_return)
    json.key("defaultErrnoRet").number(*profile.default_errno_return);
  json.key("architectures").texts(profile.architectures);
  json.key("syscalls").open('[');
  for (const spec::SeccompRule& rule : profile.rules) put_rule(json, rule);
  return json.close(']').close('}').out();
}

Answer<std::string> custom_seccomp_json(const std::string& profile,
                                        spec::CapabilitySet capabilities) {
  const auto document = json::parse(profile);
  if (!document || document->root.type != json::Type::kObject)
    return refuse(Refused::kInvalid,
                  fill_in("Decoding seccomp profile failed: {}",
                          document ? "it is no object" : document.error().subject));
  const json::Value& root = document->root;
  JsonWriter json;
  json.open('{');
  for (const char* key : {"defaultAction", "defaultErrnoRet", "flags"}) {
    const json::Value* value = root.find(key);
    if (value == nullptr || value->type == json::Type::kNull) continue;
    json.key(key);
    put_value(json, *value);
  }
  json.key("architectures");
  const json::Value* named = root.find("architectures");
  if (named != nullptr && !named->members.empty()) {
    put_value(json, *named);
  } else {
    json.open('[');
    for (const std::string_view name : kArchitectures) json.text(name);
    json.close(']');
  }
  json.key("syscalls").open('[');
  if (const json::Value* rules = root.find("syscalls"))
    for (const json::Member& rule : rules->members)
      if (applies(rule.value, capabilities)) put_custom_rule(json, rule.value);
  return json.close(']').close('}').out();
}

}  // namespace plimsoll::engine
