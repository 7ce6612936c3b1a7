#include "agent/etcd_flags.h"

#include <CLI/CLI.hpp>

#include "agent/exporter_flags.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kGroup = "etcd";
// etcd grants no shorter ones.
constexpr std::chrono::nanoseconds kShortestTtl = std::chrono::seconds(2);

void set_prefix(std::string& prefix, std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (!text.starts_with('/') || text.find_first_of(" \t\r\n") != std::string::npos)
    throw CLI::ValidationError("--etcd.prefix", "'" + text + "': give a path such as /plimsoll");
  prefix = std::move(text);
}

void set_containers(EtcdConfig& config, const std::string& word) {
  using exporter::Registered;
  if (word == "all")
    config.containers = Registered::kAll;
  else if (word == "declared")
    config.containers = Registered::kDeclared;
  else if (word == "none")
    config.containers = Registered::kNone;
  else
    throw CLI::ValidationError("--etcd.containers", "'" + word + "': give all, declared or none");
}

}  // namespace

void add_etcd_client_flags(CLI::App& app, etcd::EtcdOptions& options, std::string& prefix,
                           const std::string& endpoints_help) {
  const auto add = [&app](const std::string& name, auto& target, const std::string& type,
                          const std::string& help) {
    app.add_option("--etcd." + name, target, help)->type_name(type)->group(kGroup);
  };
  app.add_option_function<std::string>(
         "--etcd.endpoints",
         [&options](const std::string& list) { options.endpoints = split(list); }, endpoints_help)
      ->type_name("URL[,URL]")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--etcd.prefix", [&prefix](const std::string& text) { set_prefix(prefix, text); },
         "Where the keys begin (default " + prefix + ")")
      ->type_name("PATH")
      ->group(kGroup);
  add("user", options.user, "NAME", "User, where etcd has users");
  add("password-file", options.password_file, "FILE", "File with the user's password");
  add("ca-file", options.ca_file, "FILE", "Trusted authorities, instead of the system's");
  add("cert-file", options.cert_file, "FILE", "Client certificate");
  add("key-file", options.key_file, "FILE", "Its private key");
}

void add_etcd_flags(CLI::App& app, EtcdConfig& config) {
  add_etcd_client_flags(app, config.client, config.prefix,
                        "Register this host and its containers in this etcd, such as "
                        "http://example.com:2379; default: register nothing");
  add_duration(app, "--etcd.ttl", config.ttl, kShortestTtl,
               "How long the registration outlives an exporter that was killed (default 10s)")
      ->group(kGroup);
  app.add_option("--etcd.node", config.node, "This host's name in etcd (default: its host name)")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--etcd.advertise", config.advertise,
                 "Where others reach this exporter (default: the host's name, or the address "
                 "that it listens on, and the port)")
      ->type_name("HOST:PORT")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--etcd.containers", [&config](const std::string& word) { set_containers(config, word); },
         "Which containers: all, declared (those with the label prometheus.io/port) or none "
         "(default all)")
      ->type_name("WORD")
      ->group(kGroup);
}

}  // namespace plimsoll::agent
