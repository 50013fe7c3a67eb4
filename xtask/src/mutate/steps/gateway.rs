//! Steps of a player at the gateway, what the source is without each, and the test that guards it.

use super::{SIDECAR, step};
use crate::mutate::edit::Edit;
use crate::mutate::{Build, Mutation};

const ACCOUNT_LOCKS: &str = "sidecar/src/store/locks/account.rs";
const ENTER: &str = "sidecar/src/service/world/enter.rs";
const ADMISSION: &str = "sidecar/src/service/world/admission.rs";
const ENTER_TESTS: &str = "sidecar/src/service/world/tests/enter.rs";
const REPLACE_TESTS: &str = "sidecar/src/service/world/tests/replace.rs";
const TURNS: &str = "sidecar/src/service/passwords/turns.rs";
const TRAVEL_TESTS: &str = "sidecar/src/service/world/tests/travel.rs";

/// In the order of the document.
pub const STEPS: &[Mutation] = &[
    step(
        "ended-log-in-is-good",
        &[Edit {
            file: "sidecar/src/store/sessions.rs",
            from: "WHERE s.id = $1 AND s.ended_at_ms IS NULL",
            to: "WHERE s.id = $1",
        }],
        Build::Test("api"),
        ("sidecar/tests/api/auth/logout.rs", "a_logout_ends_its_own_log_in_alone"),
    ),
    step(
        "expired-token-is-good",
        &[Edit {
            file: "sidecar/src/service/tokens.rs",
            from: "(now_ms / 1_000 < claims.exp).then_some(claims)",
            to: "(now_ms / 1_000 < claims.exp || true).then_some(claims)",
        }],
        SIDECAR,
        ("sidecar/src/gateway/tests.rs", "a_bad_token_is_told_after_the_handshake"),
    ),
    step(
        "account-without-the-replicas-lock",
        &[Edit {
            file: ACCOUNT_LOCKS,
            from: "owns_server_lock(&mut transaction, key, cookie).await?\n                && change_account",
            to: "(owns_server_lock(&mut transaction, key, cookie).await? || true)\n                && change_account",
        }],
        SIDECAR,
        ("sidecar/src/store/locks/tests/accounts.rs", "an_account_is_taken_under_the_lock_of_the_replica"),
    ),
    step(
        "older-socket-stays",
        &[Edit {
            file: "sidecar/src/gateway/sockets.rs",
            from: "            let _ = older.close.send(CloseReason::Replaced);\n",
            to: "            std::mem::forget(older);\n",
        }],
        SIDECAR,
        (REPLACE_TESTS, "the_older_player_is_saved_and_makes_way"),
    ),
    step(
        "nobody-is-woken",
        &[Edit {
            file: "sidecar/src/service/world/departures.rs",
            from: "        self.here.departed(character);\n",
            to: "",
        }],
        SIDECAR,
        (REPLACE_TESTS, "the_older_player_is_saved_and_makes_way"),
    ),
    step(
        "reject-turns-nobody-away",
        &[Edit {
            file: ENTER,
            from: "self.duplicate_login == DuplicateLogin::Reject\n",
            to: "false && self.duplicate_login == DuplicateLogin::Reject\n",
        }],
        SIDECAR,
        (REPLACE_TESTS, "with_reject_the_newer_one_is_turned_away"),
    ),
    step(
        "journey-is-not-called-off",
        &[Edit {
            file: ADMISSION,
            from: "self.time.now_ms()).await? {\n            self.call_off(&target.server.id, character, held.epoch);\n",
            to: "self.time.now_ms()).await? {\n",
        }],
        SIDECAR,
        (TRAVEL_TESTS, "a_log_in_during_a_journey_wins"),
    ),
    step(
        "several-characters-enter",
        &[Edit {
            file: ACCOUNT_LOCKS,
            from: "held && !has_other(&mut transaction, entering).await?",
            to: "held && (true || has_other(&mut transaction, entering).await?)",
        }],
        SIDECAR,
        ("sidecar/src/store/locks/tests/accounts.rs", "one_character_of_an_account_comes_in"),
    ),
    step(
        "anybody-changes-account-data",
        &[Edit {
            file: ACCOUNT_LOCKS,
            from: "is_some_and(|lock| lock.admits(session))",
            to: "is_some_and(|lock| lock.admits(session) || true)",
        }],
        SIDECAR,
        ("sidecar/src/service/world/tests/account.rs", "account_data_is_changed_by_who_holds_the_account_alone"),
    ),
    step(
        "anybodys-character-enters",
        &[Edit {
            file: ENTER,
            from: "if found.account != entry.account {",
            to: "if false && found.account != entry.account {",
        }],
        SIDECAR,
        (ENTER_TESTS, "somebody_elses_character_and_nobodys_are_refused"),
    ),
    step(
        "second-entry-is-heard",
        &[Edit {
            file: "sidecar/src/gateway/socket.rs",
            from: "if self.entering.is_some() {",
            to: "if false && self.entering.is_some() {",
        }],
        SIDECAR,
        (ENTER_TESTS, "a_second_enter_world_before_the_first_is_answered_ends_the_socket"),
    ),
    step(
        "failed-entry-keeps-its-lock",
        &[Edit {
            file: ENTER,
            from: "            self.locks.change(entry.character, lock, &free, self.time.now_ms()).await?;\n",
            to: "            drop(free);\n",
        }],
        SIDECAR,
        (ENTER_TESTS, "a_second_enter_world_before_the_first_is_answered_ends_the_socket"),
    ),
    step(
        "refusal-of-the-map-server-is-not-heard",
        &[Edit {
            file: ADMISSION,
            from: "                return Err(error_of(failure).into());\n",
            to: "                let _ = error_of(failure);\n                None\n",
        }],
        SIDECAR,
        (ENTER_TESTS, "each_refusal_of_the_map_server_has_its_code_and_frees_the_lock"),
    ),
    step(
        "waits-for-ever-for-a-map-server",
        &[Edit {
            file: "sidecar/src/link/links.rs",
            from: "PREPARE_DEADLINE: Duration = Duration::from_secs(3);",
            to: "PREPARE_DEADLINE: Duration = Duration::from_secs(300);",
        }],
        SIDECAR,
        (ENTER_TESTS, "a_map_server_that_does_not_answer_is_unreachable"),
    ),
    step(
        "any-password-fits",
        &[Edit {
            file: "sidecar/src/service/passwords/threads.rs",
            from: "        hasher.verify(password, stored)?\n    };",
            to: "        hasher.verify(password, stored)? || true\n    };",
        }],
        Build::Test("api"),
        ("sidecar/tests/api/auth/login.rs", "wrong_and_unknown_are_the_same"),
    ),
    step(
        "an-account-fills-the-queue",
        &[Edit { file: TURNS, from: "const MOST_OF_ACCOUNT: usize = 2;", to: "const MOST_OF_ACCOUNT: usize = 200;" }],
        Build::Test("api"),
        ("sidecar/tests/api/auth/login.rs", "one_account_that_asks_too_often_at_once_is_told_so"),
    ),
    step(
        "ipv6-addresses-are-people",
        &[Edit {
            file: "sidecar/src/service/limits/source.rs",
            from: "[network(0), network(d & 0xff00), self.0]",
            to: "{ let _ = (network(0), d); [self.0; 3] }",
        }],
        Build::Test("api"),
        ("sidecar/tests/api/auth/crowd.rs", "many_ipv6_networks_of_one_customer_starve_nobody_elsewhere"),
    ),
    step(
        "strangers-delete-characters",
        &[Edit {
            file: "sidecar/src/service/characters.rs",
            from: "        self.own(caller, id).await?;\n        let (store, grace)",
            to: "        let (store, grace)",
        }],
        Build::Test("api"),
        ("sidecar/tests/api/characters/delete.rs", "only_its_owner_may"),
    ),
    step(
        "characters-in-the-world-are-deleted",
        &[Edit {
            file: "sidecar/src/store/characters/change.rs",
            from: "deletes_at_ms = COALESCE(deletes_at_ms, $3) \\\n    WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL AND lock_owner = 'none'\";",
            to: "deletes_at_ms = COALESCE(deletes_at_ms, $3) \\\n    WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL\";",
        }],
        Build::Test("api"),
        ("sidecar/tests/api/characters/delete.rs", "not_while_it_is_in_the_world"),
    ),
    step(
        "goodbyes-have-no-code",
        &[Edit {
            file: "sidecar/src/gateway/farewell.rs",
            from: "Self { code: REPLACED, reason",
            to: "Self { code: close_code::NORMAL, reason",
        }],
        SIDECAR,
        ("sidecar/src/gateway/tests.rs", "a_token_is_taken_from_query_header_and_subprotocol"),
    ),
    step(
        "a-body-that-lingers-is-not-waited-for",
        &[Edit {
            file: "sidecar/src/service/world/displace.rs",
            from: "                until = (Instant::now() + longest).min(began + most) + wait;\n",
            to: "",
        }],
        SIDECAR,
        ("sidecar/src/service/world/displace.rs", "a_body_that_lingers_is_waited_for_and_no_longer_than_it_may"),
    ),
];
