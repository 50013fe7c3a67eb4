//! Steps of replicas and map servers, and the timers.

use super::{SIDECAR, WORLDS, step};
use crate::mutate::Mutation;
use crate::mutate::edit::Edit;

const CHARACTER_LOCK: &str = "sidecar/src/lock/character.rs";
const SERVER_LOCKS: &str = "sidecar/src/store/locks/server.rs";
const DISPLACE: &str = "sidecar/src/service/world/displace.rs";
const SERVERS: &str = "sidecar/src/service/world/servers.rs";
const HOST_PLAYERS: &str = "engine/src/host/players/mod.rs";
const HOST_LINK: &str = "engine/src/host/link/mod.rs";
const HOST_OUTAGE: &str = "engine/src/host/link/outage.rs";
const ENTER_TESTS: &str = "sidecar/src/service/world/tests/enter.rs";
const LINK_TESTS: &str = "sidecar/src/service/world/tests/links.rs";
const PASSAGE_TESTS: &str = "sidecar/src/service/world/tests/passage.rs";
const TIMER_TESTS: &str = "sidecar/src/service/world/tests/timers.rs";
const OUTAGE_TESTS: &str = "engine/tests/worlds/outage.rs";

/// In the order of the document.
pub const STEPS: &[Mutation] = &[
    // A replica.
    step(
        "replica-is-not-renewed",
        &[Edit {
            file: "sidecar/src/service/world.rs",
            from: "            async move { renewal.renew().await }\n",
            to: "            async move {\n                let _ = (renewal, Renewal::renew);\n                Ok(())\n            }\n",
        }],
        SIDECAR,
        (TIMER_TESTS, "a_replica_renews_its_lock_unasked"),
    ),
    step(
        "cut-off-sidecar-keeps-its-sockets",
        &[Edit {
            file: "sidecar/src/service/world/renewal.rs",
            from: "                    self.sockets.close_all();\n",
            to: "",
        }],
        SIDECAR,
        (TIMER_TESTS, "a_sidecar_that_was_cut_off_closes_its_sockets"),
    ),
    // A map server.
    step(
        "directory-without-a-token",
        &[Edit {
            file: "sidecar/src/http/directory/caller.rs",
            from: "|| is_service_caller(state, &parts.headers) {",
            to: "|| is_service_caller(state, &parts.headers) || true {",
        }],
        SIDECAR,
        ("sidecar/src/http/directory/tests.rs", "every_route_needs_the_service_token"),
    ),
    step(
        "link-without-a-token",
        &[Edit {
            file: "sidecar/src/link/socket.rs",
            from: "if !is_service_caller(&state, &headers) {",
            to: "if false && !is_service_caller(&state, &headers) {",
        }],
        SIDECAR,
        (LINK_TESTS, "a_link_needs_the_service_token"),
    ),
    step(
        "new-process-keeps-the-locks-of-the-old",
        &[
            Edit { file: SERVERS, from: "                self.release_everything(&registration.id).await?;\n", to: "" },
            Edit {
                file: SERVERS,
                from: "            self.release_everything(server).await?;\n        }\n        let lock",
                to: "        }\n        let lock",
            },
        ],
        SIDECAR,
        (LINK_TESTS, "a_new_process_gets_free_locks_and_a_swept_ground"),
    ),
    step(
        "living-link-is-replaced",
        &[Edit {
            file: SERVERS,
            from: "            && self.is_link_alive(server, replica).await\n",
            to: "            && self.is_link_alive(server, replica).await\n            && false\n",
        }],
        SIDECAR,
        ("sidecar/src/service/world/tests/replicas.rs", "a_link_that_answers_elsewhere_is_not_replaced"),
    ),
    step(
        "reclaiming-without-a-timer",
        &[Edit {
            file: SERVER_LOCKS,
            from: "SET lock_deadline_ms = $2, lock_reclaim = 1 WHERE lock_owner = $1",
            to: "SET lock_deadline_ms = NULL, lock_reclaim = 1 WHERE lock_owner = $1 AND $2 > 0",
        }],
        SIDECAR,
        (TIMER_TESTS, "a_character_that_is_not_reclaimed_is_released"),
    ),
    step(
        "nobody-may-reclaim",
        &[Edit {
            file: SERVERS,
            from: "let resumed = known.linked_to.is_some() && !fresh;",
            to: "let resumed = known.linked_to.is_some() && !fresh && false;",
        }],
        SIDECAR,
        (LINK_TESTS, "a_map_server_that_was_away_goes_on_under_its_epochs"),
    ),
    step(
        "what-is-not-reclaimed-stays",
        &[Edit { file: SERVER_LOCKS, from: "\"lock_deadline_ms IS NOT NULL\", now_ms)", to: "\"1 = 0\", now_ms)" }],
        SIDECAR,
        (TIMER_TESTS, "what_is_reclaimed_stays_and_the_rest_is_let_go"),
    ),
    step(
        "unsettled-departures-are-not-named",
        &[Edit { file: HOST_PLAYERS, from: "        held.extend(self.farewells.epochs());\n", to: "" }],
        WORLDS,
        (OUTAGE_TESTS, "all_that_is_held_is_named_when_the_link_is_back"),
    ),
    step(
        "world-goes-on-disowned",
        &[Edit { file: HOST_LINK, from: "        self.must_renew = true;\n", to: "" }],
        WORLDS,
        (OUTAGE_TESTS, "a_world_that_has_moved_on_drops_everybody_unsaved_and_starts_anew"),
    ),
    // Timers.
    step(
        "no-arrival-timer",
        &[Edit {
            file: CHARACTER_LOCK,
            from: "kept(Map(server.clone()), within(timers.arrival)),\n            (LockStep::Arrived",
            to: "kept(Map(server.clone()), None),\n            (LockStep::Arrived",
        }],
        SIDECAR,
        (TIMER_TESTS, "a_player_who_does_not_come_loses_the_lock"),
    ),
    step(
        "no-passage-timer",
        &[Edit {
            file: CHARACTER_LOCK,
            from: "LockOwner::None) => grown(Gateway(gateway.clone()), within(timers.passage)),",
            to: "LockOwner::None) => grown(Gateway(gateway.clone()), None),",
        }],
        SIDECAR,
        (PASSAGE_TESTS, "a_way_in_that_does_not_end_is_released"),
    ),
    step(
        "hand-over-without-an-end",
        &[Edit {
            file: DISPLACE,
            from: "outcome(departure, timers.handover_wait, timers.linger_max, waiter)",
            to: "outcome(departure, timers.handover_wait * 1_000, timers.linger_max, waiter)",
        }],
        SIDECAR,
        (PASSAGE_TESTS, "a_map_server_that_does_not_let_go_in_time_is_fenced"),
    ),
    step(
        "silent-servers-keep-their-locks",
        &[Edit {
            file: "sidecar/src/service/world/sweeper.rs",
            from: "            self.expire_server(&known).await?;\n",
            to: "            let _ = (&known, Self::expire_server);\n",
        }],
        SIDECAR,
        (TIMER_TESTS, "a_map_server_that_stays_away_loses_what_it_held"),
    ),
    step(
        "guests-are-not-renewed",
        &[Edit {
            file: SERVERS,
            from: "        self.server_locks.renew_lent(server, deadline(now_ms, ID_HELD)).await?;\n",
            to: "        let _ = deadline(now_ms, ID_HELD);\n",
        }],
        SIDECAR,
        (ENTER_TESTS, "the_lock_of_a_guest_ends_with_its_server"),
    ),
    step(
        "plays-offline-for-ever",
        &[Edit {
            file: HOST_OUTAGE,
            from: "self.given_up || self.seconds(now_tick) < self.offline_play_max_s {",
            to: "self.given_up || self.seconds(now_tick) < self.offline_play_max_s || self.seconds(now_tick) > 0 {",
        }],
        WORLDS,
        (OUTAGE_TESTS, "everybody_is_let_go_when_the_link_stays_away_and_nobody_new_comes"),
    ),
    step(
        "traveller-waits-for-ever",
        &[Edit {
            file: "engine/src/channel/depart.rs",
            from: "if clock.now().since(travelling.since) > clock.ticks(MAX_TRAVEL_MS) {",
            to: "if false && clock.now().since(travelling.since) > clock.ticks(MAX_TRAVEL_MS) {",
        }],
        WORLDS,
        (OUTAGE_TESTS, "who_travels_when_the_link_goes_down_is_not_given_up"),
    ),
];
