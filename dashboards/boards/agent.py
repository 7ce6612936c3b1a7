"""The exporter itself: is it on time, what does it cost, what does it not see."""

from grafana import dashboard, graph, stat, table

R = "[$__rate_interval]"


def rate(metric, by="instance", more=""):
    return f"sum by ({by}) (rate({metric}{{@target@{more}}}{R}))"


def now(metric, by="instance"):
    return f"sum by ({by}) ({metric}{{@target@}})"


def board():
    duration = "plimsoll_collector_duration_seconds"
    return dashboard(
        "plimsoll-agent",
        "Plimsoll / Itself",
        "The exporters: whether they are on time, what they cost, what they leave out.",
        [
            (
                "At a glance",
                [
                    stat("Answers", "Whether Prometheus can scrape it.", "none", "min by (instance) (up{@target@})", width=3, mappings=[(1, "yes", "green"), (0, "no", "red")]),
                    stat("Version", "Of the exporter.", "none", "max by (instance, version) (plimsoll_build_info{@target@})", width=3, legend="{{version}}", shows="name"),
                    stat("Up", "Time since its start.", "s", "time() - max by (instance) (process_start_time_seconds{@target@})", width=3),
                    stat("CPU", "CPUs that it uses.", "none", rate("process_cpu_seconds_total"), width=3),
                    stat("Memory", "Resident memory.", "bytes", now("process_resident_memory_bytes"), width=3),
                    stat("Cgroups", "Known now.", "none", now("plimsoll_cgroups"), width=3),
                    stat("Series", "In the last scrape.", "none", now("scrape_samples_scraped"), width=3),
                    stat("Sandbox", "Whether a system call filter forbids it to write files and start processes.", "none", "min by (instance) (plimsoll_sandboxed{@target@})", width=3, mappings=[(1, "on", "green"), (0, "off", "orange")]),
                ],
            ),
            (
                "On time",
                [
                    graph("Age of the sample", "How old the numbers of a scrape are, and how late the last sample began.", "s", ("max by (instance) (plimsoll_snapshot_age_seconds{@target@})", "{{instance}} age"), ("max by (instance) (plimsoll_sampler_lag_seconds{@target@})", "{{instance}} lag")),
                    graph("Samples", "Taken, and those of them that began late.", "ops", (rate("plimsoll_sampler_ticks_total"), "{{instance}} taken"), (rate("plimsoll_sampler_late_ticks_total"), "{{instance}} late")),
                    graph("Collectors: time per sample", "On average.", "s", (rate(f"{duration}_sum", "instance, collector") + " / " + rate(f"{duration}_count", "instance, collector"), "{{instance}} {{collector}}")),
                    graph("Collectors: slow samples", "What 99 of 100 samples do not exceed.", "s", (f"histogram_quantile(0.99, {rate(f'{duration}_bucket', 'instance, collector, le')})", "{{instance}} {{collector}}")),
                    graph("Collectors that fail", "1 works, 0 does not.", "none", ("min by (instance, collector) (plimsoll_collector_success{@target@})", "{{instance}} {{collector}}"), most=1, step=True),
                    graph("Scrapes", "Time that a scrape takes, and pages with an older sample because the new one was not ready.", "s", ("max by (instance) (scrape_duration_seconds{@target@})", "{{instance}} duration"), (rate("plimsoll_scrapes_stale_total"), "{{instance}} stale per second")),
                ],
            ),
            (
                "What it costs",
                [
                    graph("CPU", "CPUs in use, and the parts of costly groups.", "none", (rate("process_cpu_seconds_total"), "{{instance}} all"), (rate("plimsoll_filesystem_walk_cpu_seconds_total"), "{{instance}} measuring layers"), (rate("plimsoll_tasks_cpu_seconds_total"), "{{instance}} looking at processes")),
                    graph("Memory", "Resident, of it the history, and the kernel's for held files.", "bytes", (now("process_resident_memory_bytes"), "{{instance}} resident"), (now("plimsoll_history_bytes"), "{{instance}} history"), (now("plimsoll_reader_held_kernel_bytes"), "{{instance}} kernel, held files")),
                    graph("Descriptors", "Open ones, control files among them, and the limit.", "none", (now("process_open_fds"), "{{instance}} open"), (now("plimsoll_reader_held_files"), "{{instance}} held files"), (now("process_max_fds"), "{{instance}} limit")),
                    graph("Reading", "Files read and opened; groups found idle and not read.", "ops", (rate("plimsoll_reader_file_reads_total"), "{{instance}} read"), (rate("plimsoll_reader_file_opens_total"), "{{instance}} opened"), (rate("plimsoll_reader_idle_skips_total"), "{{instance}} idle")),
                    graph("Threads", "Of the exporter.", "none", (now("process_threads"), "{{instance}}"), step=True),
                    graph("History", "Points kept for streams to replay.", "none", (now("plimsoll_history_points"), "{{instance}} points"), (rate("plimsoll_history_evicted_points_total"), "{{instance}} dropped for room per second")),
                ],
            ),
            (
                "What it does not see",
                [
                    graph("Left out", "Cgroups that are not read, or not shown because of --metrics.max-series.", "none", (now("plimsoll_cgroups_skipped"), "{{instance}} too deep or too many"), (now("plimsoll_cgroups_dropped"), "{{instance}} no room on the page"), (rate("plimsoll_cgroups_unreadable_total"), "{{instance}} cannot be opened per second")),
                    graph("Files not understood or denied", "By file. Nothing in this panel is as it should be.", "ops", (rate("plimsoll_reader_malformed_total", "instance, file"), "{{instance}} {{file}} not understood"), (rate("plimsoll_reader_denied_total", "instance, file"), "{{instance}} {{file}} denied")),
                    graph("The tree", "Cgroups, and directories that the kernel tells changes of. Refused: changes there are seen by rescans only.", "none", (now("plimsoll_cgroups"), "{{instance}} cgroups"), (now("plimsoll_cgroup_watches"), "{{instance}} watches"), (now("plimsoll_cgroup_watches_refused"), "{{instance}} refused"), step=True),
                    graph("Rescans", "Full walks of the tree, and overflows of inotify's queue.", "ops", (rate("plimsoll_cgroup_rescans_total"), "{{instance}} rescans"), (rate("plimsoll_inotify_overflows_total"), "{{instance}} overflows")),
                    graph("The kernel's log", "Records read for OOM kills, overwritten before they were read, not understood.", "ops", (rate("plimsoll_collector_kernel_log_records_total"), "{{instance}} read"), (rate("plimsoll_collector_kernel_log_lost_records_total"), "{{instance}} lost"), (rate("plimsoll_collector_kernel_log_malformed_total"), "{{instance}} not understood")),
                    table("Missing rights", "Capabilities that are missing, and what is incomplete without them.", ("max by (instance, capability, group) (plimsoll_capability_missing{@target@}) > 0", "Missing", "none"), width=12),
                ],
            ),
            (
                "Clients",
                [
                    graph("Requests", "By handler and status.", "reqps", (rate("plimsoll_http_requests_total", "instance, handler, code"), "{{instance}} {{handler}} {{code}}")),
                    graph("Connections", "Open now; idle ones closed to make room.", "none", (now("plimsoll_http_connections"), "{{instance}} open"), (rate("plimsoll_http_connections_shed_total"), "{{instance}} closed per second")),
                    graph("Refused requests", "Before any path is looked at: password, host, rate limit. And TLS handshakes that failed.", "reqps", (rate("plimsoll_http_refused_total", "instance, reason"), "{{instance}} {{reason}}"), (rate("plimsoll_http_tls_handshake_failures_total"), "{{instance}} TLS")),
                    graph("Streams", "Clients; frames sent and made; samples that slow clients missed.", "none", (now("plimsoll_stream_clients"), "{{instance}} clients"), (rate("plimsoll_stream_frames_total"), "{{instance}} frames per second"), (rate("plimsoll_stream_frames_formatted_total"), "{{instance}} made per second"), (rate("plimsoll_stream_skipped_snapshots_total"), "{{instance}} missed per second")),
                ],
            ),
            (
                "Pushing",
                [
                    graph("Samples", "By what became of them. Only with --push.url.", "ops", (rate("plimsoll_push_samples_total", "instance, outcome"), "{{instance}} {{outcome}}")),
                    graph("Queue", "What waits for the receiver. Only with --push.url.", "bytes", (now("plimsoll_push_queue_bytes"), "{{instance}}")),
                    graph("Answers", "Requests by the receiver's status. Only with --push.url.", "reqps", (rate("plimsoll_push_requests_total", "instance, code"), "{{instance}} {{code}}")),
                    graph("Last success", "Time since the receiver last took a request. Only with --push.url.", "s", ("time() - max by (instance) (plimsoll_push_last_success_timestamp_seconds{@target@})", "{{instance}}")),
                ],
            ),
            (
                "etcd",
                [
                    graph("Registered", "1 if etcd has what this host registers, 0 if not. Only with --etcd.endpoints.", "none", ("min by (instance) (plimsoll_etcd_registered{@target@})", "{{instance}}"), most=1, step=True),
                    graph("Keys", "This host and its containers; containers that are left out. Only with --etcd.endpoints.", "none", (now("plimsoll_etcd_keys"), "{{instance}} keys"), (now("plimsoll_etcd_left_out"), "{{instance}} left out"), step=True),
                    graph("Requests to etcd", "By operation, those that failed, and leases that were lost. Only with --etcd.endpoints.", "reqps", (rate("plimsoll_etcd_requests_total", "instance, operation"), "{{instance}} {{operation}}"), (rate("plimsoll_etcd_errors_total", "instance, operation"), "{{instance}} {{operation}} failed"), (rate("plimsoll_etcd_leases_lost_total"), "{{instance}} leases lost per second")),
                    graph("Last answer of etcd", "Time since etcd last did what it was asked. Only with --etcd.endpoints.", "s", ("time() - max by (instance) (plimsoll_etcd_last_success_timestamp_seconds{@target@})", "{{instance}}")),
                ],
            ),
        ],
        metric="plimsoll_build_info",
        with_name=False,
    )
