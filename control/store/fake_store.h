// For tests: files in memory. Every call asks `before` first, which may let it fail, or end the
// "process" by throwing; an append that ends so keeps `torn` bytes of what was to be written.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/store/store.h"

namespace plimsoll::control {

struct Killed {};  // What stands for kill -9.

class FakeStore final : public Store {
 public:
  enum class Call { kAppend, kSync, kReplace, kRename, kRemove };
  struct Fate {
    int os_error = 0;
    std::optional<std::size_t> killed_after;  // Bytes of the append that are there afterwards.
  };
  std::function<Fate(Call)> before = [](Call) { return Fate{}; };
  std::map<std::string, std::string> files;

  Result<std::string> read(const std::string& name) override {
    const auto found = files.find(name);
    if (found == files.end()) return os_failure("openat", name, ENOENT);
    return found->second;
  }
  Result<> append(const std::string& name, std::string_view bytes) override {
    const Fate fate = before(Call::kAppend);
    if (fate.os_error != 0) return os_failure("write", name, fate.os_error);
    files[name].append(bytes.substr(0, fate.killed_after.value_or(bytes.size())));
    if (fate.killed_after) throw Killed{};
    return {};
  }
  Result<> sync(const std::string& name) override { return plain(Call::kSync, name); }
  Result<> replace(const std::string& name, std::string_view bytes) override {
    if (auto done = plain(Call::kReplace, name); !done) return done;
    files[name] = bytes;
    return {};
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    if (auto done = plain(Call::kRename, from); !done) return done;
    files[to] = std::exchange(files[from], {});
    files.erase(from);
    return {};
  }
  Result<> remove(const std::string& name) override {
    if (auto done = plain(Call::kRemove, name); !done) return done;
    files.erase(name);
    return {};
  }
  Result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const auto& [name, text] : files) names.push_back(name);
    return names;
  }

 private:
  // A kill at these happens before or after, never in between.
  Result<> plain(Call call, const std::string& name) {
    const Fate fate = before(call);
    if (fate.killed_after) throw Killed{};
    if (fate.os_error != 0) return os_failure("store", name, fate.os_error);
    return {};
  }
};

}  // namespace plimsoll::control
