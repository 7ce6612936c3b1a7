"""All hosts: which are there, which are full, which containers need the most."""

from grafana import dashboard, graph, stat, table

BUSY = "sum by (instance) (rate(container_cpu_usage_seconds_total{@host@}[$__rate_interval])) / sum by (instance) (machine_cpu_cores{@target@})"
FULL = "sum by (instance) (container_memory_working_set_bytes{@host@}) / sum by (instance) (machine_memory_bytes{@target@})"


def board():
    return dashboard(
        "plimsoll-fleet",
        "Plimsoll / Fleet",
        "All hosts with containers at a glance.",
        [
            (
                "How many",
                [
                    stat("Hosts", "Hosts that answer.", "none", "count(up{@target@} == 1)", width=4),
                    stat("Hosts that do not answer", "Targets that Prometheus cannot scrape. Nothing is known of them.", "none", "count(up{@target@} == 0) or vector(0)", width=4, steps=[(1, "red")]),
                    stat("Containers", "Containers that run now.", "none", "count(container_memory_usage_bytes{@container@})", width=4),
                    stat("CPUs", "Logical CPUs of all hosts.", "none", "sum(machine_cpu_cores{@target@})", width=4),
                    stat("Memory", "Memory of all hosts.", "bytes", "sum(machine_memory_bytes{@target@})", width=4),
                    stat("Firing alerts", "Alerts that fire for these hosts, of whatever rules.", "none", 'count(ALERTS{@target@,alertstate="firing"}) or vector(0)', width=4, steps=[(1, "orange")]),
                ],
            ),
            (
                "Hosts",
                [
                    table(
                        "Hosts",
                        "One line for each host. Pressure is the share of the time in which something waited.",
                        ("count by (instance) (container_memory_usage_bytes{@container@})", "Containers", "none"),
                        (BUSY, "CPU", "percentunit"),
                        (FULL, "Memory", "percentunit"),
                        ("sum by (instance) (rate(container_pressure_cpu_waiting_seconds_total{@host@}[$__rate_interval]))", "CPU pressure", "percentunit"),
                        ("sum by (instance) (rate(container_pressure_memory_waiting_seconds_total{@host@}[$__rate_interval]))", "Memory pressure", "percentunit"),
                        ("sum by (instance) (rate(container_pressure_io_waiting_seconds_total{@host@}[$__rate_interval]))", "IO pressure", "percentunit"),
                        ("max by (instance) (container_fs_usage_bytes{@host@} / (container_fs_limit_bytes{@host@} > 0))", "Fullest disk", "percentunit"),
                        ("sum by (instance) (increase(plimsoll_host_oom_kills_total{@target@}[$__range]))", "OOM kills", "none"),
                        sort="CPU",
                    ),
                    graph("CPU", "CPU in use, as a share of the host's.", "percentunit", (BUSY, "{{instance}}"), most=1),
                    graph("Memory", "Working set of the host, as a share of its memory.", "percentunit", (FULL, "{{instance}}"), most=1),
                    graph("Network", "Bytes received and sent by the hosts' own interfaces.", "Bps", ("sum by (instance) (rate(container_network_receive_bytes_total{@host@}[$__rate_interval]))", "{{instance}} received"), ("sum by (instance) (rate(container_network_transmit_bytes_total{@host@}[$__rate_interval]))", "{{instance}} sent")),
                    graph("Disks", "Bytes read and written on all disks.", "Bps", ("sum by (instance) (rate(container_fs_reads_bytes_total{@host@}[$__rate_interval]))", "{{instance}} read"), ("sum by (instance) (rate(container_fs_writes_bytes_total{@host@}[$__rate_interval]))", "{{instance}} written")),
                    graph("Containers", "Containers that run.", "none", ("count by (instance) (container_memory_usage_bytes{@container@})", "{{instance}}"), step=True),
                    graph("OOM kills", "Processes killed for lack of memory, in containers or not.", "none", ("sum by (instance) (increase(plimsoll_host_oom_kills_total{@target@}[$__rate_interval]))", "{{instance}}"), step=True),
                ],
            ),
            (
                "Containers that need the most",
                [
                    graph("CPU", "The ten that use most CPU.", "none", ("topk(10, sum by (instance, name) (rate(container_cpu_usage_seconds_total{@container@}[$__rate_interval])))", "{{instance}} {{name}}")),
                    graph("Memory", "The ten with the largest working set.", "bytes", ("topk(10, sum by (instance, name) (container_memory_working_set_bytes{@container@}))", "{{instance}} {{name}}")),
                    graph("Network", "The ten with most traffic, both ways.", "Bps", ("topk(10, sum by (instance, name) (rate(container_network_receive_bytes_total{@container@}[$__rate_interval]) + rate(container_network_transmit_bytes_total{@container@}[$__rate_interval])))", "{{instance}} {{name}}")),
                    graph("Disks", "The ten that read and write most.", "Bps", ("topk(10, sum by (instance, name) (rate(container_fs_reads_bytes_total{@container@}[$__rate_interval]) + rate(container_fs_writes_bytes_total{@container@}[$__rate_interval])))", "{{instance}} {{name}}")),
                ],
            ),
        ],
    )
