#include "http/access.h"

#include <array>
#include <atomic>
#include <utility>

#include "base/log.h"
#include "http/authenticator.h"
#include "http/gate.h"
#include "http/host_rule.h"
#include "http/tls_context.h"
#include "http/tls_stream.h"
#include "http/token_bucket.h"
#include "http/watched_files.h"

namespace plimsoll::http {

namespace {

// What one reading of the web config gives.
struct Loaded {
  WebConfig config;
  std::shared_ptr<const TlsContext> tls;  // Null: none.
};

Result<std::string> text_or_file(const std::string& text, const std::string& file,
                                 WatchedFiles& files) {
  if (file.empty()) return text;
  return files.read(file);
}

Result<Loaded> load(const std::string& path, WatchedFiles& files) {
  const std::string text = PLIMSOLL_TRY(files.read(path));
  Loaded loaded;
  loaded.config = PLIMSOLL_TRY(parse_web_config(text, path));
  if (!loaded.config.tls) return loaded;
  const TlsSettings& tls = *loaded.config.tls;
  TlsMaterial material;
  material.cert = PLIMSOLL_TRY(in(path, text_or_file(tls.cert, tls.cert_file, files)));
  material.key = PLIMSOLL_TRY(in(path, text_or_file(tls.key, tls.key_file, files)));
  material.client_ca =
      PLIMSOLL_TRY(in(path, text_or_file(tls.client_ca, tls.client_ca_file, files)));
  loaded.tls = PLIMSOLL_TRY(in(path, TlsContext::create(tls, material)));
  return loaded;
}

// A file that is being written looks for a moment as if it asked for nothing.
Result<> not_weaker(const Loaded& before, const Loaded& after, const std::string& path) {
  const bool loses_tls = before.tls && !after.tls;
  const bool loses_users = !before.config.users.empty() && after.config.users.empty();
  if (!loses_tls && !loses_users) return {};
  return invalid_input("web config", path + ": takes " + (loses_tls ? "TLS" : "all passwords") +
                                         " away; if that is meant, send SIGHUP");
}

Response refusal_401() {
  Response response = Response::text(401, "Unauthorized\n");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"plimsoll\", charset=\"UTF-8\"");
  return response;
}

Response refusal_403() {
  return Response::text(
      403,
      "this address is for programs on this host, and the name in the Host header "
      "is not one of its own; --web.allowed-hosts adds names\n");
}

Response refusal_503() {
  Response response = Response::text(503, "too many passwords to compare\n");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

enum class Why : std::uint8_t { kBusy, kCredentials, kHost, kRateLimit };
constexpr std::array<const char*, 4> kWhyNames = {"busy", "credentials", "host", "rate_limit"};

// Any thread.
class Refusals {
 public:
  void count(Why why) { ++counts_[static_cast<std::size_t>(why)]; }
  [[nodiscard]] std::map<std::string, std::uint64_t> read() const {
    std::map<std::string, std::uint64_t> counts;
    for (std::size_t i = 0; i < counts_.size(); ++i) counts[kWhyNames[i]] = counts_[i];
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kWhyNames.size()> counts_{};
};

class WebGate final : public Gate {
 public:
  WebGate(AccessOptions options, const Clock& clock, std::unique_ptr<Authenticator> authenticator)
      : clock_(clock),
        path_(std::move(options.config_file)),
        hosts_(options.allowed_hosts),
        authenticator_(std::move(authenticator)) {}

  enum class Reason : std::uint8_t { kStart, kNoticed, kAskedFor };
  Result<> read(Reason reason);
  void read_if_changed() {
    if (path_.empty() || !files_.changed()) return;
    report(read(Reason::kNoticed));
  }
  void reload() {
    if (!path_.empty()) report(read(Reason::kAskedFor));
  }
  [[nodiscard]] std::vector<std::string> unreadable() const { return files_.denied(); }
  [[nodiscard]] AccessStats stats() const;

  std::unique_ptr<SecureStream> secure(Socket& socket, const Door& door) override;
  Verdict check(const Request& request, const Door& door) override;
  void ask(const Request& request, Decided decided) override;
  [[nodiscard]] const Headers& headers() const override { return now_.config.headers; }

 private:
  void report(const Result<>& result) const;
  void apply(Loaded loaded);
  Verdict refuse(Why why, Response response);
  Verdict check_password(const Request& request);

  const Clock& clock_;
  const std::string path_;
  const HostRule hosts_;
  Refusals refused_;  // Before the authenticator: its thread counts until it ends.
  const std::unique_ptr<Authenticator> authenticator_;
  WatchedFiles files_;
  Loaded now_;
  std::optional<TokenBucket> bucket_;
  bool good_ = true;
  WallTime read_at_;
};

Result<> WebGate::read(Reason reason) {
  WatchedFiles files;
  Result<Loaded> loaded = load(path_, files);
  files_ = std::move(files);  // Also of a failure: until they change again it stays one.
  good_ = false;
  if (!loaded) return std::unexpected(std::move(loaded).error());
  if (reason == Reason::kNoticed) PLIMSOLL_TRY(not_weaker(now_, *loaded, path_));
  apply(*std::move(loaded));
  return {};
}

void WebGate::apply(Loaded loaded) {
  good_ = true;
  read_at_ = clock_.wall();
  now_ = std::move(loaded);
  authenticator_->set_users(now_.config.users);
  const auto& limit = now_.config.rate_limit;
  if (!limit)
    bucket_.reset();
  else if (!bucket_ || bucket_->limit() != *limit)
    bucket_.emplace(*limit, clock_.now());
  for (const std::string& warning : now_.config.warnings) log::warn(path_ + ": " + warning);
}

void WebGate::report(const Result<>& result) const {
  if (result)
    log::info("web config read again: " + path_);
  else
    log::error(result.error().message() + "; what was in force before stays in force");
}

AccessStats WebGate::stats() const {
  AccessStats stats;
  stats.has_config = !path_.empty();
  stats.config_good = good_;
  stats.config_read = read_at_;
  stats.tls = now_.tls != nullptr;
  stats.passwords = !now_.config.users.empty();
  stats.refused = refused_.read();
  stats.password_comparisons = authenticator_->comparisons();
  return stats;
}

// A unix socket is between programs of this host, and guarded by its mode.
std::unique_ptr<SecureStream> WebGate::secure(Socket& socket, const Door& door) {
  read_if_changed();
  if (!now_.tls || door.kind == Door::Kind::kUnix) return nullptr;
  return make_tls_stream(socket, now_.tls);
}

Verdict WebGate::refuse(Why why, Response response) {
  refused_.count(why);
  return {Verdict::Word::kNo, std::move(response)};
}

Verdict WebGate::check(const Request& request, const Door& door) {
  read_if_changed();
  if (bucket_ && !bucket_->take(clock_.now()))
    return refuse(Why::kRateLimit, Response::text(429, "Too Many Requests\n"));
  if (!hosts_.accepts(request.header("host"), door)) return refuse(Why::kHost, refusal_403());
  if (now_.config.users.empty()) return {};
  return check_password(request);
}

Verdict WebGate::check_password(const Request& request) {
  const auto credentials = parse_basic(request.header("authorization"));
  if (!credentials) return refuse(Why::kCredentials, refusal_401());
  const auto right = authenticator_->known(*credentials);
  if (!right) return {Verdict::Word::kAsk, {}};
  if (*right) return {};
  return refuse(Why::kCredentials, refusal_401());
}

void WebGate::ask(const Request& request, Decided decided) {
  const auto credentials = parse_basic(request.header("authorization"));
  PLIMSOLL_CHECK(credentials.has_value());  // check() has seen it.
  authenticator_->ask(*credentials, [this, decided = std::move(decided)](auto answer) {
    switch (answer) {
      case Authenticator::Answer::kRight:
        return decided(std::nullopt);
      case Authenticator::Answer::kWrong:
        refused_.count(Why::kCredentials);
        return decided(refusal_401());
      case Authenticator::Answer::kTooBusy:
        refused_.count(Why::kBusy);
        return decided(refusal_503());
    }
  });
}

class WebAccess final : public Access {
 public:
  explicit WebAccess(std::shared_ptr<WebGate> gate) : gate_(std::move(gate)) {}
  [[nodiscard]] std::shared_ptr<Gate> gate() const override { return gate_; }
  void reload() override { gate_->reload(); }
  [[nodiscard]] std::vector<std::string> unreadable() const override { return gate_->unreadable(); }
  [[nodiscard]] AccessStats stats() const override { return gate_->stats(); }

 private:
  const std::shared_ptr<WebGate> gate_;
};

}  // namespace

Result<std::unique_ptr<Access>> Access::create(AccessOptions options, const Clock& clock) {
  const bool has_file = !options.config_file.empty();
  auto gate =
      std::make_shared<WebGate>(std::move(options), clock, PLIMSOLL_TRY(Authenticator::create()));
  if (has_file) PLIMSOLL_TRY(gate->read(WebGate::Reason::kStart));
  return std::make_unique<WebAccess>(std::move(gate));
}

}  // namespace plimsoll::http
