// What one container costs: our runtime, crun, runc and the kernel alone, in turn within one run.
//   plimsoll_bench_oci [--rounds N] [--seccomp FILE] [RUNTIME...]
// FILE is what config.json has as linux.seccomp; without it there is no filter.
// Without names: plimsoll-oci beside this program, and crun and runc where they are. Needs root and
// busybox; makes containers and cgroups of its own (plimsoll-test-oci-*) and removes them. A
// cgroup2 mount beside v1 hierarchies is hidden from all of them: crun refuses such hosts.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "bench/measure.h"
#include "bench/oci_floor.h"
#include "bench/oci_process.h"

namespace plimsoll::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "plimsoll_bench_oci: %s\n", why.c_str());
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread.
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(std::string& text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) stop("the default config.json has no " + std::string(what));
  text.replace(at, what.size(), with);
}

// A bundle with busybox, and a directory for each runtime's state; removed at the end.
class Bundle {
 public:
  Bundle() {
    char name[] = "/run/plimsoll-test-oci-XXXXXX";
    if (::mkdtemp(name) == nullptr) stop("no directory below /run");
    top_ = name;
    for (const char* dir : {"bin", "proc", "dev", "sys", "tmp", "etc"})
      fs::create_directories(rootfs() / dir);
    fs::copy_file("/bin/busybox", rootfs() / "bin/busybox");
    for (const char* applet : {"true", "sleep"})
      fs::create_symlink("busybox", rootfs() / "bin" / applet);
  }
  ~Bundle() {
    std::error_code ignored;
    fs::remove_all(top_, ignored);
  }
  Bundle(const Bundle&) = delete;
  Bundle& operator=(const Bundle&) = delete;

  // The specification's own example, as `runc spec` prints it, for another program.
  void write_config(const std::string& runtime, const std::string& seccomp) {
    const fs::path here = fs::current_path();
    fs::current_path(top_);
    const Ran ran = run_program({runtime, "spec"});
    fs::current_path(here);
    if (ran.status != 0) stop(runtime + " spec failed");
    example_ = text_of(top_ / "config.json");
    replace(example_, "\"terminal\": true", "\"terminal\": false");
    if (!seccomp.empty())
      replace(example_, "\"linux\": {", "\"linux\": {\n\"seccomp\": " + text_of(seccomp) + ",");
    choose("\"/bin/true\"");
  }
  void choose(std::string_view words) const {
    std::string text = example_;
    replace(text, "\"sh\"", words);
    std::ofstream(top_ / "config.json") << text;
  }
  [[nodiscard]] fs::path rootfs() const { return top_ / "rootfs"; }
  [[nodiscard]] std::string path(const std::string& name) const { return top_ / name; }

 private:
  fs::path top_;
  std::string example_;
};

struct Figures {
  std::vector<double> run, create, start, remove, whole, exec;
  long peak_kib = 0;
  std::size_t calls = 0;
};

class Runtime {
 public:
  Runtime(std::string program, const Bundle& bundle)
      : program_(std::move(program)), bundle_(bundle), name_(fs::path(program_).filename()) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Figures& figures() const { return figures_; }

  void run() {
    const Ran ran = ok(run_program(words({"run", "--bundle", bundle_.path("."), id()})), "run");
    figures_.run.push_back(ran.milliseconds);
    figures_.peak_kib = std::max(figures_.peak_kib, ran.peak_kib);
  }
  void life() {
    const double created = create();
    const double started = ok(run_program(words({"start", id()})), "start").milliseconds;
    wait_for_end();
    const double removed = ok(run_program(words({"delete", id()})), "delete").milliseconds;
    figures_.create.push_back(created);
    figures_.start.push_back(started);
    figures_.remove.push_back(removed);
    figures_.whole.push_back(created + started + removed);
  }
  void begin_sleeper() {
    create();
    ok(run_program(words({"start", id()})), "start");
  }
  void exec() {
    const Ran ran = ok(run_program(words({"exec", id(), "/bin/true"})), "exec");
    figures_.exec.push_back(ran.milliseconds);
  }
  void remove() { std::ignore = run_program(words({"delete", "--force", id()})); }
  void count() {
    figures_.calls = syscalls_of(words({"run", "--bundle", bundle_.path("."), id()})).value_or(0);
    remove();
  }

 private:
  [[nodiscard]] std::string id() const { return "plimsoll-test-oci-" + name_; }
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> command) const {
    command.insert(command.begin(), {program_, "--root", bundle_.path("state-" + name_)});
    return command;
  }
  Ran ok(const Ran& ran, const char* what) {
    if (ran.status == 0) return ran;
    remove();
    stop(name_ + " " + what + " failed with status " + std::to_string(ran.status));
  }
  double create() {
    return ok(run_program(words({"create", "--bundle", bundle_.path("."), "--pid-file",
                                 bundle_.path("pid"), id()})),
              "create")
        .milliseconds;
  }
  // Gone, or a zombie of whoever was given it.
  void wait_for_end() const {
    const std::string pid(trim(text_of(bundle_.path("pid"))));
    for (int i = 0; i < 100'000; ++i) {
      const std::string stat = text_of("/proc/" + pid + "/stat");
      if (stat.empty() || stat.find(") Z ") != std::string::npos) return;
      std::this_thread::sleep_for(50us);
    }
    stop(name_ + ": the container did not end");
  }

  std::string program_;
  const Bundle& bundle_;
  std::string name_;
  Figures figures_;
};

// Where the floor makes its groups: every v1 hierarchy, or the v2 one.
std::vector<std::string> groups_of_the_floor() {
  std::vector<std::string> groups;
  const std::string mounts = text_of("/proc/self/mounts");
  std::string_view rest = mounts;
  for (std::string_view line; next_line(rest, line);) {
    std::string_view word;
    next_word(line, word);
    std::string_view point;
    std::string_view type;
    if (!next_word(line, point) || !next_word(line, type) || !type.starts_with("cgroup")) continue;
    if (point.find("/cpuset") != std::string_view::npos) continue;  // Takes nobody as it is made.
    groups.push_back(std::string(point) + "/plimsoll-test-oci-floor");
  }
  return groups;
}

void hide_unified() {
  if (::unshare(CLONE_NEWNS) != 0) stop("needs root");
  ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  ::umount2("/sys/fs/cgroup/unified", MNT_DETACH);
}

void print(const Figures& figures, const std::string& name, const Figures* against) {
  const auto cell = [&](std::vector<double> Figures::* what) {
    const double value = median(figures.*what);
    const double other = against == nullptr ? 0 : median(against->*what);
    std::printf("  %7.2f", value);
    if (other > 0)
      std::printf(" (%4.2f)", value / other);
    else
      std::printf("       ");
  };
  std::printf("%-14s", name.c_str());
  for (const auto what : {&Figures::run, &Figures::create, &Figures::start, &Figures::remove,
                          &Figures::whole, &Figures::exec})
    cell(what);
  std::printf("  %6zu  %6ld\n", figures.calls, figures.peak_kib);
}

int measure(std::vector<std::string> programs, int rounds, const std::string& seccomp) {
  hide_unified();
  Bundle bundle;
  bundle.write_config("/usr/sbin/runc", seccomp);
  std::vector<Runtime> runtimes;
  runtimes.reserve(programs.size());
  for (std::string& program : programs) runtimes.emplace_back(std::move(program), bundle);
  const std::vector<std::string> groups = groups_of_the_floor();
  std::vector<Runtime*> turns;
  for (Runtime& runtime : runtimes) turns.push_back(&runtime);
  std::vector<double> floor;
  for (int round = 0; round < rounds; ++round) {
    // Each is the first in turn: the first to move a process into a v1 group after a rest waits for
    // the kernel (RCU), which costs more than all the rest.
    std::ranges::rotate(turns, turns.begin() + 1);
    for (Runtime* runtime : turns) runtime->run();
    const Ran bare = run_child([&] { return bare_container(bundle.rootfs(), groups); });
    if (bare.status != 0) stop("the floor failed at line " + std::to_string(bare.status >> 8));
    floor.push_back(bare.milliseconds);
    for (Runtime* runtime : turns) runtime->life();
  }
  for (Runtime& runtime : runtimes) runtime.count();
  bundle.choose("\"/bin/sleep\", \"1000\"");
  for (Runtime& runtime : runtimes) runtime.begin_sleeper();
  for (int round = 0; round < rounds; ++round)
    for (Runtime& runtime : runtimes) runtime.exec();
  for (Runtime& runtime : runtimes) runtime.remove();
  const Figures* crun = nullptr;
  for (const Runtime& runtime : runtimes)
    if (runtime.name() == "crun") crun = &runtime.figures();
  std::printf("%-14s  %-14s  %-14s  %-14s  %-14s  %-14s  %-14s  %6s  %6s\n", "ms (to crun's)",
              "run", "create", "start", "delete", "all three", "exec", "calls", "KiB");
  for (const Runtime& runtime : runtimes) print(runtime.figures(), runtime.name(), crun);
  std::printf("%-14s  %7.2f\n", "the kernel", median(floor));
  return 0;
}

}  // namespace
}  // namespace plimsoll::bench

int main(int argc, char** argv) {
  using namespace plimsoll;
  int rounds = 40;
  std::string seccomp;
  std::vector<std::string> programs;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--rounds" && i + 1 < argc)
      rounds = to_number<int>(argv[++i]).value_or(rounds);
    else if (word == "--seccomp" && i + 1 < argc)
      seccomp = argv[++i];
    else
      programs.emplace_back(word);
  }
  if (programs.empty()) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    for (const std::string& path : {(self / "plimsoll-oci").string(), std::string("/usr/bin/crun"),
                                    std::string("/usr/sbin/runc")})
      if (::access(path.c_str(), X_OK) == 0) programs.push_back(path);
  }
  return bench::measure(std::move(programs), rounds, seccomp);
}
