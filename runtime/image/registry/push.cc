#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "runtime/image/digest.h"
#include "runtime/image/registry/challenge.h"
#include "runtime/image/registry/transfer.h"

namespace plimsoll::image::registry {

namespace {

using model::refuse;
using model::Refused;

constexpr long kGood = 200;
constexpr long kCreated = 201;
constexpr long kAccepted = 202;
constexpr std::uint64_t kReportEvery = std::uint64_t{512} << 10U;

std::string short_id(const std::string& digest) {
  constexpr std::size_t kShown = 12;
  return std::string(hex_of(digest).substr(0, kShown));
}

class Pusher {
 public:
  Pusher(Content& content, Client& client, const Entry& entry, const Report& report)
      : content_(content), client_(client), entry_(entry), report_(report) {}

  // The digest of the manifest.
  model::Answer<std::string> run() {
    const Reference& name = client_.reference();
    session_ = PLIMSOLL_TRY(client_.session());
    PLIMSOLL_TRY(tell({.status = "The push refers to repository [" + name.repository() + "]"}));
    for (const std::string& layer : entry_.image.layers)
      PLIMSOLL_TRY(tell({.status = "Preparing", .id = short_id(layer)}));
    for (std::size_t i = 0; i < entry_.manifest.layers.size(); ++i)
      PLIMSOLL_TRY(push_blob(entry_.manifest.layers[i].digest, short_id(entry_.image.layers[i])));
    PLIMSOLL_TRY(push_blob(entry_.image.id, ""));
    Request request{.method = "PUT", .url = "manifests/" + name.tag};
    request.headers = {"Content-Type: " + entry_.manifest.media_type};
    request.body = PLIMSOLL_TRY(content_.read_blob(entry_.manifest_digest));
    const std::size_t size = request.body.size();
    const Response response = PLIMSOLL_TRY(client_.perform(*session_, std::move(request)));
    if (response.status != kCreated && response.status != kGood && response.status != kAccepted)
      return std::unexpected(client_.refusal(response, "manifest for " + name.familiar_full()));
    PLIMSOLL_TRY(tell({.status = name.tag + ": digest: " + entry_.manifest_digest +
                                 " size: " + std::to_string(size)}));
    std::string aux = "{\"Tag\":";
    json::append_string(aux, name.tag);
    aux += ",\"Digest\":\"" + entry_.manifest_digest + "\",\"Size\":" + std::to_string(size) + "}";
    PLIMSOLL_TRY(tell({.aux = aux}));
    return entry_.manifest_digest;
  }

 private:
  model::Answer<> tell(const Progress& progress) {
    if (report_(progress)) return {};
    return refuse(Refused::kFailed, "context canceled");
  }

  model::Answer<> push_blob(const std::string& digest, const std::string& id) {
    const auto say = [&](const std::string& status) -> model::Answer<> {
      return id.empty() ? model::Answer<>() : tell({.status = status, .id = id});
    };
    const Response there =
        PLIMSOLL_TRY(client_.perform(*session_, {.method = "HEAD", .url = "blobs/" + digest}));
    if (there.status == kGood) return say("Layer already exists");
    std::string place = PLIMSOLL_TRY(begin(digest));
    if (place.empty()) return say("Mounted from " + mounted_from_);
    const Fd file = PLIMSOLL_TRY(content_.open_blob(digest));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
      return std::unexpected(model::Refusal(os_failure("fstat", digest).error()));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::uint64_t told = 0;
    place += (place.find('?') == std::string::npos ? "?" : "&") + ("digest=" + escape(digest));
    Request request{.method = "PUT", .url = place};
    request.headers = {"Content-Type: application/octet-stream"};
    request.upload = &file;
    request.upload_size = size;
    request.sent = [&](std::uint64_t sent) {
      if (id.empty() || (sent - std::min(sent, told) < kReportEvery && sent != size)) return true;
      told = sent;
      return report_({.status = "Pushing", .id = id, .current = sent, .total = size});
    };
    const Response response = PLIMSOLL_TRY(client_.perform(*session_, std::move(request)));
    if (response.status != kCreated && response.status != kAccepted)
      return std::unexpected(client_.refusal(response, "blob " + digest));
    return say("Pushed");
  }

  // Where the bytes go; empty: the registry has taken them from another repository of its own.
  model::Answer<std::string> begin(const std::string& digest) {
    std::string query;
    const std::vector<std::string> known = others();
    if (!known.empty()) {
      mounted_from_ = known.front();
      query = "?mount=" + escape(digest) + "&from=" + escape(mounted_from_);
    }
    const Response response = PLIMSOLL_TRY(
        client_.perform(*session_, {.method = "POST", .url = "blobs/uploads/" + query}));
    if (response.status == kCreated) return std::string();
    const auto place = response.headers.find("location");
    if (response.status != kAccepted || place == response.headers.end())
      return std::unexpected(client_.refusal(response, "an upload"));
    return place->second;
  }

  // Repositories on this registry where the image has come from, or gone to.
  [[nodiscard]] std::vector<std::string> others() const {
    std::vector<std::string> paths;
    for (const std::string& digest : entry_.image.repo_digests) {
      const model::Answer<Reference> name = parse_reference(digest);
      if (name && name->domain == client_.reference().domain &&
          name->path != client_.reference().path)
        paths.push_back(name->path);
    }
    return paths;
  }

  Content& content_;
  Client& client_;
  const Entry& entry_;
  const Report& report_;
  std::unique_ptr<Session> session_;
  std::string mounted_from_;
};

}  // namespace

model::Answer<> push(Content& content, Catalog& catalog, const std::string& reference,
                     const Credentials& credentials, const Report& report, const Options& options) {
  const Reference name = PLIMSOLL_TRY(parse_tagged(reference));
  if (name.tag.empty()) return refuse(Refused::kInvalid, "cannot push a digest reference");
  Pins pins(content);
  const model::Answer<Entry> entry = catalog.find(name.repository() + ":" + name.tag);
  if (!entry)
    return refuse(Refused::kNotFound,
                  "An image does not exist locally with the tag: " + name.familiar());
  pins.add(entry->image.id);
  pins.add(entry->manifest_digest);
  for (const Descriptor& layer : entry->manifest.layers) pins.add(layer.digest);
  const std::unique_ptr<Client> client =
      PLIMSOLL_TRY(Client::open(name, credentials, Access::kPush, options));
  for (const std::string& digest : entry->image.repo_digests) {
    const model::Answer<Reference> other = parse_reference(digest);
    if (other && other->domain == name.domain && other->path != name.path)
      client->also_pull_from(other->path);
  }
  const std::string digest = PLIMSOLL_TRY(Pusher(content, *client, *entry, report).run());
  return catalog.name_digest(entry->image.id, name.repository() + "@" + digest);
}

}  // namespace plimsoll::image::registry
