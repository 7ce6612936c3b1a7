// What `plimsoll engine` can be told, once: the flags and the config file derive from this table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/engine/engine.h"

namespace plimsoll::agent {

// As people give it; `engine_config` makes of it what the engine takes.
struct EngineSettings {
  EngineConfig config;
  std::string host_root;
  std::string log_level = "info";
};

using SettingTarget = std::variant<std::string*, bool*, std::vector<std::string>*>;

struct Setting {
  // When a running engine takes a new value from its file.
  enum class Taken : std::uint8_t { kAtReload, kAtStart };
  // Why a value is none; empty: it is one.
  using Check = std::string (*)(const std::string& value);

  std::string_view key;  // "log.level": --log.level on the command line.
  SettingTarget target;
  Taken taken = Taken::kAtStart;
  Check check = nullptr;
  std::string_view help;
  std::string_view value;  // What help shows for it.
};

// All of them, with their places in `settings`, which must outlive the answer.
[[nodiscard]] std::vector<Setting> settings_of(EngineSettings& settings);

// "true", "false" and YAML's other words for them; nothing: neither.
[[nodiscard]] std::optional<bool> switch_named(std::string_view word);

[[nodiscard]] EngineConfig engine_config(const EngineSettings& settings);

// Keys whose values differ and that are taken at a start only.
[[nodiscard]] std::vector<std::string_view> need_restart(EngineSettings running,
                                                         EngineSettings wanted);

}  // namespace plimsoll::agent
