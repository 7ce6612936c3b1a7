#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/image/incoming.h"
#include "runtime/image/registry/transfer.h"

namespace plimsoll::image::registry {

namespace {

using model::refuse;
using model::Refused;

constexpr long kGood = 200;
constexpr long kPartial = 206;
constexpr int kAttempts = 5;
constexpr std::size_t kSideBySide = 3;  // As Docker downloads.
constexpr std::uint64_t kReportEvery = std::uint64_t{512} << 10U;

std::string short_id(const std::string& digest) {
  constexpr std::size_t kShown = 12;
  return std::string(hex_of(digest).substr(0, kShown));
}

std::vector<std::string> accepted() {
  std::string all = "Accept: ";
  for (const char* type :
       {media::kManifest, media::kIndex, media::kDockerManifest, media::kDockerList})
    all += (all.ends_with(' ') ? "" : ", ") + std::string(type);
  return {std::move(all)};
}

class Puller {
 public:
  Puller(Content& content, Catalog& catalog, Client& client, const Report& report)
      : content_(content), catalog_(catalog), client_(client), report_(report), pins_(content) {}

  model::Answer<> run() {
    const Reference& name = client_.reference();
    const std::string wanted = name.digest.empty() ? name.tag : name.digest;
    PLIMSOLL_TRY(tell({.status = "Pulling from " + name.path, .id = wanted}));
    std::string document = PLIMSOLL_TRY(manifest(wanted));
    const std::string digest = digest_of(document);
    if (!name.digest.empty() && digest != name.digest)
      return refuse(Refused::kFailed, "manifest verification failed for digest " + name.digest);
    if (PLIMSOLL_TRY(is_index(document))) {
      const Index index = PLIMSOLL_TRY(decode_index(document));
      const Result<Descriptor> chosen = choose(index, "linux", host_architecture());
      if (!chosen) return refuse(Refused::kNotFound, chosen.error().subject);
      document = PLIMSOLL_TRY(manifest(chosen->digest));
      if (digest_of(document) != chosen->digest)
        return refuse(Refused::kFailed,
                      "manifest verification failed for digest " + chosen->digest);
    }
    addition_.manifest_json = std::move(document);
    addition_.manifest = PLIMSOLL_TRY(decode_manifest(addition_.manifest_json));
    if (addition_.manifest.media_type.empty()) addition_.manifest.media_type = media::kManifest;
    const std::string id = addition_.manifest.config.digest;
    const model::Answer<Entry> known = catalog_.find(id);
    const bool is_new = !known;
    if (is_new) PLIMSOLL_TRY(fetch_all());
    if (!name.tag.empty() && name.digest.empty())
      addition_.names.push_back(name.repository() + ":" + name.tag);
    addition_.names.push_back(name.repository() + "@" + digest);
    const bool was_named = !name.tag.empty() && is_current(name, id);
    if (!is_new) addition_.config_json = PLIMSOLL_TRY(content_.read_blob(id));
    if (!is_new) addition_.manifest = known->manifest;
    PLIMSOLL_TRY(catalog_.add(addition_, pins_));
    PLIMSOLL_TRY(tell({.status = "Digest: " + digest}));
    const bool changed = is_new || (!name.tag.empty() && !was_named);
    return tell({.status = (changed ? "Status: Downloaded newer image for "
                                    : "Status: Image is up to date for ") +
                           name.familiar_full()});
  }

 private:
  model::Answer<> tell(const Progress& progress) {
    const std::lock_guard lock(telling_);
    if (report_(progress)) return {};
    return refuse(Refused::kFailed, "context canceled");
  }

  [[nodiscard]] bool is_current(const Reference& name, const std::string& id) const {
    const model::Answer<Entry> now = catalog_.find(name.repository() + ":" + name.tag);
    return now && now->image.id == id;
  }

  model::Answer<std::string> manifest(const std::string& wanted) {
    const std::unique_ptr<Session> session = PLIMSOLL_TRY(client_.session());
    Response response = PLIMSOLL_TRY(
        client_.perform(*session, {.url = "manifests/" + wanted, .headers = accepted()}));
    if (response.status == kGood) return std::move(response.body);
    const Reference& name = client_.reference();
    model::Refusal refusal = client_.refusal(response, "manifest for " + name.familiar_full());
    if (refusal.message.ends_with("not found: not found") ||
        refusal.message.find("manifest unknown") != std::string::npos)
      refusal.message =
          "manifest for " + name.familiar_full() + " not found: manifest unknown: manifest unknown";
    return std::unexpected(std::move(refusal));
  }

  // The config first, which says what the layers are; the layers side by side; unpacked in order.
  model::Answer<> fetch_all() {
    const Staging staging = PLIMSOLL_TRY(content_.stage());
    const std::unique_ptr<Session> session = PLIMSOLL_TRY(client_.session());
    const Fd config =
        PLIMSOLL_TRY(download(*session, staging.fd(), addition_.manifest.config, "config", false));
    addition_.config_json = PLIMSOLL_TRY(read_document(config));
    const Image image = PLIMSOLL_TRY(decode_image(addition_.config_json));
    const std::vector<Descriptor>& layers = addition_.manifest.layers;
    if (image.layers.size() != layers.size())
      return refuse(Refused::kFailed, "invalid rootfs in image configuration");
    std::vector<bool> wanted(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      pins_.add(layers[i].digest);
      pins_.add(short_key(image.layers[i]));
      wanted[i] = !content_.has_blob(layers[i].digest) || !content_.find_layer(image.layers[i]);
      PLIMSOLL_TRY(tell({.status = wanted[i] ? "Pulling fs layer" : "Already exists",
                         .id = short_id(layers[i].digest)}));
    }
    std::vector<Fd> files = PLIMSOLL_TRY(download_layers(staging.fd(), wanted));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!wanted[i]) continue;
      const std::string id = short_id(layers[i].digest);
      PLIMSOLL_TRY(tell(
          {.status = "Extracting", .id = id, .current = layers[i].size, .total = layers[i].size}));
      PLIMSOLL_TRY(add_layer_blob(content_, files[i], layers[i].digest, image.layers[i], pins_));
      PLIMSOLL_TRY(tell({.status = "Pull complete", .id = id}));
    }
    return {};
  }

  model::Answer<std::vector<Fd>> download_layers(const DirFd& staging,
                                                 const std::vector<bool>& wanted) {
    const std::vector<Descriptor>& layers = addition_.manifest.layers;
    std::vector<Fd> files(layers.size());
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<model::Refusal> failed;
    const auto work = [&] {
      Result<std::unique_ptr<Session>> session = client_.session();
      for (std::size_t i = next++; i < layers.size(); i = next++) {
        if (!wanted[i]) continue;
        {
          const std::lock_guard lock(mutex);
          if (!session && !failed) failed = model::Refusal(session.error());
          if (failed) return;
        }
        model::Answer<Fd> file = download(**session, staging, layers[i], std::to_string(i), true);
        const std::lock_guard lock(mutex);
        if (file) {
          files[i] = *std::move(file);
        } else if (!failed) {
          failed = file.error();
        }
      }
    };
    {
      std::vector<std::jthread> workers;
      for (std::size_t i = 1; i < std::min(kSideBySide, layers.size()); ++i)
        workers.emplace_back(work);
      work();
    }
    if (failed) return std::unexpected(*failed);
    return files;
  }

  // Goes on where a broken connection has left it.
  model::Answer<Fd> download(Session& session, const DirFd& staging, const Descriptor& blob,
                             const std::string& name, bool shown) {
    Fd file(::openat(staging.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (!file) return std::unexpected(model::Refusal(os_failure("openat", name).error()));
    const std::string id = short_id(blob.digest);
    Hasher hasher;
    std::uint64_t have = 0;
    std::uint64_t told = 0;
    Result<> written;
    bool heard = true;
    const auto sink = [&](std::string_view bytes) {
      // More than was promised is no blob of this digest: why fill the disk.
      if (have + bytes.size() > blob.size) return false;
      hasher.update(bytes);
      written = write_all(file, bytes);
      have += bytes.size();
      if (shown && (have - told >= kReportEvery || have == blob.size)) {
        told = have;
        heard = tell({.status = "Downloading", .id = id, .current = have, .total = blob.size})
                    .has_value();
      }
      return written.has_value() && heard;
    };
    for (int attempt = 1;; ++attempt) {
      Request request{.url = "blobs/" + blob.digest, .sink = sink};
      if (have > 0) request.headers = {"Range: bytes=" + std::to_string(have) + "-"};
      model::Answer<Response> response = client_.perform(session, std::move(request));
      PLIMSOLL_TRY(written);
      if (!heard) return refuse(Refused::kFailed, "context canceled");
      if (response && response->status != kGood && response->status != kPartial)
        return std::unexpected(client_.refusal(*response, "blob " + blob.digest));
      if (response && have == blob.size) break;
      if (attempt == kAttempts)
        return response ? refuse(Refused::kFailed, "unexpected EOF")
                        : std::unexpected(response.error());
      // A server that does not do ranges begins anew; so do we.
      if (have >= blob.size || (have > 0 && response && response->status == kGood)) {
        if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0)
          return std::unexpected(model::Refusal(os_failure("ftruncate", name).error()));
        hasher = Hasher();
        have = told = 0;
      }
    }
    if (shown) PLIMSOLL_TRY(tell({.status = "Verifying Checksum", .id = id}));
    if (hasher.finish() != blob.digest)
      return refuse(Refused::kFailed,
                    "filesystem layer verification failed for digest " + blob.digest);
    if (shown) PLIMSOLL_TRY(tell({.status = "Download complete", .id = id}));
    return file;
  }

  Content& content_;
  Catalog& catalog_;
  Client& client_;
  const Report& report_;
  Pins pins_;
  std::mutex telling_;
  Catalog::Addition addition_;
};

}  // namespace

model::Answer<> pull(Content& content, Catalog& catalog, const std::string& reference,
                     const Credentials& credentials, const Report& report, const Options& options) {
  const Reference name = PLIMSOLL_TRY(parse_tagged(reference));
  const std::unique_ptr<Client> client =
      PLIMSOLL_TRY(Client::open(name, credentials, Access::kPull, options));
  return Puller(content, catalog, *client, report).run();
}

model::Answer<std::string> login(const std::string& registry, const Credentials& credentials,
                                 const Options& options) {
  std::string host = registry;
  for (const char* scheme : {"https://", "http://"})
    if (host.starts_with(scheme)) host.erase(0, std::string_view(scheme).size());
  host = host.substr(0, host.find('/'));
  // The old address of Docker's own, which clients still send.
  if (host.empty() || host == "index.docker.io") host = "docker.io";
  const std::unique_ptr<Client> client =
      PLIMSOLL_TRY(Client::open(Reference{.domain = host}, credentials, Access::kPull, options));
  PLIMSOLL_TRY(client->check_login());
  return "Login Succeeded";
}

}  // namespace plimsoll::image::registry
