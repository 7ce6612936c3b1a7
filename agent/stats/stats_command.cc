#include "agent/stats/stats_command.h"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>

#include "agent/complain.h"
#include "agent/exit_code.h"
#include "agent/exporter_flags.h"
#include "agent/stats/prometheus_source.h"
#include "agent/stats/stats_flags.h"
#include "agent/stats/stopped_rows.h"
#include "agent/terminal.h"

namespace plimsoll::agent {

namespace {

constexpr const char* kLocalExporter = "127.0.0.1:7546";

// Prints frames as they come; remembers why it stopped.
class Printer {
 public:
  explicit Printer(const StatsOptions& options) : options_(options), view_(options.view) {}

  // False: stop, see exit_code().
  bool print(const StatsFrame& frame) {
    const Terminal terminal = inspect_terminal(STDOUT_FILENO);
    if (printed_ == 0 && !begin(frame, terminal)) return false;
    std::string text = view_.text(frame, terminal);
    if (printed_ == 0) text.insert(0, view_.head());
    if (options_.redraw && terminal.interactive) {
      if (view_.rows(frame).empty()) text += view_.why_empty() + "\n";
      text = screen_frame(text, terminal.lines);
      if (printed_ == 0) text.insert(0, kClearScreen);
    }
    const Result<bool> written = write_all(STDOUT_FILENO, text);
    if (!written) {
      complain("stats", written.error().message());
      exit_code_ = kExitFailure;
    }
    ++printed_;
    const bool enough = options_.frames > 0 && printed_ >= options_.frames;
    return written && *written && !enough;
  }

  [[nodiscard]] std::uint64_t printed() const { return printed_; }
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  bool begin(const StatsFrame& frame, const Terminal& terminal) {
    const std::vector<std::string> problems = view_.begin(frame);
    for (const std::string& problem : problems) complain("stats", problem);
    if (!problems.empty()) {
      exit_code_ = kExitNotFound;
      return false;
    }
    // Drawn again and again it stands below the table instead.
    const bool redraws = options_.redraw && terminal.interactive;
    if (!redraws && view_.rows(frame).empty()) complain("stats", view_.why_empty());
    return true;
  }

  const StatsOptions& options_;
  StatsView view_;
  std::uint64_t printed_ = 0;
  int exit_code_ = kExitOk;
};

int run_on_host(const std::string& host, const RemoteFlags& flags, const StatsOptions& options) {
  Result<Remote> remote = parse_remote(host, flags, std::getenv("PLIMSOLL_PASSWORD"));
  if (!remote) {
    complain("stats", describe(remote.error()));
    return exit_code_of(remote.error().kind);
  }
  Printer printer(options);
  const auto source = make_exporter_source(*std::move(remote), options.source);
  const Result<> result =
      source->run([&](const StatsFrame& frame) { return printer.print(frame); });
  if (result) return printer.exit_code();
  complain("stats", result.error().message());
  if (result.error().kind == ErrorKind::kNotOffered)
    complain("stats",
             "no exporter to be had at " + host +
                 ": start 'plimsoll exporter' there, or leave out --host to measure this host");
  return kExitUnreachable;
}

int run_on_prometheus(const StatsFlags& flags, const StatsOptions& options) {
  const auto asked = [&]() -> Result<PrometheusRemote> {
    const PrometheusUrl url = PLIMSOLL_TRY(parse_prometheus_url(*flags.prometheus));
    return PrometheusRemote{
        PLIMSOLL_TRY(parse_remote(url.host, flags.remote, std::getenv("PLIMSOLL_PASSWORD"))),
        url.path,
        {options.source.all_cgroups, flags.match}};
  }();
  if (!asked) {
    complain("stats", describe(asked.error()));
    return exit_code_of(asked.error().kind);
  }
  Printer printer(options);
  const auto source = make_prometheus_source(*asked, options.source);
  const Result<> result =
      source->run([&](const StatsFrame& frame) { return printer.print(frame); });
  if (result) return printer.exit_code();
  complain("stats", result.error().message());
  // It answered, though not with what was asked for.
  const ErrorKind kind = result.error().kind;
  if (kind == ErrorKind::kGone) return kExitNotFound;
  return kind == ErrorKind::kRejected || kind == ErrorKind::kDenied ? exit_code_of(kind)
                                                                    : kExitUnreachable;
}

using FrameHandler = std::function<bool(StatsFrame)>;

Result<> sample_here(const exporter::SamplerConfig& config, const StatsOptions& options,
                     const FrameHandler& show) {
  const RealClock clock;
  const auto source = PLIMSOLL_TRY(make_sampler_source(config, clock, options.source));
  return source->run(show);
}

void name_denied(const StoppedRows& stopped) {
  for (const std::string& directory : stopped.denied())
    complain("stats",
             directory + " is closed to us: containers there that do not run are not shown");
}

// The local exporter if one answers, since it has rates at once and reads everything anyway; else,
// or when it goes away, this process samples.
int run_here(const StatsFlags& flags, const exporter::SamplerConfig& config,
             const StatsOptions& options) {
  Printer printer(options);
  std::unique_ptr<StoppedRows> stopped;
  if (flags.all)
    if (auto made = StoppedRows::create(config)) stopped = *std::move(made);
  const FrameHandler show = [&](StatsFrame frame) {
    if (stopped) stopped->add(frame);
    if (stopped && printer.printed() == 0) name_denied(*stopped);
    return printer.print(frame);
  };
  const exporter::SamplerConfig real;
  const bool this_host = config.cgroup_root == real.cgroup_root &&
                         config.proc_root == real.proc_root && config.sys_root == real.sys_root &&
                         config.host_root == real.host_root;
  if (this_host && !flags.local) {
    const auto source = make_exporter_source({kLocalExporter, {}}, options.source);
    const Result<> result = source->run(show);
    if (result) return printer.exit_code();
    // Nobody listening is the normal case; anything else deserves a word.
    if (result.error().kind != ErrorKind::kNotOffered || printer.printed() > 0)
      complain("stats", result.error().message() + "; sampling without it");
  }
  const Result<> result = sample_here(config, options, show);
  if (result) return printer.exit_code();
  complain("stats", describe(result.error()));
  complain("stats", "'plimsoll doctor' says what this host offers");
  return exit_code_of(result.error().kind);
}

constexpr const char* kDetails = R"(Columns, sort keys and fields:
  --columns cpu,mem      these columns; --columns +psi,+oom adds to docker's eight. All of them: id name
                         cpu mem mem% net block pids runtime image limits throttled psi psi_cpu psi_mem
                         psi_io oom avg cgroup project service pod namespace created time host
  --sort mem,-name       numbers from high to low, text from a to z; '-' is down, '+' is up
  --format TEMPLATE      docker's and podman's fields: {{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.CPUNano}} ...
                         and {{.Runtime}} {{.Image}} {{.Limits}} {{.Throttled}} {{.PSI}} {{.OOM}} ...
  --filter KEY=VALUE     name id runtime image label project service pod namespace cgroup host; repeatable,
                         one match per key is enough, all labels must match; * and ? as in a shell

Examples:
  plimsoll stats                                       everything that runs, live
  plimsoll stats --no-stream --sort cpu --top 5        the five busiest, once
  plimsoll stats web 3f2a --columns +limits,+throttled
  plimsoll stats --format 'table {{.Name}}\t{{.MemPerc}}' --filter project=shop
  plimsoll stats --filter runtime=systemd --sort mem   services
  plimsoll stats --format csv --interval 5s --count 60 >busy.csv        five minutes for a spreadsheet
  plimsoll stats --host 10.0.0.7:7546 --format json    another host's exporter
  plimsoll stats --prometheus http://host:9090 --sort cpu --top 20      all hosts that it scrapes
)";

}  // namespace

Command stats_command() {
  struct State {
    StatsFlags flags;
    exporter::SamplerConfig sampler;
  };
  const auto state = std::make_shared<State>();
  StatsFlags& flags = state->flags;
  Command command;
  command.name = "stats";
  command.summary = "Live CPU, memory, network and IO of every container";
  command.details = kDetails;
  command.options = {
      {"REF", &flags.references, "Full id, unique beginning of it, name, unit or cgroup path", {}},
      {"-a,--all", &flags.all, "Also those that do not run, and pods' pause containers", {}},
      {"--all-cgroups", &flags.all_cgroups, "Also units, slices and bare cgroups", {}},
      {"--no-stream", &flags.no_stream, "One table, then exit", {}},
      {"--no-trunc", &flags.no_trunc, "Whole ids, whole lines", {}},
      {"--no-reset", &flags.no_reset, "Do not redraw the screen, print table after table", {}},
      {"--format", &flags.format, "table, json, csv, a Go template, or 'table TEMPLATE'", "FORMAT"},
      {"--columns", &flags.columns, "Columns of the table", "COL[,COL]"},
      {"--sort", &flags.sort, "Sort by these columns", "COL[,-COL]"},
      {"--top", &flags.top, "Only the first N", "N"},
      {"--filter", &flags.filters, "Only what matches", "KEY=VALUE"},
      {"-i,--interval", &flags.interval, "Time between tables (default 1s, with --prometheus 5s)",
       "DURATION"},
      {"--count", &flags.count, "Stop after N tables", "N"},
      {"--raw", &flags.raw, "Bytes and percents as plain numbers; json: base units", {}},
      {"--total", &flags.total, "A last line with the sums", {}},
      {"--host", &flags.host, "Ask this exporter; https:// before it is TLS", "ADDR:PORT"},
      {"--prometheus", &flags.prometheus, "All hosts that this Prometheus or VictoriaMetrics has",
       "URL"},
      {"--match", &flags.match, "Of those, series with these labels: job=\"plimsoll\"", "MATCHERS"},
      {"--token-file", &flags.remote.token_file, "Bearer token: the first line of this file",
       "FILE"},
      {"--user", &flags.remote.user, "As this user; the password is PLIMSOLL_PASSWORD or", "NAME"},
      {"--password-file", &flags.remote.password_file, "the first line of this file", "FILE"},
      {"--ca-file", &flags.remote.ca_file, "Who may vouch for https (default: the system's)",
       "PEM"},
      {"--cert-file", &flags.remote.cert_file, "Our certificate for https", "PEM"},
      {"--key-file", &flags.remote.key_file, "Its key", "PEM"},
      {"--insecure", &flags.remote.insecure, "Take any certificate", {}},
      {"--local", &flags.local, "Sample here even if an exporter runs", {}},
  };
  command.add_flags = [state](CLI::App& app) { add_root_flags(app, state->sampler); };
  command.run = [state]() -> int {
    const Result<StatsOptions> options = parse_stats_flags(state->flags);
    if (!options) {
      complain("stats", describe(options.error()));
      return exit_code_of(options.error().kind);
    }
    exit_on_interrupt();
    if (state->flags.prometheus) return run_on_prometheus(state->flags, *options);
    if (state->flags.host) return run_on_host(*state->flags.host, state->flags.remote, *options);
    return run_here(state->flags, state->sampler, *options);
  };
  return command;
}

}  // namespace plimsoll::agent
