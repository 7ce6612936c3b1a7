#include "http/etcd/etcd_store.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <mutex>
#include <utility>

#include "base/fd.h"
#include "base/secret.h"
#include "http/client.h"
#include "http/etcd/etcd_answer.h"
#include "http/etcd/etcd_request.h"
#include "http/tls_client.h"

namespace plimsoll::etcd {

namespace {

constexpr std::size_t kPage = 500;  // Keys of one answer.

// The connection in use, for whoever wants it to end.
class Line {
 public:
  // Around what `make` makes, or the bare socket.
  http::MakeChannel around(http::MakeChannel make) {
    return [this, make = std::move(make)](
               Fd socket, const http::Peer& peer,
               http::TimePoint deadline) -> Result<std::unique_ptr<http::ClientChannel>> {
      if (!take(socket)) return failure(ErrorKind::kBusy, "connect", "cancelled");
      return make ? make(std::move(socket), peer, deadline)
                  : http::make_plain_channel(std::move(socket), peer, deadline);
    };
  }
  void drop() {
    const std::scoped_lock guard(mutex_);
    socket_.reset();
  }
  void cancel() {
    const std::scoped_lock guard(mutex_);
    cancelled_ = true;
    if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
  }
  [[nodiscard]] bool cancelled() {
    const std::scoped_lock guard(mutex_);
    return cancelled_;
  }

 private:
  bool take(const Fd& socket) {
    const std::scoped_lock guard(mutex_);
    if (cancelled_) return false;
    socket_ = Fd(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    return true;
  }

  std::mutex mutex_;
  Fd socket_;
  bool cancelled_ = false;
};

// "http://HOST:PORT" -> "HOST:PORT".
Result<std::pair<std::string, bool>> parse_endpoint(const std::string& url) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  std::string_view rest = url;
  const bool secure = rest.starts_with(kSecure);
  if (secure || rest.starts_with(kPlain))
    rest.remove_prefix(secure ? kSecure.size() : kPlain.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool named = rest.size() < url.size();
  const bool clean = rest.find_first_of("/@ \t\r\n?#,") == std::string_view::npos;
  const std::size_t colon = rest.rfind(':');
  if (!named || !clean || rest.ends_with(']') || colon == std::string_view::npos || colon == 0)
    return invalid_input("etcd", "'" + url +
                                     "': give http://HOST:PORT or https://HOST:PORT, such as "
                                     "http://127.0.0.1:2379");
  return std::pair(std::string(rest), secure);
}

// Whether another endpoint might do better.
bool elsewhere(const Error& error) {
  return error.kind != ErrorKind::kGone && error.kind != ErrorKind::kDenied &&
         error.kind != ErrorKind::kRejected && error.kind != ErrorKind::kInvalidInput;
}

}  // namespace

class EtcdStore::Impl {
 public:
  struct Endpoint {
    std::string address;
    http::MakeChannel channel;
  };

  Impl(EtcdOptions options, std::vector<Endpoint> endpoints)
      : options_(std::move(options)), endpoints_(std::move(endpoints)) {}

  // Posts, at one endpoint after the other. The body of a good answer.
  Result<std::string> ask(const char* path, const std::string& body) {
    return everywhere([&](const Endpoint& endpoint) { return ask_at(endpoint, path, body); });
  }

  // Elsewhere only as long as nothing was told: another endpoint would tell it all again.
  Result<> watch(const std::string& body, const OnNews& on_news) {
    Result<> ended;
    const auto done = everywhere([&](const Endpoint& endpoint) -> Result<std::string> {
      bool told = false;
      ended = watch_at(endpoint, body, [&](const KeyNews& news) {
        told = true;
        return on_news(news);
      });
      if (!ended && !told) return std::unexpected(ended.error());
      return std::string();
    });
    if (!done) return std::unexpected(done.error());
    return ended;
  }

  void cancel() { line_.cancel(); }

 private:
  template <class Ask>
  Result<std::string> everywhere(const Ask& ask) {
    Result<std::string> answer;
    for (std::size_t tried = 0; tried < endpoints_.size(); ++tried) {
      if (line_.cancelled()) return failure(ErrorKind::kBusy, "etcd", "cancelled");
      const Endpoint& endpoint = endpoints_[current_];
      answer = with_token(endpoint, ask);
      line_.drop();
      if (answer || !elsewhere(answer.error())) break;
      current_ = (current_ + 1) % endpoints_.size();
    }
    return answer;
  }

  // With a token where users are, and once more with a new one if etcd does not know it any more.
  template <class Ask>
  Result<std::string> with_token(const Endpoint& endpoint, const Ask& ask) {
    if (options_.user.empty()) return ask(endpoint);
    const bool fresh = token_.empty();
    if (fresh) PLIMSOLL_TRY(log_in(endpoint));
    Result<std::string> answer = ask(endpoint);
    if (answer || answer.error().kind != ErrorKind::kDenied) return answer;
    token_.clear();
    if (fresh) return answer;
    PLIMSOLL_TRY(log_in(endpoint));
    return ask(endpoint);
  }

  Result<> log_in(const Endpoint& endpoint) {
    const std::string password = options_.password_file.empty()
                                     ? std::string()
                                     : PLIMSOLL_TRY(read_secret(options_.password_file));
    const std::string answer = PLIMSOLL_TRY(
        ask_at(endpoint, "/v3/auth/authenticate", login_request(options_.user, password)));
    token_ = PLIMSOLL_TRY(parse_token(answer));
    return {};
  }

  Result<std::string> ask_at(const Endpoint& endpoint, const char* path, const std::string& body) {
    http::ClientResponse response = PLIMSOLL_TRY(http::post(
        endpoint.address, path, {"application/json", body}, client(endpoint, options_.timeout)));
    if (response.status == 200) return std::move(response.body);
    return in(endpoint.address,
              Result<std::string>(Failure(error_of(response.status, response.body))));
  }

  Result<> watch_at(const Endpoint& endpoint, const std::string& body, const OnNews& on_news) {
    LineCollector lines;
    Result<bool> going = true;
    const auto on_data = [&](std::string_view bytes) {
      going = lines.add(bytes, [&](std::string_view line) -> Result<bool> {
        const KeyNews news = PLIMSOLL_TRY(parse_news(line));
        if (news.compacted) return failure(ErrorKind::kGone, "etcd", "the revision is compacted");
        return on_news(news);
      });
      return going && *going;
    };
    const Result<> done =
        http::stream_post(endpoint.address, "/v3/watch", {"application/json", body}, on_data,
                          client(endpoint, options_.watch_silence));
    if (!going) return in(endpoint.address, Result<>(std::unexpected(going.error())));
    if (!done && done.error().os_error == ETIMEDOUT) return {};  // Silence.
    return done;
  }

  http::ClientOptions client(const Endpoint& endpoint, std::chrono::milliseconds timeout) {
    http::ClientOptions client;
    client.connect_timeout = options_.connect_timeout;
    client.timeout = timeout;
    client.max_body = kMaxAnswer;
    client.authorization = token_;
    client.channel = line_.around(endpoint.channel);
    return client;
  }

  const EtcdOptions options_;
  const std::vector<Endpoint> endpoints_;
  std::size_t current_ = 0;  // The endpoint that is asked first.
  std::string token_;
  Line line_;
};

Result<std::unique_ptr<EtcdStore>> EtcdStore::create(EtcdOptions options) {
  std::vector<Impl::Endpoint> endpoints;
  http::MakeChannel tls;
  for (const std::string& url : options.endpoints) {
    auto [address, secure] = PLIMSOLL_TRY(parse_endpoint(url));
    if (secure && !tls)
      tls = PLIMSOLL_TRY(http::make_tls_channels({.ca_file = options.ca_file,
                                                  .cert_file = options.cert_file,
                                                  .key_file = options.key_file}));
    endpoints.push_back({std::move(address), secure ? tls : http::MakeChannel()});
  }
  if (endpoints.empty()) return invalid_input("etcd", "no endpoint: give http://HOST:PORT");
  if (!tls && !(options.ca_file + options.cert_file + options.key_file).empty())
    return invalid_input(
        "etcd", "certificates and no https://HOST:PORT: give such an endpoint, or none of them");
  if (options.user.empty() && !options.password_file.empty())
    return invalid_input("etcd", "a password without a user: give its name, too");
  return std::unique_ptr<EtcdStore>(
      new EtcdStore(std::make_unique<Impl>(std::move(options), std::move(endpoints))));
}

EtcdStore::EtcdStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EtcdStore::~EtcdStore() = default;

Result<Lease> EtcdStore::grant(std::chrono::seconds ttl) {
  return parse_grant(PLIMSOLL_TRY(impl_->ask("/v3/lease/grant", grant_request(ttl))));
}

Result<> EtcdStore::keep_alive(LeaseId lease) {
  return parse_keep_alive(PLIMSOLL_TRY(impl_->ask("/v3/lease/keepalive", lease_request(lease))));
}

Result<> EtcdStore::write(std::span<const KeyChange> changes, LeaseId lease) {
  PLIMSOLL_TRY(impl_->ask("/v3/kv/txn", write_request(changes, lease)));
  return {};
}

Result<> EtcdStore::revoke(LeaseId lease) {
  PLIMSOLL_TRY(impl_->ask("/v3/lease/revoke", lease_request(lease)));
  return {};
}

Result<KeyPage> EtcdStore::page(const std::string& from, const std::string& end,
                                std::int64_t revision) {
  return parse_page(
      PLIMSOLL_TRY(impl_->ask("/v3/kv/range", page_request(from, end, revision, kPage))));
}

Result<> EtcdStore::watch(const std::string& from, const std::string& end, std::int64_t revision,
                          const OnNews& on_news) {
  return impl_->watch(watch_request(from, end, revision), on_news);
}

void EtcdStore::cancel() {
  impl_->cancel();
}

}  // namespace plimsoll::etcd
