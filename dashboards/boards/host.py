"""One host, and who on it uses what."""

from grafana import bounds, dashboard, graph, stat, table

IN_USE = "sum by (instance) (rate(container_cpu_usage_seconds_total{@host@}[$__rate_interval]))"


def board():
    return dashboard(
        "plimsoll-host",
        "Plimsoll / Host",
        "One host: its own numbers, and which containers they come from. For the host's inner life (kernel, services, hardware) see the dashboards of the node exporter.",
        [
            (
                "At a glance",
                [
                    stat("CPUs", "Logical CPUs online.", "none", "sum by (instance) (machine_cpu_cores{@target@})", width=3),
                    stat("Memory", "Memory of the machine.", "bytes", "sum by (instance) (machine_memory_bytes{@target@})", width=3),
                    stat("CPU in use", "Share of the CPUs in use.", "percentunit", IN_USE + " / sum by (instance) (machine_cpu_cores{@target@})", width=3, steps=[(0.8, "orange"), (0.95, "red")]),
                    stat("Memory in use", "Working set of everything, as a share of the memory.", "percentunit", "sum by (instance) (container_memory_working_set_bytes{@host@}) / sum by (instance) (machine_memory_bytes{@target@})", width=3, steps=[(0.8, "orange"), (0.95, "red")]),
                    stat("Fullest disk", "The file system with the least room.", "percentunit", "max by (instance) (container_fs_usage_bytes{@host@} / (container_fs_limit_bytes{@host@} > 0))", width=3, steps=[(0.8, "orange"), (0.9, "red")]),
                    stat("Containers", "Containers that run.", "none", "count by (instance) (container_memory_usage_bytes{@container@})", width=3),
                    stat("OOM kills", "Processes killed for lack of memory in the time shown.", "none", "sum by (instance) (increase(plimsoll_host_oom_kills_total{@target@}[$__range]))", width=3, steps=[(1, "red")]),
                    stat("Kernel", "Its version.", "none", "max by (instance, kernelVersion) (cadvisor_version_info{@target@})", width=3, legend="{{kernelVersion}}", shows="name"),
                ],
            ),
            (
                "CPU",
                [
                    bounds(graph("CPU by container", "CPUs in use. What the line of the host has more than the sum is no container.", "none", ("sum by (name) (rate(container_cpu_usage_seconds_total{@container@}[$__rate_interval]))", "{{name}}"), (IN_USE, "{{instance}}: all"), stacked=True), ".*: all"),
                    graph("CPU of the host", "User and system time.", "none", ("sum by (instance) (rate(container_cpu_user_seconds_total{@host@}[$__rate_interval]))", "{{instance}} user"), ("sum by (instance) (rate(container_cpu_system_seconds_total{@host@}[$__rate_interval]))", "{{instance}} system"), stacked=True),
                    graph("CPU outside of containers", "The first level of the cgroup tree: slices, services, runtimes.", "none", ('topk(10, sum by (id) (rate(container_cpu_usage_seconds_total{@target@,id=~"/[^/]+"}[$__rate_interval])))', "{{id}}")),
                    graph("Pressure", "Share of the time in which something on the host waited.", "percentunit", ("sum by (instance) (rate(container_pressure_cpu_waiting_seconds_total{@host@}[$__rate_interval]))", "{{instance}} CPU"), ("sum by (instance) (rate(container_pressure_memory_waiting_seconds_total{@host@}[$__rate_interval]))", "{{instance}} memory"), ("sum by (instance) (rate(container_pressure_io_waiting_seconds_total{@host@}[$__rate_interval]))", "{{instance}} IO"), most=1),
                ],
            ),
            (
                "Memory",
                [
                    bounds(graph("Memory by container", "Working sets.", "bytes", ("sum by (name) (container_memory_working_set_bytes{@container@})", "{{name}}"), ("sum by (instance) (machine_memory_bytes{@target@})", "{{instance}}: all"), stacked=True), ".*: all"),
                    graph("Memory of the host", "Anonymous memory, page cache and swap.", "bytes", ("sum by (instance) (container_memory_rss{@host@})", "{{instance}} anonymous"), ("sum by (instance) (container_memory_cache{@host@})", "{{instance}} cache"), ("sum by (instance) (container_memory_swap{@host@})", "{{instance}} swap"), stacked=True),
                ],
            ),
            (
                "Network and disks",
                [
                    graph("Network", "By interface of the host.", "Bps", ("sum by (instance, interface) (rate(container_network_receive_bytes_total{@host@}[$__rate_interval]))", "{{instance}} {{interface}} received"), ("sum by (instance, interface) (rate(container_network_transmit_bytes_total{@host@}[$__rate_interval]))", "{{instance}} {{interface}} sent")),
                    graph("Lost packets", "Dropped ones and errors, both ways.", "pps", ("sum by (instance, interface) (rate(container_network_receive_packets_dropped_total{@host@}[$__rate_interval]) + rate(container_network_transmit_packets_dropped_total{@host@}[$__rate_interval]))", "{{instance}} {{interface}} dropped"), ("sum by (instance, interface) (rate(container_network_receive_errors_total{@host@}[$__rate_interval]) + rate(container_network_transmit_errors_total{@host@}[$__rate_interval]))", "{{instance}} {{interface}} errors")),
                    graph("Disks: bytes", "By device.", "Bps", ("sum by (instance, device) (rate(container_fs_reads_bytes_total{@host@}[$__rate_interval]))", "{{instance}} {{device}} read"), ("sum by (instance, device) (rate(container_fs_writes_bytes_total{@host@}[$__rate_interval]))", "{{instance}} {{device}} written")),
                    graph("Disks: busy", "Share of the time in which the device had something to do.", "percentunit", ("sum by (instance, device) (rate(container_fs_io_time_seconds_total{@host@}[$__rate_interval]))", "{{instance}} {{device}}")),
                    graph("File systems", "Used share.", "percentunit", ("max by (instance, device) (container_fs_usage_bytes{@host@} / (container_fs_limit_bytes{@host@} > 0))", "{{instance}} {{device}}"), most=1),
                    graph("Inodes", "Used share. Without one no file can be made, however much room there is.", "percentunit", ("1 - min by (instance, device) (container_fs_inodes_free{@host@} / (container_fs_inodes_total{@host@} > 0))", "{{instance}} {{device}}"), most=1),
                ],
            ),
            (
                "Containers",
                [
                    table(
                        "Containers",
                        "What each uses now.",
                        ("sum by (name) (rate(container_cpu_usage_seconds_total{@container@}[$__rate_interval]))", "CPUs", "none"),
                        ("sum by (name) (container_memory_working_set_bytes{@container@})", "Memory", "bytes"),
                        ("sum by (name) (rate(container_network_receive_bytes_total{@container@}[$__rate_interval]))", "Received", "Bps"),
                        ("sum by (name) (rate(container_network_transmit_bytes_total{@container@}[$__rate_interval]))", "Sent", "Bps"),
                        ("sum by (name) (plimsoll_container_pids{@container@})", "Threads", "none"),
                        ("time() - max by (name) (container_start_time_seconds{@container@})", "Up", "s"),
                        width=14,
                        sort="CPUs",
                    ),
                    table("Container file systems", "What each container wrote: its layer and its log.", ("sum by (name, device) (container_fs_usage_bytes{@container@})", "Written", "bytes"), width=10, sort="Written"),
                ],
            ),
        ],
    )
