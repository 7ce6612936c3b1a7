#include "runtime/launch/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

struct AttributeWord {
  std::string_view word;
  std::uint64_t set;
  std::uint64_t clear;
};

// With an "r" in front, each of them is for the whole tree.
constexpr std::array kAttributes{
    AttributeWord{"ro", MOUNT_ATTR_RDONLY, 0},
    AttributeWord{"rw", 0, MOUNT_ATTR_RDONLY},
    AttributeWord{"nosuid", MOUNT_ATTR_NOSUID, 0},
    AttributeWord{"suid", 0, MOUNT_ATTR_NOSUID},
    AttributeWord{"nodev", MOUNT_ATTR_NODEV, 0},
    AttributeWord{"dev", 0, MOUNT_ATTR_NODEV},
    AttributeWord{"noexec", MOUNT_ATTR_NOEXEC, 0},
    AttributeWord{"exec", 0, MOUNT_ATTR_NOEXEC},
    AttributeWord{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    AttributeWord{"diratime", 0, MOUNT_ATTR_NODIRATIME},
    AttributeWord{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    AttributeWord{"nosymfollow", kMountAttrNoSymFollow, 0},
    AttributeWord{"symfollow", 0, kMountAttrNoSymFollow},
};

struct PropagationWord {
  std::string_view word;
  std::uint64_t flag;
};
constexpr std::array kPropagation{
    PropagationWord{"private", MS_PRIVATE},
    PropagationWord{"shared", MS_SHARED},
    PropagationWord{"slave", MS_SLAVE},
    PropagationWord{"unbindable", MS_UNBINDABLE},
};

// Flags of a superblock; fsconfig(2) knows these by name, and needs to be told only what is not the
// default.
constexpr std::array<std::string_view, 5> kSuperblockFlags{"sync", "dirsync", "lazytime", "mand",
                                                           "iversion"};
// Said by default, or meaningless since long: taken and without effect.
constexpr std::array<std::string_view, 10> kNothing{"defaults",   "async",      "loud", "silent",
                                                    "nomand",     "noiversion", "acl",  "noacl",
                                                    "nolazytime", "_netdev"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// A later word wins over an earlier one about the same bits.
bool add_attribute(Attributes& to, std::string_view word) {
  const auto* const found = std::ranges::find(kAttributes, word, &AttributeWord::word);
  if (found == kAttributes.end()) return false;
  to.set = (to.set & ~found->clear) | found->set;
  to.clear = (to.clear & ~found->set) | found->clear;
  return true;
}

bool add_propagation(MountOptions& to, std::string_view word, bool recursive) {
  const auto* const found = std::ranges::find(kPropagation, word, &PropagationWord::word);
  if (found == kPropagation.end()) return false;
  to.propagation.push_back({found->flag, recursive});
  return true;
}

bool add_own_word(MountOptions& to, std::string_view word) {
  if (word == "bind") {
    to.bind = BindMode::kMount;
  } else if (word == "rbind") {
    to.bind = BindMode::kTree;
  } else if (word == "remount") {
    to.remount = true;
  } else if (word == "tmpcopyup") {
    to.copy_up = true;
  } else if (word == "idmap") {
    to.id_map = IdMap::kMount;
  } else if (word == "ridmap") {
    to.id_map = IdMap::kTree;
  } else {
    return contains(kNothing, word);
  }
  return true;
}

void add_parameter(MountOptions& to, std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) {
    to.parameters.push_back({std::string(word), "", true});
  } else {
    to.parameters.push_back(
        {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)), false});
  }
}

}  // namespace

MountOptions parse_mount_options(std::span<const std::string> words) {
  MountOptions options;
  for (const std::string_view word : words) {
    if (word.empty() || add_own_word(options, word)) continue;
    if (add_attribute(options.attributes, word) || add_propagation(options, word, false)) continue;
    if (word[0] == 'r' && (add_attribute(options.below, word.substr(1)) ||
                           add_propagation(options, word.substr(1), true)))
      continue;
    add_parameter(options, word);
  }
  return options;
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> words{"bind", "rbind", "remount", "tmpcopyup", "idmap", "ridmap"};
  for (const AttributeWord& entry : kAttributes) {
    words.emplace_back(entry.word);
    words.push_back("r" + std::string(entry.word));
  }
  for (const PropagationWord& entry : kPropagation) {
    words.emplace_back(entry.word);
    words.push_back("r" + std::string(entry.word));
  }
  words.insert(words.end(), kSuperblockFlags.begin(), kSuperblockFlags.end());
  words.insert(words.end(), kNothing.begin(), kNothing.end());
  std::ranges::sort(words);
  return words;
}

}  // namespace plimsoll::runtime
