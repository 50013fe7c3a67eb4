//! Steps of a player at the map server, while it is logged in, and as it leaves.

use super::{ENGINE, SIDECAR, step};
use crate::mutate::edit::Edit;
use crate::mutate::{Build, Mutation};

const CHARACTER_LOCK: &str = "sidecar/src/lock/character.rs";
const SERVER_LOCKS: &str = "sidecar/src/store/locks/server.rs";
const ENTER: &str = "sidecar/src/service/world/enter.rs";
const DISPLACE: &str = "sidecar/src/service/world/displace.rs";
const HOST_ADMISSION: &str = "engine/src/admission/mod.rs";
const ENTER_TESTS: &str = "sidecar/src/service/world/tests/enter.rs";
const TIMER_TESTS: &str = "sidecar/src/service/world/tests/timers.rs";
const TRAVEL_TESTS: &str = "sidecar/src/service/world/tests/travel.rs";
const LEAVE_TESTS: &str = "sidecar/src/service/world/tests/leave.rs";
const ADMISSION_TESTS: &str = "engine/src/admission/tests.rs";

/// In the order of the document.
pub const STEPS: &[Mutation] = &[
    // At the map server.
    step(
        "forged-tickets",
        &[Edit {
            file: "protocol/src/ticket.rs",
            from: "Some(false) => Err(TicketError::Forged),",
            to: "Some(false) => Ok(ticket),",
        }],
        Build::Test("netcode_holes"),
        ("engine/tests/netcode_holes/tickets.rs", "forged_and_malformed_tickets_are_refused"),
    ),
    step(
        "ticket-that-was-not-announced",
        &[Edit { file: HOST_ADMISSION, from: "if !same {", to: "if false && !same {" }],
        ENGINE,
        (ADMISSION_TESTS, "a_ticket_must_say_what_was_announced"),
    ),
    step(
        "ticket-of-another-connection",
        &[Edit {
            file: HOST_ADMISSION,
            from: "if ticket.ticket_id.0 != session.client.0 {",
            to: "if false && ticket.ticket_id.0 != session.client.0 {",
        }],
        ENGINE,
        (ADMISSION_TESTS, "the_ticket_of_another_connection_does_not_admit"),
    ),
    step(
        "spent-ticket-is-forgotten",
        &[Edit {
            file: HOST_ADMISSION,
            from: "        self.spent.add(expected.ticket, why);\n",
            to: "        let _ = why;\n",
        }],
        ENGINE,
        (ADMISSION_TESTS, "an_announced_ticket_admits_once"),
    ),
    step(
        "ticket-is-good-for-ever",
        &[Edit {
            file: HOST_ADMISSION,
            from: "filter(|(_, expected)| expected.deadline_ms <= now_ms)",
            to: "filter(|(_, expected)| expected.deadline_ms <= now_ms && false)",
        }],
        ENGINE,
        (ADMISSION_TESTS, "the_deadline_decides_and_names_who_never_came"),
    ),
    step(
        "arrival-keeps-the-timer",
        &[Edit {
            file: SERVER_LOCKS,
            from: "SET lock_deadline_ms = NULL WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 \\\n             AND EXISTS",
            to: "SET lock_deadline_ms = lock_deadline_ms WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 \\\n             AND EXISTS",
        }],
        SIDECAR,
        (TIMER_TESTS, "entering_cancels_the_timer_and_so_does_a_save"),
    ),
    step(
        "save-keeps-the-timer",
        &[Edit {
            file: "sidecar/src/store/locks/saves.rs",
            from: "THEN NULL ELSE lock_deadline_ms END",
            to: "THEN lock_deadline_ms ELSE lock_deadline_ms END",
        }],
        SIDECAR,
        (TIMER_TESTS, "entering_cancels_the_timer_and_so_does_a_save"),
    ),
    // Being logged in, and leaving.
    step(
        "nobody-is-listed-by-its-socket",
        &[Edit {
            file: "sidecar/src/store/online.rs",
            from: "(c.id IS NOT NULL OR a.lock_owner LIKE 'gateway:%')",
            to: "c.id IS NOT NULL",
        }],
        SIDECAR,
        ("sidecar/src/service/online.rs", "whoever_is_connected_or_in_the_world_is_listed_until_it_leaves"),
    ),
    step(
        "removed-entry-comes-back",
        &[Edit {
            file: "sidecar/src/directory/sessions/in_process.rs",
            from: "self.entries().insert(user.to_owned(), (None, self.end_ms()));",
            to: "self.entries().remove(user);",
        }],
        SIDECAR,
        (LEAVE_TESTS, "an_entry_that_an_operator_removed_stays_away"),
    ),
    step(
        "everybody-begins-on-the-first-map",
        &[Edit {
            file: ENTER,
            from: "            Some(map) => map,\n",
            to: "            Some(_) => self.characters.first_map().await?,\n",
        }],
        SIDECAR,
        (ENTER_TESTS, "entering_again_begins_where_the_character_was"),
    ),
    step(
        "fullest-channel-first",
        &[Edit {
            file: "sidecar/src/service/world/choice.rs",
            from: "(target.server.players_in(wish.map, target.channel), ",
            to: "(0_u32.saturating_sub(target.server.players_in(wish.map, target.channel)), ",
        }],
        SIDECAR,
        ("sidecar/src/service/world/choice.rs", "the_least_loaded_channel_comes_first"),
    ),
    step(
        "last-save-without-its-release",
        &[Edit {
            file: "sidecar/src/store/locks/sql.rs",
            from: "let changed = change(&mut transaction, save.character, &from, &to, now_ms).await?;",
            to: "let changed = { let _ = (&from, now_ms); true };",
        }],
        SIDECAR,
        ("sidecar/src/store/locks/tests.rs", "a_last_save_and_the_release_are_one"),
    ),
    step(
        "log-out-ends-every-log-in",
        &[Edit {
            file: DISPLACE,
            from: ".is_some_and(|other| other != log_in) {",
            to: ".is_some_and(|other| other != log_in) && false {",
        }],
        SIDECAR,
        (LEAVE_TESTS, "a_log_out_over_http_ends_its_own_log_in_only"),
    ),
    step(
        "journey-under-the-old-epoch",
        &[Edit {
            file: CHARACTER_LOCK,
            from: "if server == owner => {\n                grown(Gateway(gateway.clone()), within(timers.passage))",
            to: "if server == owner => {\n                kept(Gateway(gateway.clone()), within(timers.passage))",
        }],
        SIDECAR,
        (TRAVEL_TESTS, "a_portal_leads_to_another_map_server"),
    ),
    step(
        "failed-journey-under-the-old-epoch",
        &[Edit {
            file: CHARACTER_LOCK,
            from: "(LockStep::TravelFailed { server }, Gateway(_)) => grown(",
            to: "(LockStep::TravelFailed { server }, Gateway(_)) => kept(",
        }],
        SIDECAR,
        (TRAVEL_TESTS, "a_journey_that_fails_gives_the_character_back"),
    ),
    step(
        "late-tickets-are-good",
        &[Edit {
            file: HOST_ADMISSION,
            from: "        if now_ms >= expected.deadline_ms {",
            to: "        if false && now_ms >= expected.deadline_ms {",
        }],
        ENGINE,
        (ADMISSION_TESTS, "the_deadline_decides_and_names_who_never_came"),
    ),
    step(
        "pulling-the-plug-ends-a-fight",
        &[Edit {
            file: "game/src/spawn/linger.rs",
            from: "if fighting { rules.linger_combat_ms }",
            to: "if fighting { rules.linger_ms }",
        }],
        Build::Test("world"),
        ("game/tests/world/death.rs", "nobody_escapes_a_fight_by_pulling_the_plug"),
    ),
    step(
        "logging-out-ends-a-fight",
        &[Edit {
            file: "game/src/session/hold.rs",
            from: "fighters.get(player).ok(), &clock, &data) else {",
            to: "fighters.get(player).ok().filter(|_| false), &clock, &data) else {",
        }],
        Build::Test("world"),
        ("game/tests/world/leaving.rs", "nobody_escapes_a_fight_by_logging_out"),
    ),
    step(
        "attributes-without-bound",
        &[Edit {
            file: "engine/src/map/check/size.rs",
            from: "if tag.attributes > MAX_ATTRIBUTES {",
            to: "if false && tag.attributes > MAX_ATTRIBUTES {",
        }],
        Build::Test("broken_maps"),
        ("engine/tests/broken_maps.rs", "xml_that_is_too_much_is_refused_before_it_is_parsed"),
    ),
];
