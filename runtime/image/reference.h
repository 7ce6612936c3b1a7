// Names of images: "[host[:port]/]path[:tag][@sha256:...]".
#pragma once

#include <string>
#include <string_view>

#include "runtime/model/refusal.h"

namespace plimsoll::image {

struct Reference {
  std::string domain;  // "docker.io"
  std::string path;    // "library/busybox"
  std::string tag;     // Empty: none was given.
  std::string digest;  // Empty: none was given.

  // "docker.io/library/busybox"
  [[nodiscard]] std::string repository() const { return domain + "/" + path; }
  // "busybox", "example.com/a/b": as people are shown it.
  [[nodiscard]] std::string familiar() const;
  // With the tag or, when there is none, the digest.
  [[nodiscard]] std::string familiar_full() const;
  bool operator==(const Reference&) const = default;
};

// kInvalid, in Docker's words.
[[nodiscard]] model::Answer<Reference> parse_reference(std::string_view text);
// The same with the tag "latest" when there is neither tag nor digest.
[[nodiscard]] model::Answer<Reference> parse_tagged(std::string_view text);
// "docker.io/library/busybox[:tag|@digest]", as the store keeps names.
[[nodiscard]] std::string familiar_name(std::string_view name);

}  // namespace plimsoll::image
