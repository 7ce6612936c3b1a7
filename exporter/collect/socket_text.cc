#include "exporter/collect/socket_text.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kNames =
    "rtoalgorithm rtomin rtomax maxconn activeopens passiveopens attemptfails estabresets "
    "currestab insegs outsegs retranssegs inerrs outrsts incsumerrors embryonicrsts syncookiessent "
    "syncookiesrecv syncookiesfailed prunecalled rcvpruned ofopruned outofwindowicmps "
    "lockdroppedicmps tw twrecycled twkilled tcptimewaitoverflow tcptimeouts tcpspuriousrtos "
    "tcplossprobes tcplossproberecovery tcprenorecoveryfail tcpsackrecoveryfail tcprenofailures "
    "tcpsackfailures tcplossfailures delayedacks delayedacklocked delayedacklost listenoverflows "
    "listendrops tcphphits tcppureacks tcphpacks tcprenorecovery tcpsackrecovery tcpsackreneging "
    "tcpfackreorder tcpsackreorder tcprenoreorder tcptsreorder tcpfullundo tcppartialundo "
    "tcpdsackundo tcplossundo tcpfastretrans tcpslowstartretrans tcplostretransmit tcpretransfail "
    "tcprcvcollapsed tcpdsackoldsent tcpdsackofosent tcpdsackrecv tcpdsackoforecv tcpabortondata "
    "tcpabortonclose tcpabortonmemory tcpabortontimeout tcpabortonlinger tcpabortfailed "
    "tcpmemorypressures tcpmemorypressureschrono tcpsackdiscard tcpdsackignoredold "
    "tcpdsackignorednoundo tcpmd5notfound tcpmd5unexpected tcpmd5failure tcpsackshifted "
    "tcpsackmerged tcpsackshiftfallback tcpbacklogdrop pfmemallocdrop tcpminttldrop "
    "tcpdeferacceptdrop ipreversepathfilter tcpreqqfulldocookies tcpreqqfulldrop tcpfastopenactive "
    "tcpfastopenactivefail tcpfastopenpassive tcpfastopenpassivefail tcpfastopenlistenoverflow "
    "tcpfastopencookiereqd tcpsynretrans tcporigdatasent pawsactive pawsestab";

bool same_word(std::string_view kernel, std::string_view lower) {
  return std::ranges::equal(kernel, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

// Words of one line of a socket table; false at the heading.
template <std::size_t kWords>
Result<std::optional<std::array<std::string_view, kWords>>> words_of(std::string_view line) {
  std::array<std::string_view, kWords> words;
  std::string_view rest = line;
  for (std::string_view& word : words)
    if (!next_word(rest, word)) return malformed(line);
  if (words[0] == "sl") return std::nullopt;
  return words;
}

}  // namespace

const std::vector<std::string_view>& tcp_counter_names() {
  // Constant data, taken apart on first use.
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    std::string_view rest = kNames;
    std::string_view word;
    while (next_word(rest, word)) all.push_back(word);
    return all;
  }();
  return names;
}

Result<TcpStates> count_tcp(std::string_view lines) {
  TcpStates states{};
  std::string_view line;
  while (next_line(lines, line)) {
    const auto words = PLIMSOLL_TRY(words_of<4>(line));
    if (!words) continue;
    const auto state = to_number<std::uint32_t>((*words)[3], 16);
    if (!state || *state == 0) return malformed(line);
    // A state of a newer kernel is none of cAdvisor's.
    if (*state <= states.size()) ++states[*state - 1];
  }
  return states;
}

Result<UdpSockets> count_udp(std::string_view lines) {
  UdpSockets sum;
  std::string_view line;
  while (next_line(lines, line)) {
    const auto words = PLIMSOLL_TRY(words_of<13>(line));
    if (!words) continue;
    const std::string_view queues = (*words)[4];
    const std::size_t colon = std::min(queues.find(':'), queues.size());
    const auto tx = to_number<std::uint64_t>(queues.substr(0, colon), 16);
    const auto rx = to_number<std::uint64_t>(queues.substr(std::min(colon + 1, queues.size())), 16);
    const auto drops = to_number<std::uint64_t>((*words)[12]);
    if (!tx || !rx || !drops) return malformed(line);
    ++sum.sockets;
    sum.tx_queued += *tx;
    sum.rx_queued += *rx;
    sum.dropped += *drops;
  }
  return sum;
}

Result<TcpCounters> parse_tcp_counters(std::string_view text, std::string_view protocol) {
  TcpCounters counters;
  std::string_view keys;
  std::string_view values;
  while (next_line(text, keys) && next_line(text, values)) {
    std::string_view key;
    std::string_view value;
    if (!next_word(keys, key) || !key.ends_with(':')) return malformed(keys);
    if (key.substr(0, key.size() - 1) != protocol) continue;
    if (!next_word(values, value) || value != key) return malformed(values);
    while (next_word(keys, key)) {
      if (!next_word(values, value)) return malformed(keys);
      const auto number = to_number<std::int64_t>(value);
      if (!number) return malformed(value);
      for (const std::string_view name : tcp_counter_names())
        if (same_word(key, name)) counters.emplace_back(name, *number);
    }
  }
  return counters;
}

TcpCounters in_order(TcpCounters counters) {
  TcpCounters ordered;
  ordered.reserve(counters.size());
  for (const std::string_view name : tcp_counter_names()) {
    const auto found = std::ranges::find(counters, name, &TcpCounters::value_type::first);
    if (found != counters.end()) ordered.push_back(*found);
  }
  return ordered;
}

}  // namespace plimsoll::exporter
