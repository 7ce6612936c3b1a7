// For tests: changes in few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/journal/record.h"

namespace plimsoll::control {

inline Moment moment_at(std::chrono::seconds since_boot, std::string boot = "boot-1") {
  return {.boot_id = std::move(boot),
          .since_boot = since_boot,
          .wall = WallTime(std::chrono::seconds(1'700'000'000) + since_boot)};
}

inline limit::Write write_of(const std::string& cgroup, const std::string& old_text,
                             const std::string& new_text, const std::string& file = "memory.max") {
  limit::Write write;
  write.at = {cgroup, 3, 1000 + std::hash<std::string>{}(cgroup) % 1000};
  write.file = file;
  write.knob = limit::Knob::kMemoryMax;
  write.old_text = old_text;
  write.new_text = write.expected = new_text;
  write.undo = {{file, old_text}};
  write.reason = "asked for";
  return write;
}

inline Begun change_of(std::vector<limit::Write> writes, Purpose purpose = Purpose::kSet,
                       std::chrono::seconds lease = {}) {
  Begun begun;
  begun.purpose = purpose;
  begun.at = moment_at(std::chrono::seconds(100));
  begun.lease = lease;
  begun.cause = {.uid = 1000, .pid = 42, .comm = "plimsoll", .rule = "request"};
  begun.writes = std::move(writes);
  return begun;
}

}  // namespace plimsoll::control
