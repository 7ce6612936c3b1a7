#include "runtime/engine/etc_files.h"

#include <algorithm>
#include <string_view>

#include "runtime/engine/files.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {
namespace {

constexpr std::string_view kLocal =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

std::string upper_word(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-' || c == '.') c = '_';
  }
  return word;
}

const net::Endpoint* first_address(const std::vector<net::Endpoint>& endpoints) {
  const auto found = std::ranges::find_if(
      endpoints, [](const net::Endpoint& endpoint) { return !endpoint.address.empty(); });
  return found == endpoints.end() ? nullptr : &*found;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

}  // namespace

Link parse_link(const std::string& text) {
  const std::size_t colon = text.find(':');
  Link link{text.substr(0, colon), colon == std::string::npos ? text : text.substr(colon + 1)};
  if (link.container.starts_with('/')) link.container.erase(0, 1);
  link.alias.erase(0, link.alias.rfind('/') == std::string::npos ? 0 : link.alias.rfind('/') + 1);
  return link;
}

std::vector<std::string> variables_of(const Link& link, const Container& container,
                                      const Container& other) {
  const std::string prefix = upper_word(link.alias);
  const net::Endpoint* endpoint = first_address(other.endpoints);
  const std::string address = endpoint == nullptr ? "" : endpoint->address;
  std::vector<std::string> all{prefix + "_NAME=/" + container.name + "/" + link.alias};
  std::string lowest;
  for (const std::string& exposed : other.definition.config.exposed_ports) {
    const std::size_t slash = exposed.find('/');
    const std::string port = exposed.substr(0, slash);
    const std::string protocol = slash == std::string::npos ? "tcp" : exposed.substr(slash + 1);
    const std::string url = protocol + "://" + address + ":" + port;
    const std::string name = prefix + "_PORT_" + port + "_" + upper_word(protocol);
    if (lowest.empty()) lowest = url;
    all.push_back(name + "=" + url);
    all.push_back(name + "_ADDR=" + address);
    all.push_back(name + "_PORT=" + port);
    all.push_back(name + "_PROTO=" + protocol);
  }
  if (!lowest.empty()) all.push_back(prefix + "_PORT=" + lowest);
  for (const std::string& variable : other.definition.config.env) {
    if (variable.starts_with("HOME=") || variable.starts_with("PATH=")) continue;
    all.push_back(prefix + "_ENV_" + variable);
  }
  return all;
}

std::string hosts_text(const EtcRequest& request) {
  const model::Definition& definition = request.container->definition;
  std::string text(kLocal);
  if (request.is_host) {
    const auto hosts = read_text("/etc/hosts");
    if (hosts) text = *hosts;
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (const std::string& extra : definition.host.extra_hosts) {
    const std::size_t at = extra.find_first_of(":=");
    if (at == std::string::npos) continue;
    std::string address = extra.substr(at + 1);
    if (address == "host-gateway") {
      const net::Endpoint* endpoint = first_address(request.endpoints);
      if (endpoint == nullptr || endpoint->gateway.empty()) continue;
      address = endpoint->gateway;
    }
    if (address.starts_with('[') && address.ends_with(']'))
      address = address.substr(1, address.size() - 2);
    text += address + "\t" + extra.substr(0, at) + "\n";
  }
  for (const auto& [link, other] : request.linked) {
    const net::Endpoint* endpoint = first_address(other->endpoints);
    if (endpoint == nullptr) continue;
    text += endpoint->address + "\t" + link.alias + " " + short_id(other->id);
    if (other->name != link.alias) text += " " + other->name;
    text += "\n";
  }
  std::string names = definition.config.hostname;
  if (!definition.config.domainname.empty()) names += "." + definition.config.domainname;
  // The first label by itself as well, whether the domain came with the name or beside it.
  if (const std::size_t dot = names.find('.'); dot != std::string::npos)
    names += " " + names.substr(0, dot);
  for (const net::Endpoint& endpoint : request.endpoints) {
    if (!endpoint.address.empty()) text += endpoint.address + "\t" + names + "\n";
    if (!endpoint.address6.empty()) text += endpoint.address6 + "\t" + names + "\n";
  }
  return text;
}

std::string resolv_conf_text(const EtcRequest& request) {
  const model::HostConfig& host = request.container->definition.host;
  const bool own = !host.dns.empty() || !host.dns_search.empty() || !host.dns_options.empty();
  if (request.resolving.servers.empty() && !own) {
    const auto text = read_text("/etc/resolv.conf");
    return text ? *text : std::string();
  }
  std::vector<std::string> servers = request.resolving.servers;
  // On networks with names the resolver stays; it asks whom the container names.
  const bool has_resolver = !servers.empty() && servers.front() == "127.0.0.11";
  if (!host.dns.empty() && !has_resolver) servers = host.dns;
  const std::vector<std::string>& search =
      host.dns_search.empty() ? request.resolving.search : host.dns_search;
  const std::vector<std::string>& options =
      host.dns_options.empty() ? request.resolving.options : host.dns_options;
  std::string text;
  for (const std::string& server : servers) text += "nameserver " + server + "\n";
  if (!search.empty() && search.front() != ".") text += "search" + joined(search) + "\n";
  if (!options.empty()) text += "options" + joined(options) + "\n";
  return text;
}

}  // namespace plimsoll::engine
