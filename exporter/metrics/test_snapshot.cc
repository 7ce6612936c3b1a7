#include "exporter/metrics/test_snapshot.h"

#include <algorithm>

#include "exporter/metrics/text.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::DeviceIo;
using cgroupfs::Field;

constexpr WallTime kWall{std::chrono::nanoseconds(1'700'000'000'250'000'000)};

// Fields that only one version has.
bool offered(Field field, int version) {
  switch (field) {
    case Field::kCpuShares:
    case Field::kMemoryReservation:
    case Field::kMemoryMemswLimit:
    case Field::kMemoryFailcnt:
    case Field::kMemoryPgfaultTotal:
    case Field::kMemoryPgmajfaultTotal:
    case Field::kCpusetMemoryMigrate:
    case Field::kMemoryUnderOom:
    case Field::kMemoryOomKillDisabled:
      return version == 1;
    case Field::kCpuWeight:
    case Field::kMemoryHigh:
    case Field::kMemoryLow:
    case Field::kMemoryMin:
    case Field::kMemorySwapLimit:
    case Field::kMemoryEventsLow:
    case Field::kMemoryEventsHigh:
    case Field::kMemoryEventsMax:
    case Field::kMemoryEventsOom:
    case Field::kMemoryEventsOomGroupKill:
    case Field::kMemoryEventsLocalLow:
    case Field::kMemoryEventsLocalHigh:
    case Field::kMemoryEventsLocalMax:
    case Field::kMemoryEventsLocalOom:
    case Field::kMemoryEventsLocalOomGroupKill:
    case Field::kMemoryOomGroup:
    case Field::kMemorySwapEventsHigh:
    case Field::kMemorySwapEventsMax:
    case Field::kMemorySwapEventsFail:
    case Field::kMemorySwapPeak:
    case Field::kMemorySwapHigh:
    case Field::kMemoryZswapLimit:
    case Field::kCpuNice:
    case Field::kCpuForcedIdle:
    case Field::kIoWeight:
    case Field::kMemoryPgscan:
    case Field::kMemoryPgsteal:
      return version == 2;
    default:
      return true;
  }
}

// A plausible number of digits, different per field.
std::uint64_t plausible(Field field) {
  const auto i = static_cast<std::uint64_t>(field) + 1;
  switch (cgroupfs::info(field).unit) {
    case cgroupfs::Unit::kNanoseconds:
      return i * 12'345'678'901;
    case cgroupfs::Unit::kBytes:
      return i * 4096 * 1001;
    case cgroupfs::Unit::kCount:
      return i * 37;
    case cgroupfs::Unit::kBool:
      return 1;
  }
  return i;
}

DeviceIo device_io(int version) {
  DeviceIo io;
  io.major = 254;
  io.read_bytes = 40'960;
  io.write_bytes = 81'920;
  io.discard_bytes = 0;
  io.reads = 10;
  io.writes = 20;
  io.discards = 0;
  if (version == 1) {
    io.sync_bytes = 100'000;
    io.async_bytes = 22'880;
    io.total_bytes = 122'880;
  }
  return io;
}

FilesystemUsage host_disk() {
  FilesystemUsage fs;
  fs.device = "/dev/vda1";
  fs.type = "ext4";
  fs.mountpoint = "/";
  fs.limit_bytes = 10'737'418'240;
  fs.usage_bytes = 4'294'967'296;
  fs.available_bytes = 6'442'450'944;
  fs.inodes_total = 655'360;
  fs.inodes_free = 600'000;
  fs.reads = 1000;
  fs.reads_merged = 10;
  fs.sectors_read = 80'000;
  fs.read_time_ns = 1'500'000'000;
  fs.writes = 2000;
  fs.writes_merged = 20;
  fs.sectors_written = 160'000;
  fs.write_time_ns = 2'750'000'000;
  fs.io_in_progress = 1;
  fs.io_time_ns = 4'000'000'000;
  fs.weighted_io_time_ns = 4'250'000'000;
  return fs;
}

SocketStatsPtr sockets() {
  SocketStats stats;
  stats.tcp = TcpStates{5, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0};
  stats.tcp6 = TcpStates{1};
  stats.udp = UdpSockets{.sockets = 3, .dropped = 4, .rx_queued = 5, .tx_queued = 6};
  stats.udp6 = UdpSockets{};
  stats.advanced = {{"maxconn", -1}, {"activeopens", 17}};
  return std::make_shared<const SocketStats>(std::move(stats));
}

// Two nodes of one core; each core has a cache of its own.
Topology topology() {
  Topology topology;
  for (std::uint32_t id = 0; id < 2; ++id) {
    Topology::Node node{.id = id, .memory_bytes = 8'388'608'000, .huge_pages = {{2048, 16}}};
    node.distances = {{0, id == 0 ? 10U : 21U}, {1, id == 0 ? 21U : 10U}};
    Topology::Core core{.id = "0", .threads = {id, id + 2}};
    core.caches = {{1, "Data", 32'768}, {1, "Instruction", 65'536}};
    node.cores = {std::move(core)};
    node.caches = {{3, "Unified", 16'777'216}};
    topology.nodes.push_back(std::move(node));
  }
  return topology;
}

}  // namespace

SampleRow host_row() {
  SampleRow row;
  row.identity.runtime = inventory::Runtime::kRoot;
  row.identity.cgroup = "/";
  row.identity.id = "/";
  row.identity.display = "/";
  row.sample.set(Field::kCpuUsage, 123'456'000'000);
  row.sample.set(Field::kMemoryUsage, 1'000'000'000);
  row.filesystems.push_back(host_disk());
  row.interfaces.push_back({.name = "eth0", .rx_bytes = 5, .rx_packets = 1});
  row.resctrl = {{.node = 0, .total_bytes = 7'000, .local_bytes = 6'000, .llc_bytes = 5'000},
                 {.node = 1, .total_bytes = 3, .local_bytes = {}, .llc_bytes = {}}};
  return row;
}

SampleRow container_row(const std::string& name, int version) {
  SampleRow row;
  inventory::Identity& identity = row.identity;
  identity.runtime = inventory::Runtime::kDocker;
  identity.id = std::string(64 - std::min<std::size_t>(name.size(), 63), '0') + name;
  identity.cgroup = "/docker/" + identity.id;
  identity.name = name;
  identity.display = name;
  identity.image = "registry.example/team/service:1.25";
  identity.labels = {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}};
  identity.compose_project = "shop";
  identity.compose_service = "web";
  identity.created = WallTime(std::chrono::seconds(1'699'990'000));
  identity.started = WallTime(std::chrono::seconds(1'699'990'001));
  identity.pid = 4711;
  identity.network = inventory::NetworkMode::kOwn;
  for (std::size_t f = 0; f < cgroupfs::kFieldCount; ++f) {
    const auto field = static_cast<Field>(f);
    if (offered(field, version)) row.sample.set(field, plausible(field));
  }
  row.sample.set(Field::kCgroupDescendants, 0);
  row.sample.set(Field::kCpuQuota, 50'000'000);
  row.sample.set(Field::kCpuPeriod, 100'000'000);
  if (version == 1) row.sample.per_cpu_ns = {1'000'000'001, 0, 2'500'000'000};
  row.sample.devices = {device_io(version)};
  row.sample.io_limits = {{.major = 254, .read_bytes = 1'048'576, .writes = 120}};
  for (std::size_t key = 0; key < cgroupfs::kMemoryKeyCount; ++key)
    row.sample.memory_detail.set(static_cast<cgroupfs::MemoryKey>(key), 4096 * key);
  row.sample.pressure_averages.some.fill(std::array{0.0123F, 0.5F, 1.0F});
  row.sample.pressure_averages.full.fill(std::array{0.0F, 0.25F, 0.75F});
  row.sample.hugetlb = {{.page_size = "2MB",
                         .usage_bytes = 2'097'152,
                         .peak_bytes = 4'194'304,
                         .failcnt = 3,
                         .limit_bytes = Limit<std::uint64_t>::none()},
                        {.page_size = "1GB",
                         .usage_bytes = 0,
                         .peak_bytes = 0,
                         .failcnt = 0,
                         .limit_bytes = Limit<std::uint64_t>(1'073'741'824)}};
  row.sample.numa = {{.node = 0,
                      .file = 8192,
                      .anon = 4096,
                      .unevictable = 0,
                      .file_total = 8192,
                      .anon_total = 4096,
                      .unevictable_total = 0}};
  row.interfaces.push_back({.name = "eth0",
                            .rx_bytes = 1000,
                            .rx_packets = 10,
                            .tx_bytes = 500,
                            .tx_packets = 5,
                            .rx_errors = 1,
                            .rx_dropped = 2,
                            .tx_errors = 3,
                            .tx_dropped = 4});
  FilesystemUsage layer;
  layer.device = "/dev/vda1";
  layer.type = "ext4";
  layer.limit_bytes = 10'737'418'240;
  layer.usage_bytes = 1'048'576;
  layer.inodes_total = 655'360;
  layer.inodes_free = 600'000;
  layer.inodes_used = 17;
  row.filesystems.push_back(std::move(layer));
  row.sockets = sockets();
  const auto event = std::make_shared<const std::string>("instructions");
  row.perf = {{event, 0, 1'000'000, 0.5}, {event, 1, 2'000'000, 1}};
  return row;
}

std::shared_ptr<Snapshot> make_snapshot(std::vector<SampleRow> rows) {
  std::ranges::sort(rows, {}, [](const SampleRow& row) { return row.identity.cgroup; });
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->sequence = 42;
  snapshot->taken = MonoTime(std::chrono::seconds(1000));
  snapshot->wall = kWall;
  snapshot->reserve(rows.size());
  snapshot->memory_detail = Columns<cgroupfs::kMemoryKeyCount>(rows.size());
  std::uint64_t collisions = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SampleRow& from = rows[i];
    Row row;
    row.serial = i + 1;
    row.created = from.identity.created.value_or(WallTime(std::chrono::seconds(1'699'980'000)));
    row.group_created = WallTime(std::chrono::milliseconds(1'699'995'000'250));
    row.hot_at = snapshot->taken + std::chrono::milliseconds(5);
    row.last_seen_seconds = from.last_seen_seconds;
    row.labels = std::make_shared<const std::string>(
        render_labels(from.identity, {.all_container_labels = true}, collisions));
    row.identity = std::make_shared<const inventory::Identity>(std::move(from.identity));
    snapshot->rows.push_back(std::move(row));
    snapshot->set_fields(i, from.sample);
    snapshot->rates.push_back({.cpu_cores = 0.25F, .cpu_limit_ratio = 0.5F});
    const auto copy = [](auto& table, const auto& items) {
      table.start_row();
      for (const auto& item : items) table.push_back(item);
    };
    copy(snapshot->devices, from.sample.devices);
    copy(snapshot->io_limits, from.sample.io_limits);
    snapshot->memory_detail.assign(i, from.sample.memory_detail.present(),
                                   from.sample.memory_detail.values());
    snapshot->pressure_averages.push_back(from.sample.pressure_averages);
    copy(snapshot->interfaces, from.interfaces);
    copy(snapshot->filesystems, from.filesystems);
    copy(snapshot->hugetlb, from.sample.hugetlb);
    copy(snapshot->numa, from.sample.numa);
    copy(snapshot->per_cpu_ns, from.sample.per_cpu_ns);
    copy(snapshot->perf, from.perf);
    copy(snapshot->resctrl, from.resctrl);
    snapshot->sockets.push_back(from.sockets);
  }
  auto machine = std::make_shared<MachineInfo>();
  machine->cores = 8;
  machine->physical_cores = 4;
  machine->sockets = 1;
  machine->memory_bytes = 16'777'216'000;
  machine->machine_id = "0123456789abcdef0123456789abcdef";
  machine->boot_id = "6f1d9f6e-1111-2222-3333-444455556666";
  machine->hostname = "host";
  machine->kernel_version = "6.18.0";
  machine->os_version = "Debian GNU/Linux 12 (bookworm)";
  machine->dimms = {{.type = "DDR4", .count = 2, .bytes = 16'777'216'000}};
  machine->boot_time_seconds = 1'699'900'000;
  machine->persistent_memory_bytes = 1'073'741'824;
  machine->topology = topology();
  snapshot->uncore = {{std::make_shared<const std::string>("cas_count_read"),
                       std::make_shared<const std::string>("uncore_imc_0"), 0, 4711, 0.25}};
  snapshot->machine = std::move(machine);
  snapshot->host_oom_kills = 4;
  snapshot->oom_workloads =
      std::make_shared<const std::vector<OomWorkloadCount>>(std::vector<OomWorkloadCount>{
          {{.runtime = "docker", .image = "img:1", .name = "web"}, 3},
          {{.runtime = "containerd", .image = "img:2", .pod_namespace = "shop", .container = "api"},
           0}});
  snapshot->block_devices = std::make_shared<const BlockDevices>(
      std::vector<BlockDevice>{{254, 0, "vda"}, {254, 1, "vda1"}});
  return snapshot;
}

std::shared_ptr<Snapshot> busy_host(std::size_t containers, int version) {
  std::vector<SampleRow> rows{host_row()};
  for (std::size_t i = 0; i < containers; ++i)
    rows.push_back(container_row("web-" + std::to_string(i), version));
  return make_snapshot(std::move(rows));
}

std::unique_ptr<UsageHistograms> sample_histograms(const Snapshot& snapshot) {
  auto histograms = std::make_unique<UsageHistograms>();
  Snapshot changing = snapshot;
  for (const float cores : {0.0F, 0.0005F, 0.02F, 0.25F, 0.25F, 1.0F, 1.5F, 40.0F}) {
    ++changing.sequence;
    for (std::size_t row = 0; row < changing.rows.size(); ++row) {
      changing.rates[row].cpu_cores = cores;
      changing.set(cgroupfs::Field::kMemoryWorkingSet, row,
                   static_cast<std::uint64_t>(cores * 1e8F));
    }
    histograms->append(changing);
  }
  return histograms;
}

SelfStats sample_self() {
  SelfStats self;
  self.collectors.emplace_back().name = "reader";
  self.collectors.back().duration.observe(0.0004);
  self.collectors.back().duration.observe(2.0);
  self.collectors.emplace_back().name = "machine";
  self.collectors.back().success = false;
  self.ticks = 100;
  self.access.has_web_config = true;
  self.access.web_config_read_time = 1.7e9;
  self.access.refused = {{"credentials", 3}, {"host", 0}};
  self.access.missing = {{"CAP_SYS_PTRACE", "process"}};
  self.access.sandboxed = true;
  self.lag_seconds = 0.00025;
  self.reader.malformed["memory.stat"] = 2;
  self.reader.denied["io.stat"] = 1;
  self.http_requests[{"/metrics", 200}] = 7;
  self.http_requests[{"/metrics", 503}] = 1;
  self.etcd = EtcdStats{.registered = true,
                        .keys = 3,
                        .key_bytes = 1500,
                        .leases_lost = 1,
                        .left_out = 1,
                        .requests = {{"grant", 2}, {"keepalive", 5}},
                        .errors = {{"grant", 0}, {"keepalive", 1}},
                        .last_success = WallTime(std::chrono::seconds(1'700'000'000))};
  self.push =
      PushStats{.sent_samples = 5, .requests = {{0, 1}, {200, 2}}, .last_success = WallTime{}};
  return self;
}

}  // namespace plimsoll::exporter
