// The entries of a tar into the root directory of this process.
//
// Expects to be confined (confine.h); and takes care by itself: every name is looked up inside the
// root, and its last component is never followed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/image/unpack/limits.h"
#include "runtime/image/unpack/stream.h"

namespace plimsoll::image::unpack {

enum class Mode : std::uint8_t {
  kLayer,  // As overlayfs wants it: deleted names are devices 0:0, opaque directories are reported.
  kTree,   // `docker cp`: everything as it stands.
  kFiles   // An archive of documents and blobs: plain files of root's and links, nothing else.
};

struct Options {
  Mode mode = Mode::kLayer;
  Limits limits;
  std::string below;  // kTree: the directory, a path in the root.
  bool no_overwrite_dir_non_dir = false;
  std::optional<std::uint32_t> uid;  // kTree: all that is made belongs to it.
  std::optional<std::uint32_t> gid;
};

// A directory that hides what is below it, as a path in the root.
using ReportOpaque = std::function<void(const std::string&)>;

struct Extracted {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // Of regular files.
};

// kInvalidInput: the archive is damaged, too large, or wants what it may not.
[[nodiscard]] Result<Extracted> extract(Stream& stream, const DirFd& root, const Options& options,
                                        const ReportOpaque& report_opaque);

}  // namespace plimsoll::image::unpack
