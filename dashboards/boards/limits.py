"""How close to their limits containers are, and what it costs them."""

from grafana import dashboard, graph, table

R = "[$__rate_interval]"
BY = "sum by (instance, name)"


def worst(expression):
    return f"topk(10, {expression})", "{{instance}} {{name}}"


def rate(metric, more=""):
    return f"{BY} (rate({metric}{{@container@{more}}}{R}))"


MEMORY = "max by (instance, name) (container_memory_working_set_bytes{@container@} / (container_spec_memory_limit_bytes{@container@} > 0))"
CPU = rate("container_cpu_usage_seconds_total") + " / max by (instance, name) (container_spec_cpu_quota{@container@} / container_spec_cpu_period{@container@})"
THROTTLED = rate("container_cpu_cfs_throttled_periods_total") + " / " + rate("container_cpu_cfs_periods_total")
PIDS = "max by (instance, name) (plimsoll_container_pids{@container@} / plimsoll_container_pids_limit{@container@})"


def board():
    return dashboard(
        "plimsoll-limits",
        "Plimsoll / Limits and pressure",
        "Which containers are near their limits, and which of them suffer. Containers without a limit are in no panel that compares with one.",
        [
            (
                "All of them",
                [
                    table(
                        "Near a limit",
                        "Shares of the limits, and shares of the time in which something waited.",
                        (MEMORY, "Memory", "percentunit"),
                        (CPU, "CPU", "percentunit"),
                        (THROTTLED, "Throttled", "percentunit"),
                        (PIDS, "Threads", "percentunit"),
                        (rate("container_pressure_memory_waiting_seconds_total"), "Memory pressure", "percentunit"),
                        (rate("container_pressure_cpu_waiting_seconds_total"), "CPU pressure", "percentunit"),
                        (rate("container_pressure_io_waiting_seconds_total"), "IO pressure", "percentunit"),
                        (f"{BY} (increase(container_oom_events_total{{@container@}}[$__range]))", "OOM kills", "none"),
                        sort="Memory",
                    ),
                ],
            ),
            (
                "Memory",
                [
                    graph("Near the memory limit", "Working set / limit, the ten nearest.", "percentunit", worst(MEMORY), most=1),
                    graph("Least headroom", "What is left until the first limit, its own or one above it; the ten with the least.", "bytes", ("bottomk(10, min by (instance, name) (plimsoll_container_memory_headroom_bytes{@container@}))", "{{instance}} {{name}}")),
                    graph("Memory stalls", "Share of the time in which no task ran for want of memory.", "percentunit", worst(rate("container_pressure_memory_stalled_seconds_total")), most=1),
                    graph("Limit met", "Times that memory use met the limit and something had to be reclaimed.", "none", worst(f"{BY} (increase(container_memory_failcnt{{@container@}}{R}))"), step=True),
                    graph("Held back at memory.high", "Times that a container was slowed down above its memory.high. cgroup v2 only.", "none", worst(f"{BY} (increase(container_memory_events_high_total{{@container@}}{R}))"), step=True),
                    graph("OOM kills", "Processes killed for lack of memory, by workload: also of containers that are gone.", "none", (f"sum by (instance, name, image) (increase(plimsoll_workload_oom_kills_total{{@target@}}{R}))", "{{instance}} {{name}} {{image}}"), step=True),
                ],
            ),
            (
                "CPU",
                [
                    graph("Near the CPU quota", "CPU in use / quota, the ten nearest.", "percentunit", worst(CPU)),
                    graph("Throttled", "Share of the quota's periods in which a container was stopped.", "percentunit", worst(THROTTLED), most=1),
                    graph("Time stopped", "Seconds per second, of all threads.", "s", worst(rate("container_cpu_cfs_throttled_seconds_total"))),
                    graph("CPU pressure", "Share of the time in which a task waited for a CPU.", "percentunit", worst(rate("container_pressure_cpu_waiting_seconds_total")), most=1),
                ],
            ),
            (
                "Threads and IO",
                [
                    graph("Near the limit on threads", "Threads / limit.", "percentunit", worst(PIDS), most=1),
                    graph("Refused threads", "Threads and processes that could not be started because of the limit.", "none", worst(f"{BY} (increase(plimsoll_container_pids_limit_hits_total{{@container@}}{R}))"), step=True),
                    graph("IO stalls", "Share of the time in which no task ran because all waited for IO.", "percentunit", worst(rate("container_pressure_io_stalled_seconds_total")), most=1),
                    graph("IO limits", "Bytes per second that a container may read or write on a device.", "Bps", ("max by (instance, name, device, operation) (plimsoll_container_io_limit_bytes_per_second{@container@})", "{{instance}} {{name}} {{device}} {{operation}}"), step=True),
                ],
            ),
            (
                "What is set",
                [
                    table(
                        "Limits",
                        "As the kernel has them. An empty cell is no limit.",
                        ("max by (instance, name) (plimsoll_container_memory_limit_bytes{@container@})", "Memory", "bytes"),
                        ("max by (instance, name) (plimsoll_container_memory_reservation_bytes{@container@})", "Reservation", "bytes"),
                        ("max by (instance, name) (plimsoll_container_cpu_limit_cores{@container@})", "CPUs", "none"),
                        ("max by (instance, name) (container_spec_cpu_shares{@container@})", "CPU shares", "none"),
                        ("max by (instance, name) (plimsoll_container_pids_limit{@container@})", "Threads", "none"),
                        sort="Memory",
                    ),
                ],
            ),
        ],
    )
