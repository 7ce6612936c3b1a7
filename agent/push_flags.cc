#include "agent/push_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {

constexpr std::chrono::nanoseconds kShortestInterval = std::chrono::seconds(1);

bool is_label_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) && !name.starts_with("__") &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

exporter::PushLabel parse_external_label(const std::string& text) {
  const std::size_t equals = text.find('=');
  exporter::PushLabel label{text.substr(0, equals),
                            equals == std::string::npos ? "" : text.substr(equals + 1)};
  if (!is_label_name(label.name) || label.value.empty())
    throw CLI::ValidationError("--push.external-label",
                               "'" + text + "': give NAME=VALUE, such as cluster=north");
  return label;
}

}  // namespace

void add_push_flags(CLI::App& app, PushConfig& config) {
  exporter::RemoteOptions& remote = config.remote;
  const auto add = [&app](const std::string& name, auto& target, const std::string& type,
                          const std::string& help) {
    return app.add_option("--push." + name, target, help)->type_name(type)->group("Push");
  };
  add("url", remote.url, "URL",
      "Push to this remote_write receiver, such as "
      "http://example.com:9090/api/v1/write; default: "
      "push nothing");
  app.add_option_function<std::string>(
         "--push.interval",
         [&config](const std::string& text) {
           const auto value = exporter::parse_duration(text);
           if (!value || *value < kShortestInterval)
             throw CLI::ValidationError("--push.interval",
                                        "'" + text + "': give a time of at least 1s");
           config.interval = *value;
         },
         "Time between pushes (default 15s)")
      ->type_name("DURATION")
      ->group("Push");
  add("queue-dir", config.queue_dir, "DIR",
      "Where requests wait while the receiver is away; one directory per exporter")
      ->capture_default_str();
  add("queue-bytes", config.queue_bytes, "BYTES",
      "Bytes that may wait; beyond it the oldest are dropped and counted")
      ->check(CLI::Range(std::uint64_t{1} << 20, std::uint64_t{1} << 40))
      ->capture_default_str();
  add("max-samples", config.samples_per_request, "N", "Samples in a request at most")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000}))
      ->capture_default_str();
  app.add_option_function<std::vector<std::string>>(
         "--push.external-label",
         [&config](const std::vector<std::string>& texts) {
           config.external_labels.clear();
           for (const std::string& text : texts)
             config.external_labels.push_back(parse_external_label(text));
         },
         "Label of every pushed series (repeatable); instance=HOSTNAME and job=plimsoll unless "
         "given")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Push");
  app.add_option("--push.header", remote.headers, "Further header of each request (repeatable)")
      ->type_name("'NAME: VALUE'")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Push");
  add("user", remote.user, "NAME", "Basic authentication: user");
  add("password-file", remote.password_file, "FILE",
      "Basic authentication: file with the password");
  add("bearer-token-file", remote.bearer_token_file, "FILE", "File with a bearer token");
  add("ca-file", remote.ca_file, "FILE", "Trusted authorities, instead of the system's");
  add("cert-file", remote.cert_file, "FILE", "Client certificate");
  add("key-file", remote.key_file, "FILE", "Its private key");
}

}  // namespace plimsoll::agent
