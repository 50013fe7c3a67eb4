//! The table of panels. `§` in a query stands for the chosen processes. Every `…_seconds` is a histogram: quantiles are
//! asked of its buckets, added up.

/// A row of the dashboard.
pub struct Row {
    pub title: &'static str,
    pub panels: &'static [Panel],
}

/// One chart.
pub struct Panel {
    pub title: &'static str,
    /// What one sees in it, for who does not know the metric.
    pub says: &'static str,
    /// Grafana's name of the unit.
    pub unit: &'static str,
    /// Query and legend.
    pub queries: &'static [(&'static str, &'static str)],
}

const fn panel(
    title: &'static str,
    unit: &'static str,
    says: &'static str,
    queries: &'static [(&'static str, &'static str)],
) -> Panel {
    Panel { title, says, unit, queries }
}

pub const ROWS: &[Row] = &[
    Row { title: "Worlds", panels: WORLDS },
    Row { title: "Entries and departures", panels: WAYS },
    Row { title: "Locks and links", panels: LOCKS },
    Row { title: "Items and gold", panels: OWNED },
    Row { title: "HTTP and logins", panels: HTTP },
    Row { title: "Community", panels: COMMUNITY },
    Row { title: "Door", panels: DOOR },
    Row { title: "Server manager", panels: FLEET },
];

const WORLDS: &[Panel] = &[
    panel(
        "Tick time",
        "s",
        "The budget is 1 / TICK_HZ: 33 ms at 30 Hz",
        &[
            (
                "histogram_quantile(0.5, sum by (le, instance) (rate(realmgate_tick_work_seconds_bucket{§}[1m])))",
                "p50 {{instance}}",
            ),
            (
                "histogram_quantile(0.99, sum by (le, instance) (rate(realmgate_tick_work_seconds_bucket{§}[1m])))",
                "p99 {{instance}}",
            ),
        ],
    ),
    panel(
        "Ticks late",
        "s",
        "Delay of tick starts; high if the machine is busy",
        &[(
            "histogram_quantile(0.99, sum by (le, instance) (rate(realmgate_tick_late_seconds_bucket{§}[1m])))",
            "p99 {{instance}}",
        )],
    ),
    panel(
        "Ticks lost",
        "ops",
        "Skipped ticks: time runs slower for players",
        &[
            ("rate(realmgate_ticks_lost_total{§}[1m])", "lost {{instance}}"),
            ("rate(realmgate_ticks_total{§}[1m])", "run {{instance}}"),
        ],
    ),
    panel(
        "Players",
        "short",
        "In the world, expected, and connected",
        &[
            ("realmgate_players{§}", "players {{instance}}"),
            ("realmgate_expected_players{§}", "expected {{instance}}"),
            ("realmgate_spectators{§}", "spectators {{instance}}"),
            ("realmgate_sessions{§}", "connections {{instance}} {{transport}}"),
        ],
    ),
    panel(
        "Traffic",
        "Bps",
        "Game traffic, payload alone",
        &[
            ("rate(realmgate_bytes_in_total{§}[1m])", "in {{instance}} {{transport}}"),
            ("rate(realmgate_bytes_out_total{§}[1m])", "out {{instance}} {{transport}}"),
        ],
    ),
    panel(
        "Packets refused",
        "pps",
        "By reason; host_behind: the simulation or the network thread lags",
        &[("sum by (reason) (rate(realmgate_packets_refused_total{§}[1m]))", "{{reason}}")],
    ),
    panel(
        "Memory",
        "bytes",
        "Resident memory of map servers",
        &[("realmgate_process_resident_bytes{§}", "{{instance}}")],
    ),
    panel(
        "Messages refused",
        "ops",
        "From players: undecodable, too many, too long",
        &[
            ("sum(rate(realmgate_bad_messages_total{§}[1m]))", "malformed"),
            ("sum(rate(realmgate_rate_limited_total{§}[1m]))", "too many"),
            ("sum(rate(realmgate_oversized_messages_total{§}[1m]))", "too long"),
        ],
    ),
    panel(
        "Channels that failed",
        "short",
        "Each is a bug: see the log of its map server",
        &[("increase(realmgate_channel_panics_total{§}[1h])", "{{instance}}")],
    ),
];

const WAYS: &[Panel] = &[
    panel(
        "Entering the world",
        "ops",
        "By result",
        &[("sum by (result) (rate(realmgate_enter_world_total{§}[1m]))", "{{result}}")],
    ),
    panel(
        "Responses of map servers",
        "ops",
        "To announcements of players",
        &[("sum by (result) (rate(realmgate_prepares_total{§}[1m]))", "{{result}}")],
    ),
    panel(
        "Tickets refused",
        "ops",
        "By reason",
        &[("sum by (reason) (rate(realmgate_tickets_refused_total{§}[1m]))", "{{reason}}")],
    ),
    panel(
        "Departures",
        "ops",
        "By reason; Expired: the player did not connect in time",
        &[("sum by (reason) (rate(realmgate_departures_total{§}[1m]))", "{{reason}}")],
    ),
    panel(
        "Journeys",
        "ops",
        "Between channels, maps and servers, by result",
        &[("sum by (result) (rate(realmgate_journeys_total{§}[1m]))", "{{result}}")],
    ),
    panel(
        "Gateway",
        "short",
        "Open sockets, and errors sent per second",
        &[
            ("realmgate_gateway_sockets{§}", "sockets {{instance}}"),
            ("sum by (code) (rate(realmgate_gateway_errors_total{§}[1m]))", "{{code}}"),
            ("sum(rate(realmgate_gateway_refused_total{§}[1m]))", "without a token"),
            ("sum by (socket) (rate(realmgate_websockets_flooded_total{§}[1m]))", "flooded {{socket}}"),
        ],
    ),
];

const LOCKS: &[Panel] = &[
    panel(
        "Locks by owner",
        "short",
        "Characters by lock owner; gateways hold locks only briefly",
        &[("max by (owner) (realmgate_locks{§, owner!=\"none\"})", "{{owner}}")],
    ),
    panel(
        "Locks fenced",
        "ops",
        "Taken from an owner that did not respond",
        &[("sum by (owner) (rate(realmgate_locks_fenced_total{§}[5m]))", "{{owner}}")],
    ),
    panel(
        "Map links",
        "short",
        "Map servers connected",
        &[
            ("realmgate_map_links{§}", "{{instance}}"),
            ("sum by (code) (increase(realmgate_map_links_refused_total{§}[5m]))", "refused {{code}}"),
        ],
    ),
    panel(
        "Messages of map servers",
        "ops",
        "By kind",
        &[("sum by (kind) (rate(realmgate_link_messages_total{§}[1m]))", "{{kind}}")],
    ),
    panel(
        "Queues",
        "short",
        "Batches that wait for the store, and messages dropped because too many waited",
        &[
            ("realmgate_event_batches_waiting{§}", "batches {{instance}}"),
            ("increase(realmgate_link_messages_lost_total{§}[5m])", "lost {{instance}}"),
        ],
    ),
    panel(
        "Saves",
        "ops",
        "Of position and health; fenced: the server did not own the character",
        &[("sum by (result) (rate(realmgate_saves_total{§}[1m]))", "{{result}}")],
    ),
];

const OWNED: &[Panel] = &[
    panel(
        "Changes of possessions",
        "ops",
        "By result",
        &[("sum by (result) (rate(realmgate_events_total{§}[1m]))", "{{result}}")],
    ),
    panel(
        "Until a batch is durable",
        "s",
        "One transaction for each map server and tick",
        &[
            (
                "histogram_quantile(0.5, sum by (le, instance) (rate(realmgate_event_batch_seconds_bucket{§}[1m])))",
                "p50 {{instance}}",
            ),
            (
                "histogram_quantile(0.99, sum by (le, instance) (rate(realmgate_event_batch_seconds_bucket{§}[1m])))",
                "p99 {{instance}}",
            ),
        ],
    ),
    panel(
        "Ledger",
        "short",
        "Faults of the last audit; must be 0",
        &[
            ("max(realmgate_ledger_faults{§})", "faults"),
            ("max by (figure) (realmgate_ledger{§, figure=~\"items|gold_in_world\"})", "{{figure}}"),
        ],
    ),
];

const HTTP: &[Panel] = &[
    panel(
        "Requests",
        "reqps",
        "By status",
        &[("sum by (status) (rate(realmgate_http_requests_total{§}[1m]))", "{{status}}")],
    ),
    panel(
        "Latency by route",
        "s",
        "99th percentile",
        &[(
            "histogram_quantile(0.99, sum by (le, route) (rate(realmgate_http_request_seconds_bucket{§}[5m])))",
            "{{route}}",
        )],
    ),
    panel(
        "Refusals",
        "ops",
        "By code; INTERNAL is a server error",
        &[("sum by (code) (rate(realmgate_http_refusals_total{§}[1m]))", "{{code}}")],
    ),
    panel(
        "Logins",
        "ops",
        "By kind and result",
        &[
            ("sum by (kind, result) (rate(realmgate_logins_total{§}[1m]))", "{{kind}} {{result}}"),
            ("sum(rate(realmgate_registrations_total{§}[1m]))", "registrations"),
        ],
    ),
    panel(
        "Signs of abuse",
        "short",
        "Per five minutes: reused refresh tokens, and logins rejected because too many waited",
        &[
            ("sum(increase(realmgate_refresh_reuse_total{§}[5m]))", "refresh tokens"),
            ("sum(increase(realmgate_password_queue_full_total{§}[5m]))", "turned away"),
        ],
    ),
    panel(
        "Traces and errors that were not sent",
        "ops",
        "By reason; rate: one place in the code exceeded its errors per minute",
        &[
            ("sum by (what, why) (rate(realmgate_telemetry_lost_total{§}[5m]))", "{{what}} {{why}}"),
            ("sum by (what) (rate(realmgate_telemetry_sent_total{§}[5m]))", "{{what}} sent"),
        ],
    ),
];

const COMMUNITY: &[Panel] = &[
    panel(
        "Refusals below /api/v1",
        "ops",
        "By status; 500 is a server error",
        &[("sum by (status) (rate(realmgate_community_refusals_total{§}[1m]))", "{{status}}")],
    ),
    panel(
        "Sign-ins by providers",
        "ops",
        "By provider and result; provider: it was unavailable, or rejected the request",
        &[("sum by (provider, result) (rate(realmgate_oauth_sign_ins_total{§}[5m]))", "{{provider}} {{result}}")],
    ),
    panel(
        "Friends, requests and blocks",
        "ops",
        "Requests by route and status",
        &[(
            "sum by (method, route, status) (rate(realmgate_http_requests_total{§, method!=\"GET\", route=~\"/api/v1/(friends.*|users/.+block)\"}[5m]))",
            "{{method}} {{route}} {{status}}",
        )],
    ),
    panel(
        "Lobbies",
        "ops",
        "Requests by route and status",
        &[(
            "sum by (method, route, status) (rate(realmgate_http_requests_total{§, method!=\"GET\", route=~\"/api/v1/lobbies.*\"}[5m]))",
            "{{method}} {{route}} {{status}}",
        )],
    ),
    panel(
        "Leaderboards",
        "ops",
        "Scores by result, and ranks by source",
        &[
            ("sum by (result) (rate(realmgate_leaderboard_scores_total{§}[5m]))", "scores {{result}}"),
            ("sum by (from) (rate(realmgate_leaderboard_ranks_total{§}[5m]))", "ranks {{from}}"),
        ],
    ),
    panel(
        "Calls of scripts",
        "ops",
        "By caller and result; and plugins that are off",
        &[
            ("sum by (by, result) (rate(realmgate_hook_calls_total{§}[1m]))", "{{by}} {{result}}"),
            ("sum(realmgate_hook_plugins_off{§})", "plugins off"),
        ],
    ),
    panel(
        "How long scripts take",
        "s",
        "99th percentile; before: a request waits for the result",
        &[("histogram_quantile(0.99, sum by (le, by) (rate(realmgate_hook_seconds_bucket{§}[5m])))", "{{by}}")],
    ),
    panel(
        "Realtime sockets",
        "short",
        "Open sockets; per five minutes closed sockets, and events that did not reach other sidecars or slow readers",
        &[
            ("realmgate_realtime_sockets{§}", "open {{instance}}"),
            ("sum by (why) (increase(realmgate_realtime_closed_total{§}[5m]))", "ended: {{why}}"),
            ("sum by (why) (increase(realmgate_realtime_notices_lost_total{§}[5m]))", "events lost: {{why}}"),
            ("sum(increase(realmgate_realtime_missed_total{§}[5m]))", "left out for slow readers"),
        ],
    ),
    panel(
        "Mails",
        "short",
        "Waiting mails, and results per five minutes",
        &[
            ("max(realmgate_mails_waiting{§})", "waiting"),
            ("sum by (result) (increase(realmgate_mails_total{§}[5m]))", "{{result}}"),
        ],
    ),
    panel(
        "Requests of administrators",
        "short",
        "Per hour, by route and status; details are in the audit log of /admin",
        &[(
            "sum by (method, route, status) (increase(realmgate_http_requests_total{§, method!=\"GET\", route=~\"/api/v1/admin/.*\"}[1h]))",
            "{{method}} {{route}} {{status}}",
        )],
    ),
];

const DOOR: &[Panel] = &[
    panel(
        "Requests through the door",
        "reqps",
        "By service; failures of a service by reason",
        &[
            ("sum by (service) (rate(realmgate_door_requests_total{§}[5m]))", "{{service}}"),
            ("sum by (service, reason) (rate(realmgate_door_failures_total{§}[5m]))", "{{service}} failed: {{reason}}"),
        ],
    ),
    panel(
        "Response time of services",
        "s",
        "Until the head of the response",
        &[
            (
                "histogram_quantile(0.5, sum by (le, service) (rate(realmgate_door_request_seconds_bucket{§}[5m])))",
                "{{service}} p50",
            ),
            (
                "histogram_quantile(0.99, sum by (le, service) (rate(realmgate_door_request_seconds_bucket{§}[5m])))",
                "{{service}} p99",
            ),
        ],
    ),
    panel(
        "Sockets through the door",
        "short",
        "WebSockets and Socket.IO; ended per five minutes by reason",
        &[
            ("sum by (service) (realmgate_door_sockets{§})", "{{service}}"),
            (
                "sum by (service, reason) (increase(realmgate_door_sockets_closed_total{§}[5m]))",
                "{{service}}: {{reason}}",
            ),
        ],
    ),
];

const FLEET: &[Panel] = &[
    panel("Managed map servers", "short", "By stage", &[("sum by (stage) (realmgate_fleet_servers{§})", "{{stage}}")]),
    panel(
        "Starts and stops",
        "short",
        "Per five minutes; stops by reason",
        &[
            ("sum(increase(realmgate_fleet_starts_total{§}[5m]))", "started"),
            ("sum by (reason) (increase(realmgate_fleet_stops_total{§}[5m]))", "{{reason}}"),
            ("sum by (reason) (increase(realmgate_fleet_refusals_total{§}[5m]))", "not started: {{reason}}"),
        ],
    ),
    panel(
        "Until a server is up",
        "s",
        "While players wait",
        &[
            ("histogram_quantile(0.5, sum by (le) (rate(realmgate_fleet_start_seconds_bucket{§}[1h])))", "p50"),
            ("histogram_quantile(0.99, sum by (le) (rate(realmgate_fleet_start_seconds_bucket{§}[1h])))", "p99"),
        ],
    ),
];
