#include "runtime/docker/api.h"

#include <algorithm>
#include <utility>

namespace plimsoll::docker {

namespace {

constexpr std::size_t kMostThreads = 128;
constexpr std::uint64_t kMostJson = std::uint64_t{4} << 20;

model::Refusal no_page() {
  return {model::Refused::kNotFound, "page not found"};
}

http::Response refused(const model::Refusal& refusal) {
  return http::Response::json(static_cast<int>(refusal.why), error_body(refusal.message));
}

}  // namespace

Api::Api(http::Server& server, ApiOptions options)
    : server_(server), options_(std::move(options)), pool_(kMostThreads) {
  server.route(
      "/*", {},
      [this](const http::Request& request, http::Responder responder) {
        accept(request, std::move(responder));
      },
      [this](const http::Request& head, std::function<void(http::BodyRule)> decide) {
        choose_body(head, std::move(decide));
      });
}

Api::~Api() = default;

void Api::add(Method method, std::string_view pattern, Handler handler, Traits traits) {
  const bool looks = method == Method::kGet || method == Method::kHead;
  const Access needs = std::max(looks ? Access::kRead : Access::kFull, traits.needs);
  router_.add(method, pattern, entries_.size());
  entries_.push_back({std::move(handler), traits, needs});
}

void Api::after(std::chrono::nanoseconds delay, std::function<void()> task) {
  server_.after(delay, [this, task = std::move(task)] { pool_.submit(task); });
}

// Loop thread: nothing here may block.
void Api::accept(const http::Request& request, http::Responder responder) {
  const auto method = method_named(request.method);
  const auto path = split_version(request.path);
  const auto match = method && path ? router_.match(*method, path->path) : std::nullopt;
  const auto call =
      std::make_shared<Call>(request, std::move(responder), path ? path->version : kNewest,
                             match ? std::string(match->parameter) : std::string());
  if (!path) return call->fail(path.error());
  if (!match) return call->fail(no_page());
  const Entry& entry = entries_[match->target];
  pool_.submit([this, &entry, call] {
    if (const auto refusal = refusal_of(call->request(), entry.needs)) return call->fail(*refusal);
    entry.handler(call);
  });
}

const Api::Entry* Api::find(const http::Request& request) const {
  const auto method = method_named(request.method);
  const auto path = split_version(request.path);
  if (!method || !path) return nullptr;
  const auto match = router_.match(*method, path->path);
  return match ? &entries_[match->target] : nullptr;
}

// Who may not upload is told so before a byte lies on our disk.
void Api::choose_body(const http::Request& head, std::function<void(http::BodyRule)> decide) {
  const Entry* const entry = find(head);
  if (entry == nullptr || entry->traits.body == Traits::Body::kMemory)
    return decide({.most = kMostJson});
  pool_.submit([this, entry, head, decide = std::move(decide)] {
    if (const auto refusal = refusal_of(head, entry->needs))
      return decide({.refusal = [refusal] { return refused(*refusal); }});
    decide({.most = options_.most_archive, .spool = options_.spool_dir});
  });
}

std::optional<model::Refusal> Api::refusal_of(const http::Request& request, Access needs) const {
  const Access has = options_.access ? options_.access(request) : Access::kFull;
  if (has >= needs) return std::nullopt;
  const char* const whose =
      needs == Access::kRead ? "looking is for root and the members of the read and control groups"
                             : "this is for root and the members of the control group";
  return model::Refusal(
      model::Refused::kForbidden,
      "permission denied: " + std::string(whose) +
          (request.process ? ", not for uid " + std::to_string(request.process->uid)
                           : std::string()));
}

}  // namespace plimsoll::docker
