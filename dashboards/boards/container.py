"""One container, or some of them one above the other."""

from grafana import bounds, dashboard, graph, stat, table

R = "[$__rate_interval]"


def rate(metric, by="name", more=""):
    return f"sum by ({by}) (rate({metric}{{@container@{more}}}{R}))"


def board():
    return dashboard(
        "plimsoll-container",
        "Plimsoll / Container",
        "Everything about a container. Panels without data have none to show: no limit is set, or this kernel does not offer it.",
        [
            (
                "At a glance",
                [
                    stat("CPUs in use", "CPU time per second.", "none", rate("container_cpu_usage_seconds_total"), width=3, legend="{{name}}"),
                    stat("Memory", "Working set: memory that cannot be reclaimed easily.", "bytes", "sum by (name) (container_memory_working_set_bytes{@container@})", width=3, legend="{{name}}"),
                    stat("Of its memory limit", "Working set / limit. Without a limit there is no such number.", "percentunit", "max by (name) (container_memory_working_set_bytes{@container@} / (container_spec_memory_limit_bytes{@container@} > 0))", width=3, legend="{{name}}", steps=[(0.8, "orange"), (0.9, "red")]),
                    stat("Of its CPU quota", "CPU in use / quota, its own or the fullest one above it.", "percentunit", "max by (name) (plimsoll_container_cpu_limit_utilization_ratio{@container@})", width=3, legend="{{name}}", steps=[(0.8, "orange"), (0.95, "red")]),
                    stat("Up", "Time since its start.", "s", "time() - max by (name) (container_start_time_seconds{@container@})", width=3, legend="{{name}}"),
                    stat("Health", "What its health check says.", "none", "max by (name) (container_health_state{@container@})", width=3, legend="{{name}}", mappings=[(1, "healthy", "green"), (0, "unhealthy", "red"), (-1, "no check", "text")]),
                    stat("Restarts", "By the runtime, in the time shown.", "none", "sum by (name) (increase(plimsoll_container_restarts_total{@container@}[$__range]))", width=3, legend="{{name}}", steps=[(1, "orange"), (4, "red")]),
                    stat("OOM kills", "Processes killed for lack of memory in the time shown.", "none", "sum by (name) (increase(container_oom_events_total{@container@}[$__range]))", width=3, legend="{{name}}", steps=[(1, "red")]),
                ],
            ),
            (
                "CPU",
                [
                    bounds(graph("CPU", "CPUs in use, and the quota.", "none", (rate("container_cpu_user_seconds_total"), "{{name}} user"), (rate("container_cpu_system_seconds_total"), "{{name}} system"), ("max by (name) (container_spec_cpu_quota{@container@} / container_spec_cpu_period{@container@})", "{{name}} quota"), stacked=True), ".* quota"),
                    graph("Throttled", "Share of the quota's periods in which it was stopped. Only with a quota.", "percentunit", (rate("container_cpu_cfs_throttled_periods_total") + " / " + rate("container_cpu_cfs_periods_total"), "{{name}}"), most=1),
                    graph("CPU pressure", "Share of the time in which a task waited for a CPU, or all did.", "percentunit", (rate("container_pressure_cpu_waiting_seconds_total"), "{{name}} some"), (rate("container_pressure_cpu_stalled_seconds_total"), "{{name}} all"), most=1),
                    graph("Threads", "With the limit, if there is one.", "none", ("sum by (name) (plimsoll_container_pids{@container@})", "{{name}}"), ("max by (name) (plimsoll_container_pids_limit{@container@})", "{{name}} limit")),
                ],
            ),
            (
                "Memory",
                [
                    bounds(graph("Memory", "Anonymous memory, page cache and swap; working set and limit.", "bytes", ("sum by (name) (container_memory_rss{@container@})", "{{name}} anonymous"), ("sum by (name) (container_memory_cache{@container@})", "{{name}} cache"), ("sum by (name) (container_memory_swap{@container@})", "{{name}} swap"), ("max by (name) (container_spec_memory_limit_bytes{@container@} > 0)", "{{name}} limit"), stacked=True), ".* limit"),
                    graph("Working set and headroom", "What is used, and what is left until the first limit, its own or one above it.", "bytes", ("sum by (name) (container_memory_working_set_bytes{@container@})", "{{name}} working set"), ("min by (name) (plimsoll_container_memory_headroom_bytes{@container@})", "{{name}} headroom")),
                    graph("Memory pressure", "Share of the time in which a task waited for memory, or all did.", "percentunit", (rate("container_pressure_memory_waiting_seconds_total"), "{{name}} some"), (rate("container_pressure_memory_stalled_seconds_total"), "{{name}} all"), most=1),
                    graph("Page faults", "Pages that were touched first, and those that had to be read from disk.", "ops", (rate("container_memory_failures_total", more=',scope="hierarchy",failure_type="pgfault"'), "{{name}} all"), (rate("container_memory_failures_total", more=',scope="hierarchy",failure_type="pgmajfault"'), "{{name}} from disk")),
                    graph("At the limit", "Times that memory use met the limit, and kills.", "none", (f"sum by (name) (increase(container_memory_failcnt{{@container@}}{R}))", "{{name}} limit met"), (f"sum by (name) (increase(container_oom_events_total{{@container@}}{R}))", "{{name}} OOM kills"), step=True),
                    graph("Files", "Mapped files, dirty pages and pages being written back.", "bytes", ("sum by (name) (container_memory_mapped_file{@container@})", "{{name}} mapped"), ("sum by (name) (container_memory_file_dirty_bytes{@container@})", "{{name}} dirty"), ("sum by (name) (container_memory_file_writeback_bytes{@container@})", "{{name}} written back")),
                ],
            ),
            (
                "Network",
                [
                    graph("Bytes", "Received and sent, by interface. Of the container that owns the network.", "Bps", (rate("container_network_receive_bytes_total", "name, interface"), "{{name}} {{interface}} received"), (rate("container_network_transmit_bytes_total", "name, interface"), "{{name}} {{interface}} sent")),
                    graph("Packets", "Received and sent; dropped ones and errors.", "pps", (rate("container_network_receive_packets_total"), "{{name}} received"), (rate("container_network_transmit_packets_total"), "{{name}} sent"), (rate("container_network_receive_packets_dropped_total") + " + " + rate("container_network_transmit_packets_dropped_total"), "{{name}} dropped"), (rate("container_network_receive_errors_total") + " + " + rate("container_network_transmit_errors_total"), "{{name}} errors")),
                ],
            ),
            (
                "Disks",
                [
                    graph("Bytes", "Read and written, by device.", "Bps", (rate("container_fs_reads_bytes_total", "name, device"), "{{name}} {{device}} read"), (rate("container_fs_writes_bytes_total", "name, device"), "{{name}} {{device}} written")),
                    graph("Operations", "Reads and writes, by device.", "iops", (rate("container_fs_reads_total", "name, device"), "{{name}} {{device}} reads"), (rate("container_fs_writes_total", "name, device"), "{{name}} {{device}} writes")),
                    graph("IO pressure", "Share of the time in which a task waited for IO, or all did.", "percentunit", (rate("container_pressure_io_waiting_seconds_total"), "{{name}} some"), (rate("container_pressure_io_stalled_seconds_total"), "{{name}} all"), most=1),
                    graph("Written", "The container's layer and its log.", "bytes", ("sum by (name) (container_fs_usage_bytes{@container@})", "{{name}}")),
                ],
            ),
            (
                "Who it is",
                [
                    table("Identity", "What the runtime says.", ("max by (instance, name, image, runtime, runtime_id, compose_project, compose_service) (plimsoll_container_info{@container@})", "Known", "none")),
                ],
            ),
        ],
    )
