// The images of this host, and the file systems that containers get of them.
//
// On disk below the directory given: an OCI image layout (blobs by digest, verified when they come
// in), layers unpacked once, names; for each container an upper directory over its image's layers.
// What an operation leaves unfinished when the program dies is invisible and removed by the next
// open(). Thread: all methods from any thread; those that copy or wait say so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "runtime/model/config.h"
#include "runtime/model/refusal.h"

namespace plimsoll::image {

struct History {
  std::string created;  // RFC 3339, as in the image.
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
};

struct Image {
  std::string id;                         // "sha256:..." of its config.
  std::vector<std::string> repo_tags;     // "busybox:latest", familiar names.
  std::vector<std::string> repo_digests;  // "busybox@sha256:..."
  std::string parent;
  std::string created;  // RFC 3339.
  std::int64_t created_seconds = 0;
  std::string author;
  std::string comment;
  std::string architecture;
  std::string os;
  model::Config config;
  std::vector<std::string> layers;  // Diff ids, lowest first.
  std::vector<History> history;
  std::uint64_t size = 0;  // Bytes unpacked, all layers.
};

// What people are told while it goes on: one JSON object a line, in the words of `docker pull`.
struct Progress {
  std::string status;  // "Pulling fs layer"
  std::string id;      // "a1b2c3d4e5f6"; empty: of the whole.
  std::uint64_t current = 0;
  std::uint64_t total = 0;
  std::string aux;  // JSON; empty: none.
};
// False: whoever listened is gone; stop.
using Report = std::function<bool(const Progress&)>;
// Bytes out; false: nobody takes them any more.
using Sink = std::function<bool(std::string_view)>;

struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;
  std::string registry_token;
};

struct Removed {
  std::vector<std::string> untagged;
  std::vector<std::string> deleted;
  std::uint64_t reclaimed = 0;
};

// What became of a path of a container's file system since its image.
struct Change {
  enum class Kind : std::uint8_t { kModified = 0, kAdded = 1, kDeleted = 2 } kind{};
  std::string path;  // "/etc/hosts"
};

struct Sizes {
  std::uint64_t writable = 0;
  std::uint64_t root = 0;  // With the image's layers.
};

// As `GraphDriver` in inspect shows it.
struct RootInfo {
  std::string driver;  // "overlay2", "vfs"
  std::map<std::string, std::string> data;
  std::string mount_point;
};

struct CommitOptions {
  std::string reference;  // "repo:tag"; empty: none.
  std::string author;
  std::string comment;
  model::Config config;  // Of the new image.
  std::string parent;    // The container's image, of several with the same layers; empty: found.
};

// How registries are reached.
struct RegistryOptions {
  // <host[:port]>/ca.crt below it is trusted beside the system's authorities; client.cert and
  // client.key there say who we are.
  std::string certificates = "/etc/docker/certs.d";
  // "host[:port]": certificates are not checked, and plain HTTP will do. Loopback is always so.
  std::vector<std::string> insecure;
};

class Store {
 public:
  // Makes what is missing. `driver`: "overlay2", "vfs" or empty for what works here.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& directory,
                                                           const std::string& driver = {},
                                                           RegistryOptions registries = {});
  virtual ~Store() = default;
  [[nodiscard]] virtual const std::string& driver() const = 0;

  // A name ("busybox", "busybox:1.36", "x@sha256:..."), an id, or a unique beginning of one.
  // kNotFound: "No such image: x:latest".
  [[nodiscard]] virtual model::Answer<Image> find(std::string_view reference) const = 0;
  [[nodiscard]] virtual std::vector<Image> list() const = 0;  // Newest first.

  [[nodiscard]] virtual model::Answer<> tag(std::string_view reference, std::string_view repository,
                                            std::string_view tag) = 0;
  // `in_use`: the ids of images that containers are made of, with a container's id each.
  [[nodiscard]] virtual model::Answer<Removed> remove(
      std::string_view reference, bool force, bool prune_parents,
      const std::multimap<std::string, std::string>& in_use) = 0;
  // Those without a name (`all`: without a container), of those that are chosen (empty: of all).
  using Chosen = std::function<bool(const Image&)>;
  [[nodiscard]] virtual model::Answer<Removed> prune(
      bool all, const std::multimap<std::string, std::string>& in_use, const Chosen& chosen) = 0;

  // These copy. `archive` is a file that can be seeked; plain, gzip, xz, bzip2 or zstd.
  // docker-archive or OCI layout; says what was loaded ("busybox:latest" or an id).
  [[nodiscard]] virtual model::Answer<std::vector<std::string>> load(const Fd& archive,
                                                                     const Report& report) = 0;
  [[nodiscard]] virtual model::Answer<std::string> import_tree(const Fd& archive,
                                                               const std::string& reference,
                                                               const std::string& message,
                                                               const model::Config& config,
                                                               const Report& report) = 0;
  [[nodiscard]] virtual model::Answer<> save(const std::vector<std::string>& references,
                                             const Sink& sink) const = 0;
  [[nodiscard]] virtual model::Answer<> pull(const std::string& reference,
                                             const Credentials& credentials,
                                             const Report& report) = 0;
  [[nodiscard]] virtual model::Answer<> push(const std::string& reference,
                                             const Credentials& credentials,
                                             const Report& report) = 0;
  // Whether a registry takes these; the text for people.
  [[nodiscard]] virtual model::Answer<std::string> login(const std::string& registry,
                                                         const Credentials& credentials) = 0;

  // --- File systems of containers. ---

  // An empty writable layer over the image; `image_id` empty: over nothing. Not mounted.
  [[nodiscard]] virtual model::Answer<> make_root(const std::string& container,
                                                  const std::string& image_id) = 0;
  // Mounts it, if it is not mounted already (say, by an engine that died). The answer is the path.
  [[nodiscard]] virtual Result<std::string> mount_root(const std::string& container) = 0;
  [[nodiscard]] virtual Result<> unmount_root(const std::string& container) = 0;
  // Unmounts and removes. Done again, it is done.
  [[nodiscard]] virtual Result<> remove_root(const std::string& container) = 0;
  [[nodiscard]] virtual std::vector<std::string> roots() const = 0;  // Ids of containers.
  [[nodiscard]] virtual Result<RootInfo> root_info(const std::string& container) const = 0;
  [[nodiscard]] virtual Result<Sizes> root_sizes(const std::string& container) const = 0;
  [[nodiscard]] virtual Result<std::vector<Change>> changes(const std::string& container) const = 0;
  // A new image of the container's file system; its id.
  [[nodiscard]] virtual model::Answer<std::string> commit(const std::string& container,
                                                          const CommitOptions& options) = 0;
  // The whole file system as a tar.
  [[nodiscard]] virtual model::Answer<> export_root(const std::string& container,
                                                    const Sink& sink) const = 0;
};

// Tar out of and into a directory tree that is not to be trusted: no path leaves `root`.
// For `docker cp`; also what layers are unpacked with.
struct PathStat {
  std::string name;
  std::int64_t size = 0;
  std::uint32_t mode = 0;  // st_mode.
  std::string mtime;       // RFC 3339 with nanoseconds.
  std::string link_target;
};
[[nodiscard]] model::Answer<PathStat> stat_in_root(const DirFd& root, std::string_view path);
[[nodiscard]] model::Answer<> tar_out(const DirFd& root, std::string_view path, const Sink& sink);
struct TarInOptions {
  bool no_overwrite_dir_non_dir = false;
  // Whose all of it becomes; absent: as the archive says.
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};
[[nodiscard]] model::Answer<> tar_in(const DirFd& root, std::string_view path, const Fd& archive,
                                     TarInOptions options);

}  // namespace plimsoll::image
