// plimsoll-unpack: unpacks one archive in a process that can do nothing else.
//
//   plimsoll-unpack layer|tree|files|plain [--limit value]...
//
// Descriptor 0 is the archive, 3 the directory (plain: the file) it goes into; 1 hears, as records
// that end with NUL, "opaque PATH" while it works and "done DIGEST BYTES ENTRIES" or "refused TEXT"
// or "failed TEXT" at its end. Started by the engine (runtime/image/unpacker.h); not for people.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/number.h"
#include "runtime/image/disk.h"
#include "runtime/image/unpack/confine.h"
#include "runtime/image/unpack/extract.h"
#include "runtime/image/unpack/stream.h"

namespace plimsoll::image::unpack {
namespace {

constexpr int kTarget = 3;

void say(std::string record) {
  record += '\0';
  const Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  // Nobody listens: nobody waits for the work, either.
  if (!write_all(out, record)) ::_exit(2);
}

Result<Options> parse(std::span<char* const> words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--no-overwrite-dir-non-dir") {
      options.no_overwrite_dir_non_dir = true;
      continue;
    }
    if (i + 1 == words.size()) return invalid_input("arguments", word);
    const std::string_view value = words[++i];
    if (word == "--below") {
      options.below = value;
      continue;
    }
    const std::optional<std::uint64_t> number = to_number<std::uint64_t>(value);
    if (!number) return invalid_input("arguments", word);
    if (word == "--bytes") {
      options.limits.bytes = *number;
    } else if (word == "--entries") {
      options.limits.entries = *number;
    } else if (word == "--ratio") {
      options.limits.ratio = *number;
    } else if (word == "--free-bytes") {
      options.limits.free_bytes = *number;
    } else if (word == "--uid") {
      options.uid = static_cast<std::uint32_t>(*number);
    } else if (word == "--gid") {
      options.gid = static_cast<std::uint32_t>(*number);
    } else {
      return invalid_input("arguments", word);
    }
  }
  return options;
}

// The archive, decompressed, as a file.
Result<Extracted> copy_plain(Stream& stream, const Fd& file) {
  for (;;) {
    const std::string_view bytes = PLIMSOLL_TRY(stream.next());
    if (bytes.empty()) return Extracted{};
    PLIMSOLL_TRY(write_all(file, bytes));
  }
}

Result<std::string> run(std::span<char* const> words) {
  if (words.empty()) return invalid_input("arguments", "which way to unpack");
  const std::string_view mode = words[0];
  Options options = PLIMSOLL_TRY(parse(words.subspan(1)));
  const bool plain = mode == "plain";
  if (mode == "tree") {
    options.mode = Mode::kTree;
  } else if (mode == "files") {
    options.mode = Mode::kFiles;
  } else if (mode != "layer" && !plain) {
    return invalid_input("arguments", mode);
  }
  // Names in archives are UTF-8. The locale's file is read now: later there is none.
  // Without it, those that are not ASCII, in the newer format, are refused.
  [[maybe_unused]] const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
  ::umask(0);
  ::signal(SIGXFSZ, SIG_IGN);  // The write says EFBIG.
  ::signal(SIGPIPE, SIG_IGN);
  const DirFd target(kTarget);
  if (plain) {
    // Nothing is looked up: any directory does for a root.
    const DirFd nowhere = PLIMSOLL_TRY(open_dir("/proc/self/fdinfo"));
    PLIMSOLL_TRY(confine(nowhere, options.limits));
  } else {
    PLIMSOLL_TRY(confine(target, options.limits));
  }
  const std::unique_ptr<Stream> stream = PLIMSOLL_TRY(Stream::open(STDIN_FILENO, options.limits));
  const Extracted done =
      PLIMSOLL_TRY(plain ? copy_plain(*stream, target)
                         : extract(*stream, target, options,
                                   [](const std::string& path) { say("opaque " + path); }));
  PLIMSOLL_TRY(stream->drain());
  return "done " + stream->digest() + " " + std::to_string(done.bytes) + " " +
         std::to_string(done.entries);
}

}  // namespace
}  // namespace plimsoll::image::unpack

int main(int argc, char** argv) {
  using namespace plimsoll;
  // Whoever started us waits; nobody else would end us.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const Result<std::string> done =
      image::unpack::run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (done) {
    image::unpack::say(*done);
  } else if (done.error().kind == ErrorKind::kInvalidInput) {
    image::unpack::say("refused " + done.error().subject);
  } else {
    image::unpack::say("failed " + done.error().message());
  }
  // Not exit(): handlers of libraries have nothing to do here.
  ::_exit(done ? 0 : 1);
}
