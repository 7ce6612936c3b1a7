#include "runtime/spec/default_config.h"

#include <string_view>

namespace plimsoll::spec {

namespace {

constexpr std::string_view kHead = R"({
	"ociVersion": "1.3.0",
	"process": {
		"terminal": true,
		"user": {
			"uid": 0,
			"gid": 0
		},
		"args": [
			"sh"
		],
		"env": [
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm"
		],
		"cwd": "/",
		"capabilities": {
			"bounding": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"effective": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"permitted": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"ambient": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			]
		},
		"rlimits": [
			{
				"type": "RLIMIT_NOFILE",
				"hard": 1024,
				"soft": 1024
			}
		],
		"noNewPrivileges": true
	},
	"root": {
		"path": "rootfs",
		"readonly": true
	},
	"hostname": "plimsoll",
	"mounts": [
		{
			"destination": "/proc",
			"type": "proc",
			"source": "proc"
		},
		{
			"destination": "/dev",
			"type": "tmpfs",
			"source": "tmpfs",
			"options": [
				"nosuid",
				"strictatime",
				"mode=755",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/pts",
			"type": "devpts",
			"source": "devpts",
			"options": [
				"nosuid",
				"noexec",
				"newinstance",
				"ptmxmode=0666",
				"mode=0620")";
constexpr std::string_view kTerminalsGroup = R"(,
				"gid=5")";
constexpr std::string_view kOtherMounts = R"(
			]
		},
		{
			"destination": "/dev/shm",
			"type": "tmpfs",
			"source": "shm",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"mode=1777",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/mqueue",
			"type": "mqueue",
			"source": "mqueue",
			"options": [
				"nosuid",
				"noexec",
				"nodev"
			]
		},
)";
constexpr std::string_view kSys = R"(		{
			"destination": "/sys",
			"type": "sysfs",
			"source": "sysfs",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
)";
// sysfs belongs to the network namespace, which here is the host's: it can only be bound.
constexpr std::string_view kBoundSys = R"(		{
			"destination": "/sys",
			"type": "none",
			"source": "/sys",
			"options": [
				"rbind",
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
)";
constexpr std::string_view kCgroupMount = R"(		{
			"destination": "/sys/fs/cgroup",
			"type": "cgroup",
			"source": "cgroup",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"relatime",
				"ro"
			]
		}
	],
	"linux": {
)";
constexpr std::string_view kResources = R"(		"resources": {
			"devices": [
				{
					"allow": false,
					"access": "rwm"
				}
			]
		},
)";
constexpr std::string_view kNamespaces = R"(		"namespaces": [
			{
				"type": "pid"
			},
)";
constexpr std::string_view kNetwork = R"(			{
				"type": "network"
			},
)";
constexpr std::string_view kMoreNamespaces = R"(			{
				"type": "ipc"
			},
			{
				"type": "uts"
			},
			{
				"type": "mount"
			})";
constexpr std::string_view kTail = R"(
		],
		"maskedPaths": [
			"/proc/acpi",
			"/proc/asound",
			"/proc/kcore",
			"/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list",
			"/proc/timer_stats",
			"/proc/sched_debug",
			"/sys/firmware",
			"/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus",
			"/proc/fs",
			"/proc/irq",
			"/proc/sys",
			"/proc/sysrq-trigger"
		]
	}
}
)";

std::string one_id(std::string_view name, unsigned host_id) {
  std::string text = "\t\t\"";
  text += name;
  text += R"(": [
			{
				"containerID": 0,
				"hostID": )";
  text += std::to_string(host_id);
  text += R"(,
				"size": 1
			}
		],
)";
  return text;
}

std::string one_namespace(std::string_view type) {
  std::string text = ",\n\t\t\t{\n\t\t\t\t\"type\": \"";
  text += type;
  text += "\"\n\t\t\t}";
  return text;
}

}  // namespace

std::string default_config(const DefaultConfigOptions& options) {
  const bool rootless = options.rootless.has_value();
  std::string text(kHead);
  if (!rootless) text += kTerminalsGroup;
  text += kOtherMounts;
  text += rootless ? kBoundSys : kSys;
  text += kCgroupMount;
  if (rootless) {
    text += one_id("uidMappings", options.rootless->uid);
    text += one_id("gidMappings", options.rootless->gid);
  } else {
    text += kResources;
  }
  text += kNamespaces;
  if (!rootless) text += kNetwork;
  text += kMoreNamespaces;
  if (rootless) text += one_namespace("user");
  if (options.cgroup_namespace) text += one_namespace("cgroup");
  text += kTail;
  return text;
}

}  // namespace plimsoll::spec
