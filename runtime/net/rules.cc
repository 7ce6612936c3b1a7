#include "runtime/net/rules.h"

#include <array>
#include <map>

namespace plimsoll::net {

namespace {

constexpr std::array kMaps = {"any4", "at4", "any6", "at6"};

// Which of the maps, and the key in it.
std::string map_of(const PortRule& port) {
  std::string name = is_any(port.host) ? "any" : "at";
  return name += port.host.family == Family::kV4 ? '4' : '6';
}

std::string key_of(const PortRule& port) {
  const std::string key = is_any(port.host) ? "" : to_text(port.host) + " . ";
  return key + port.protocol + " . " + std::to_string(port.host_port);
}

std::string element_of(const PortRule& port) {
  return key_of(port) + " : " + to_text(port.target) + " . " + std::to_string(port.target_port);
}

// "{ a, b }", for each map that is concerned.
std::map<std::string, std::string> by_map(const std::vector<PortRule>& ports,
                                          std::string (*text)(const PortRule&)) {
  std::map<std::string, std::string> lists;
  for (const PortRule& port : ports) {
    std::string& list = lists[map_of(port)];
    if (!list.empty()) list += ", ";
    list += text(port);
  }
  return lists;
}

std::string change_ports(const char* verb, const std::string& table,
                         const std::map<std::string, std::string>& lists) {
  std::string text;
  for (const auto& [map, list] : lists)
    text += std::string(verb) + " element inet " + table + " " + map + " { " + list + " }\n";
  return text;
}

std::string quoted(const std::string& name) {
  return "\"" + name + "\"";
}

std::string set_of_links(const char* name, const std::vector<std::string>& links) {
  std::string text = "  set " + std::string(name) + " {\n    type ifname\n";
  std::string list;
  for (const std::string& link : links) list += (list.empty() ? "" : ", ") + quoted(link);
  if (!list.empty()) text += "    elements = { " + list + " }\n";
  return text + "  }\n";
}

std::string type_of(const std::string& map) {
  const std::string address = map.back() == '4' ? "ipv4_addr" : "ipv6_addr";
  const std::string key = map.starts_with("at") ? address + " . " : "";
  return key + "inet_proto . inet_service : " + address + " . inet_service";
}

std::string maps(const std::vector<PortRule>& ports) {
  const std::map<std::string, std::string> lists = by_map(ports, element_of);
  std::string text;
  for (const char* name : kMaps) {
    text += "  map " + std::string(name) + " {\n    type " + type_of(name) + "\n";
    const auto list = lists.find(name);
    if (list != lists.end()) text += "    elements = { " + list->second + " }\n";
    text += "  }\n";
  }
  return text;
}

// Of what leaves a subnet for elsewhere, and of what comes back to a bridge by a published port:
// the answer must pass here again. A packet from loopback could not be answered at all.
std::string postrouting(const std::vector<BridgeRule>& bridges) {
  std::string text =
      "  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n"
      "    oifname @bridges ip saddr 127.0.0.0/8 masquerade\n";
  for (const BridgeRule& bridge : bridges) {
    if (bridge.internal) continue;
    for (const Subnet& subnet : bridge.subnets) {
      const bool v4 = subnet.base.family == Family::kV4;
      const std::string from =
          std::string("    ") + (v4 ? "ip" : "ip6") + " saddr " + to_text(subnet) + " oifname ";
      if (bridge.masquerade) text += from + "!= " + quoted(bridge.name) + " masquerade\n";
      text += from + quoted(bridge.name) + " ct status dnat masquerade\n";
    }
  }
  return text + "  }\n";
}

// What neither comes from nor goes to a bridge of ours is none of our business. Between bridges,
// and from outside, only what was published passes, and answers.
std::string forward(const std::vector<BridgeRule>& bridges) {
  std::string text =
      "  chain forward {\n    type filter hook forward priority filter; policy accept;\n"
      "    iifname != @bridges oifname != @bridges accept\n";
  for (const BridgeRule& bridge : bridges)
    text += "    iifname " + quoted(bridge.name) + " oifname " + quoted(bridge.name) + " accept\n";
  return text +
         "    iifname @internal drop\n"
         "    oifname @internal drop\n"
         "    ct state established,related accept\n"
         "    ct status dnat accept\n"
         "    oifname @bridges drop\n"
         "  }\n";
}

// Loopback addresses are routed on our bridges for what the host sends to its own published ports;
// what containers send there is theirs to invent, and dropped. IPv6 has no such switch.
constexpr const char* kFixedChains =
    "  chain before {\n    type filter hook prerouting priority raw; policy accept;\n"
    "    iifname @bridges ip daddr 127.0.0.0/8 drop\n"
    "  }\n"
    "  chain prerouting {\n    type nat hook prerouting priority dstnat; policy accept;\n"
    "    fib daddr type local goto published\n"
    "  }\n"
    "  chain output {\n    type nat hook output priority -100; policy accept;\n"
    "    ip6 daddr ::1 return\n"
    "    fib daddr type local goto published\n"
    "  }\n";

constexpr const char* kPublished =
    "  chain published {\n"
    "    dnat ip to ip daddr . meta l4proto . th dport map @at4\n"
    "    dnat ip to meta l4proto . th dport map @any4\n"
    "    dnat ip6 to ip6 daddr . meta l4proto . th dport map @at6\n"
    "    dnat ip6 to meta l4proto . th dport map @any6\n"
    "  }\n";

}  // namespace

std::string table_text(const std::string& table, const std::vector<BridgeRule>& bridges,
                       const std::vector<PortRule>& ports) {
  std::vector<std::string> all;
  std::vector<std::string> internal;
  for (const BridgeRule& bridge : bridges) {
    all.push_back(bridge.name);
    if (bridge.internal) internal.push_back(bridge.name);
  }
  return no_table_text(table) + "table inet " + table + " {\n" + set_of_links("bridges", all) +
         set_of_links("internal", internal) + maps(ports) + kPublished + kFixedChains +
         postrouting(bridges) + forward(bridges) + "}\n";
}

// Added first, since a table that is not there cannot be deleted.
std::string no_table_text(const std::string& table) {
  return "add table inet " + table + "\ndelete table inet " + table + "\n";
}

std::string add_ports_text(const std::string& table, const std::vector<PortRule>& ports) {
  return change_ports("add", table, by_map(ports, element_of));
}

std::string delete_ports_text(const std::string& table, const std::vector<PortRule>& ports) {
  return change_ports("delete", table, by_map(ports, key_of));
}

std::string redirect_text(const std::string& table, std::uint16_t udp, std::uint16_t tcp) {
  const auto rule = [](const char* protocol, std::uint16_t port) {
    return "    ip daddr 127.0.0.11 " + std::string(protocol) +
           " dport 53 dnat to 127.0.0.11:" + std::to_string(port) + "\n";
  };
  return "add table ip " + table + "\ndelete table ip " + table + "\ntable ip " + table +
         " {\n  chain output {\n    type nat hook output priority -100; policy accept;\n" +
         rule("udp", udp) + rule("tcp", tcp) + "  }\n}\n";
}

}  // namespace plimsoll::net
