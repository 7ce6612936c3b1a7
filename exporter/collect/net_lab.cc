#include "exporter/collect/net_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/read_file.h"
#include "exporter/collect/net_dev.h"
#include "exporter/collect/route_socket.h"

namespace plimsoll::exporter {

namespace {

Result<> send(NetlinkRequest& request) {
  RouteSocket socket = PLIMSOLL_TRY(RouteSocket::open(0));
  return socket.ask(request, [](const nlmsghdr&) {});
}

// In the caller's namespace, with the other end `peer` in that of `pid` (0: here too).
Result<> make_veth(const std::string& name, const std::string& peer, pid_t pid) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  request.put_header<ifinfomsg>();
  request.put(IFLA_IFNAME, name);
  const std::size_t info = request.begin_nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, std::string("veth"));
  const std::size_t data = request.begin_nest(IFLA_INFO_DATA);
  const std::size_t other = request.begin_nest(VETH_INFO_PEER);
  request.put_header<ifinfomsg>();
  request.put(IFLA_IFNAME, peer);
  if (pid > 0) request.put(IFLA_NET_NS_PID, static_cast<std::uint32_t>(pid));
  request.end_nest(other);
  request.end_nest(data);
  request.end_nest(info);
  return send(request);
}

Result<> remove_link(const std::string& name) {
  NetlinkRequest request(RTM_DELLINK, NLM_F_ACK);
  request.put_header<ifinfomsg>();
  request.put(IFLA_IFNAME, name);
  return send(request);
}

ifreq named(const std::string& name) {
  ifreq request{};
  PLIMSOLL_CHECK(name.size() < sizeof request.ifr_name);
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  return request;
}

enum class State { kDown, kUp };
void set_state(const std::string& name, State state) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = named(name);
  PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0);
  request.ifr_flags = static_cast<short>(state == State::kUp ? request.ifr_flags | IFF_UP
                                                             : request.ifr_flags & ~IFF_UP);
  PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0);
}

// Until both ends are up a link drops what is sent.
void await_running(const std::string& name) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = named(name);
  for (int attempt = 0; attempt < 300; ++attempt) {
    PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCGIFFLAGS, &request) == 0);
    if ((request.ifr_flags & IFF_RUNNING) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

sockaddr_in address_of(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  PLIMSOLL_CHECK(::inet_pton(AF_INET, text.c_str(), &address.sin_addr) == 1);
  return address;
}

std::string address_text(int net, int host) {
  return "10.77." + std::to_string(net) + "." + std::to_string(host);
}

// Neighbour discovery would send packets at times of its own.
void disable_ipv6() {
  const Fd fd(::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
  if (fd) static_cast<void>(!::write(fd.get(), "1", 1));
}

[[noreturn]] void child_main(int ready, int join) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int done = join >= 0 ? ::setns(join, CLONE_NEWNET) : ::unshare(CLONE_NEWNET);
  if (done == 0 && join < 0) disable_ipv6();
  const int answer = done == 0 ? 0 : errno;
  if (::write(ready, &answer, sizeof answer) != sizeof answer) ::_exit(1);
  for (;;) ::pause();
}

Fd netns_of(pid_t pid) {
  return Fd(::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

NetLab::NetLab() {
  hub_ = start(0);
  if (hub_ < 0) {
    why_not_ = std::string("unshare(CLONE_NEWNET): ") + std::strerror(errno);
    return;
  }
  in(hub_, [&] {
    const Result<> made = make_veth("plt-probe", "plt-probe2", 0);
    if (!made)
      why_not_ = "making a veth: " + made.error().message();
    else
      PLIMSOLL_CHECK(remove_link("plt-probe").has_value());
  });
}

NetLab::~NetLab() {
  while (!children_.empty()) end(children_.back());
}

// -1 with errno if the namespace could not be made.
pid_t NetLab::start(pid_t join) {
  const Fd netns = join > 0 ? netns_of(join) : Fd();
  int ends[2];
  PLIMSOLL_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd ready(ends[0]);
  Fd child_end(ends[1]);
  const pid_t pid = ::fork();
  PLIMSOLL_CHECK(pid >= 0);
  if (pid == 0) child_main(child_end.get(), netns.get());
  children_.push_back(pid);
  child_end.reset();
  int answer = EPIPE;
  static_cast<void>(!::read(ready.get(), &answer, sizeof answer));
  if (answer == 0) return pid;
  end(pid);
  errno = answer;
  return -1;
}

pid_t NetLab::add() {
  return start(0);
}
pid_t NetLab::add_in(pid_t other) {
  return start(other);
}

void NetLab::end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  std::erase(children_, pid);
}

void NetLab::set_up(const std::string& name, const std::string& address) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = named(name);
  sockaddr_in value = address_of(address, 0);
  std::memcpy(&request.ifr_addr, &value, sizeof value);
  PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCSIFADDR, &request) == 0);
  value = address_of("255.255.255.0", 0);
  std::memcpy(&request.ifr_netmask, &value, sizeof value);
  PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCSIFNETMASK, &request) == 0);
  set_state(name, State::kUp);
}

void NetLab::connect(pid_t pid, const std::string& name, const std::string& host_end, int net) {
  in(hub_, [&] {
    PLIMSOLL_CHECK(make_veth(host_end, name, pid).has_value());
    set_up(host_end, address_text(net, 1));
  });
  in(pid, [&] {
    set_up(name, address_text(net, 2));
    await_running(name);
  });
  in(hub_, [&] { await_running(host_end); });
  await_flow(pid, name, hub_, host_end);
  await_flow(hub_, host_end, pid, name);
}

// A link says that it runs a little before its queue takes packets.
void NetLab::await_flow(pid_t from, const std::string& from_name, pid_t to,
                        const std::string& to_name) {
  const auto received = [&] {
    const auto all = parse_net_dev(settled_net_dev(to)).value();
    return std::ranges::find(all, to_name, &InterfaceCounters::name)->rx_packets;
  };
  for (int attempt = 0; attempt < 100 && received() == 0; ++attempt)
    send_unknown_protocol(from, from_name, 1);
}

void NetLab::disconnect(const std::string& host_end) {
  in(hub_, [&] { PLIMSOLL_CHECK(remove_link(host_end).has_value()); });
}

void NetLab::rename(pid_t pid, const std::string& from, const std::string& to) {
  in(pid, [&] {
    set_state(from, State::kDown);
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = named(from);
    std::memcpy(request.ifr_newname, to.c_str(), to.size() + 1);
    PLIMSOLL_CHECK(::ioctl(fd.get(), SIOCSIFNAME, &request) == 0);
    set_state(to, State::kUp);
  });
}

void NetLab::add_pair_inside(pid_t pid, const std::string& name, const std::string& other) {
  in(pid, [&] {
    PLIMSOLL_CHECK(make_veth(name, other, 0).has_value());
    set_state(name, State::kUp);
    set_state(other, State::kUp);
    await_running(name);
  });
}

void NetLab::send(pid_t pid, int net, int host, int count, std::size_t bytes) {
  in(pid, [&] {
    const sockaddr_in to = address_of(address_text(net, host), 9);
    const std::string payload(bytes, 'x');
    for (int i = 0; i < count; ++i) {
      // A socket each: the refusal of the last datagram would fail the next.
      const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      ::sendto(fd.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&to),
               sizeof to);
    }
  });
}

void NetLab::send_unknown_protocol(pid_t pid, const std::string& interface, int count) {
  in(pid, [&] {
    constexpr std::uint16_t kLocalExperiment = 0x88B5;
    const Fd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(kLocalExperiment);
    to.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    to.sll_halen = 6;
    std::memset(to.sll_addr, 0xFF, 6);
    const std::string payload(64, 'x');
    for (int i = 0; i < count; ++i)
      PLIMSOLL_CHECK(::sendto(fd.get(), payload.data(), payload.size(), 0,
                              reinterpret_cast<const sockaddr*>(&to), sizeof to) > 0);
  });
}

void NetLab::in(pid_t pid, const std::function<void()>& work) {
  std::thread([&] {
    const Fd netns = netns_of(pid);
    PLIMSOLL_CHECK(::setns(netns.get(), CLONE_NEWNET) == 0);
    work();
  }).join();
}

std::string NetLab::settled_net_dev(pid_t pid) {
  const DirFd proc = open_dir("/proc").value();
  const std::string path = std::to_string(pid) + "/net/dev";
  std::string before;
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string now = read_file_at(proc, path.c_str()).value();
    if (now == before) return now;
    before = std::move(now);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return before;
}

}  // namespace plimsoll::exporter
