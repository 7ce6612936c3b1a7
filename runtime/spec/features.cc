#include "runtime/spec/features.h"

#include "base/capability.h"
#include "base/json.h"

namespace plimsoll::spec {

namespace {

constexpr std::string_view kHooks[] = {"prestart",       "createRuntime", "createContainer",
                                       "startContainer", "poststart",     "poststop"};
constexpr std::string_view kNamespaces[] = {"cgroup", "ipc",  "mount", "network",
                                            "pid",    "time", "user",  "uts"};
constexpr std::string_view kActions[] = {
    "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",       "SCMP_ACT_KILL",
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
    "SCMP_ACT_NOTIFY",       "SCMP_ACT_TRACE",       "SCMP_ACT_TRAP"};
constexpr std::string_view kOperators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
                                           "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
                                           "SCMP_CMP_NE"};
constexpr std::string_view kArchitectures[] = {
    "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"};
constexpr std::string_view kFlags[] = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                       "SECCOMP_FILTER_FLAG_TSYNC",
                                       "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

class Writer {
 public:
  void open(std::string_view key = {}) {
    begin(key);
    text_ += '{';
    ++depth_;
    first_ = true;
  }
  void close() {
    --depth_;
    line();
    text_ += '}';
    first_ = false;
  }
  void text(std::string_view key, std::string_view value) {
    begin(key);
    json::append_string(text_, value);
  }
  enum class Can : bool { kNot, kDo };
  void can(std::string_view key, Can value) {
    begin(key);
    text_ += value == Can::kDo ? "true" : "false";
  }
  void texts(std::string_view key, std::span<const std::string_view> values) {
    begin(key);
    text_ += '[';
    ++depth_;
    first_ = true;
    for (const std::string_view value : values) {
      separate();
      json::append_string(text_, value);
    }
    --depth_;
    if (!values.empty()) line();
    text_ += ']';
    first_ = false;
  }
  void enabled(std::string_view key, Can value) {
    open(key);
    can("enabled", value);
    close();
  }
  [[nodiscard]] std::string take() { return std::move(text_) + "\n"; }

 private:
  void line() {
    text_ += '\n';
    text_.append(depth_ * 4, ' ');
  }
  void separate() {
    if (!first_) text_ += ',';
    if (depth_ > 0) line();
    first_ = false;
  }
  void begin(std::string_view key) {
    separate();
    if (key.empty()) return;
    json::append_string(text_, key);
    text_ += ": ";
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool first_ = true;
};

Writer::Can when(bool offered) {
  return offered ? Writer::Can::kDo : Writer::Can::kNot;
}

void write_seccomp(Writer& out) {
  out.open("seccomp");
  out.can("enabled", Writer::Can::kDo);
  out.texts("actions", kActions);
  out.texts("operators", kOperators);
  out.texts("archs", kArchitectures);
  out.texts("knownFlags", kFlags);
  out.texts("supportedFlags", kFlags);
  out.close();
}

void write_linux(Writer& out, const FeaturesInput& input) {
  out.open("linux");
  out.texts("namespaces", kNamespaces);
  out.texts("capabilities", capability_names());
  out.open("cgroup");
  out.can("v1", when(input.cgroup_v1));
  out.can("v2", when(input.cgroup_v2));
  out.can("systemd", when(input.cgroup_systemd));
  out.can("systemdUser", Writer::Can::kNot);
  out.can("rdma", when(input.cgroup_rdma));
  out.close();
  write_seccomp(out);
  out.enabled("apparmor", when(input.apparmor));
  out.enabled("selinux", when(input.selinux));
  out.enabled("intelRdt", when(input.intel_rdt));
  out.open("mountExtensions");
  out.enabled("idmap", when(input.idmapped_mounts));
  out.close();
  out.enabled("netDevices", when(input.net_devices));
  out.enabled("memoryPolicy", when(input.memory_policy));
  out.close();
}

}  // namespace

std::string features(const FeaturesInput& input) {
  Writer out;
  out.open();
  out.text("ociVersionMin", "1.0.0");
  out.text("ociVersionMax", "1.3.0");
  out.texts("hooks", kHooks);
  out.texts("mountOptions", input.mount_options);
  write_linux(out, input);
  out.open("annotations");
  out.text("org.opencontainers.runc.checkpoint.enabled", "false");
  out.text("plimsoll.version", PLIMSOLL_VERSION);
  out.close();
  out.close();
  return out.take();
}

}  // namespace plimsoll::spec
