"""What the runtimes do: which containers there are, how they begin and end."""

from grafana import dashboard, graph, stat, table


def board():
    return dashboard(
        "plimsoll-runtime",
        "Plimsoll / Runtime",
        "Containers by runtime, image and project; how they start, restart and end.",
        [
            (
                "Now",
                [
                    stat("Containers", "That run.", "none", "sum(plimsoll_container_populated{@container@})", legend="containers"),
                    stat("Started in the last hour", "Containers whose last start is less than an hour ago.", "none", "count(time() - container_start_time_seconds{@container@} < 3600) or vector(0)", legend="containers"),
                    stat("Ended", "Containers that ended in the last minutes.", "none", "count(plimsoll_container_exit_code{@container@}) or vector(0)", legend="containers"),
                    stat("Ended with an error", "Of those the ones whose exit code is not 0.", "none", "count(plimsoll_container_exit_code{@container@} != 0) or vector(0)", steps=[(1, "orange")], legend="containers"),
                    stat("Unhealthy", "Containers whose health check fails, or has not succeeded yet.", "none", "count(container_health_state{@container@} == 0) or vector(0)", steps=[(1, "red")], legend="containers"),
                    stat("Paused", "Containers that stand frozen.", "none", "sum(plimsoll_container_frozen{@container@})", steps=[(1, "orange")], legend="containers"),
                ],
            ),
            (
                "Which",
                [
                    graph("By runtime", "Containers that run.", "none", ("count by (runtime) (plimsoll_container_info{@container@})", "{{runtime}}"), stacked=True, step=True),
                    graph("By image", "The ten images with most containers.", "none", ("topk(10, count by (image) (plimsoll_container_info{@container@}))", "{{image}}"), stacked=True, step=True),
                    graph("By compose project", "Containers of compose projects.", "none", ('count by (compose_project) (plimsoll_container_info{@container@,compose_project!=""})', "{{compose_project}}"), stacked=True, step=True),
                    graph("By network", "Whose network they use: their own, the host's, another container's, none.", "none", ("count by (mode) (plimsoll_container_network_info{@container@})", "{{mode}}"), stacked=True, step=True),
                ],
            ),
            (
                "Beginning and ending",
                [
                    graph("Starts", "Containers that were started in the minute before.", "none", ("count(time() - container_start_time_seconds{@container@} < 60) or vector(0)", "starts"), step=True),
                    graph("Restarts", "By the runtime's restart policy.", "none", ("topk(10, sum by (instance, name) (increase(plimsoll_container_restarts_total{@container@}[$__rate_interval])))", "{{instance}} {{name}}"), step=True),
                    graph("Exit codes", "Of containers that ended in the last minutes. 137 is SIGKILL, 143 SIGTERM.", "none", ('count_values("code", plimsoll_container_exit_code{@container@})', "{{code}}"), stacked=True, step=True),
                    graph("Ended for lack of memory", "Containers of which the runtime or the kernel says so.", "none", ("sum by (instance) (plimsoll_container_exit_oom_killed{@container@})", "{{instance}}"), step=True),
                    table(
                        "Ended containers",
                        "Of the last minutes.",
                        ("max by (instance, name, image) (plimsoll_container_exit_code{@container@})", "Exit code", "none"),
                        ("max by (instance, name, image) (plimsoll_container_exit_oom_killed{@container@})", "Out of memory", "bool_yes_no"),
                        ("time() - max by (instance, name, image) (plimsoll_container_exit_time_seconds{@container@})", "Ended ago", "s"),
                        ("max by (instance, name, image) (plimsoll_container_exit_time_seconds{@container@} - plimsoll_container_exit_start_time_seconds{@container@})", "Lived", "s"),
                    ),
                    table(
                        "Running containers",
                        "The youngest are last.",
                        ("time() - max by (instance, name, image) (container_start_time_seconds{@container@})", "Up", "s"),
                        ("time() - max by (instance, name, image) (container_creation_time_seconds{@container@})", "Created ago", "s"),
                        ("max by (instance, name, image) (container_health_state{@container@})", "Health", "none"),
                        sort="Up",
                    ),
                ],
            ),
            (
                "Metadata",
                [
                    graph("Without a name", "Containers whose record of the runtime is not there yet, or may not be read.", "none", ("sum by (instance) (plimsoll_inventory_pending{@target@})", "{{instance}} pending"), ("sum by (instance) (plimsoll_inventory_unreadable{@target@})", "{{instance}} unreadable"), step=True),
                    graph("Records of runtimes read", "And those that were not understood.", "ops", ("sum by (instance) (rate(plimsoll_inventory_lookups_total{@target@}[$__rate_interval]))", "{{instance}} read"), ("sum by (instance) (rate(plimsoll_inventory_failures_total{@target@}[$__rate_interval]))", "{{instance}} not understood")),
                ],
            ),
        ],
    )
