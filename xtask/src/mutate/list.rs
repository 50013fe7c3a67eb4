//! The rules that hold the locks together, what the source is without each, and the test that guards it.

use super::edit::Edit;
use super::{Build, Guard, Mutation};

/// The unit tests of the sidecar.
const SIDECAR: Build = Build::Lib("realmgate_sidecar");

const LEDGER: &str = "sidecar/src/store/ledger/sql.rs";
const LOCKS: &str = "sidecar/src/store/locks/sql.rs";
const DUE: &str = "sidecar/src/store/locks/due.rs";
const SERVER_LOCKS: &str = "sidecar/src/store/locks/server.rs";
const ACCOUNT_LOCKS: &str = "sidecar/src/store/locks/account.rs";
const ACCOUNT_LOCK: &str = "sidecar/src/lock/account.rs";
const STAY: &str = "sidecar/src/service/world/stay.rs";

const LEDGER_TESTS: &str = "sidecar/src/store/ledger/tests.rs";
const LOCK_TESTS: &str = "sidecar/src/store/locks/tests.rs";
const EXPIRY_TESTS: &str = "sidecar/src/store/locks/tests/expiry.rs";
const ACCOUNT_TESTS: &str = "sidecar/src/service/world/tests/account.rs";
const REPLICA_TESTS: &str = "sidecar/src/service/world/tests/replica.rs";

/// Every rule that is left out in turn.
pub const MUTATIONS: [Mutation; 24] = [
    Mutation {
        name: "no-epoch-check",
        edits: &[Edit {
            file: "sidecar/src/lock/character.rs",
            from: "self.epoch == epoch && self.owner.map_server() == Some(server)",
            to: "{ let _ = epoch; self.owner.map_server() == Some(server) }",
        }],
        guard: Guard { build: SIDECAR, test: "only_characters_with_a_fence_are_changed", file: LEDGER_TESTS },
    },
    Mutation {
        name: "no-epoch-check-in-saves",
        edits: &[Edit {
            file: "sidecar/src/store/locks/saves.rs",
            from: "AND characters.lock_owner = saved.owner AND characters.lock_epoch = saved.epoch",
            to: "AND characters.lock_owner = saved.owner",
        }],
        guard: Guard { build: SIDECAR, test: "a_last_save_and_the_release_are_one", file: LOCK_TESTS },
    },
    Mutation {
        name: "no-cookie-check",
        edits: &[Edit {
            file: "sidecar/src/service/world/servers.rs",
            from: "known.lock.cookie == CookieHash::of(cookie)",
            to: "{ let _ = (known, cookie); true }",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_link_that_does_not_fit_is_refused",
            file: "sidecar/src/service/world/tests/links.rs",
        },
    },
    Mutation {
        name: "no-cookie-check-at-registration",
        edits: &[Edit {
            file: "sidecar/src/lock/server.rs",
            from: "if shown == Some(&lock.cookie) {",
            to: "if shown.is_some() {",
        }],
        guard: Guard { build: SIDECAR, test: "a_live_id_is_not_for_others", file: "sidecar/src/lock/server.rs" },
    },
    Mutation {
        name: "no-cookie-check-at-reclaim",
        edits: &[Edit {
            file: SERVER_LOCKS,
            from: "SELECT 1 FROM server_locks WHERE id = $1 AND cookie_hash = $2",
            to: "SELECT 1 FROM server_locks WHERE id = $1 AND cookie_hash <> $2 || '-'",
        }],
        guard: Guard { build: SIDECAR, test: "only_the_process_of_the_cookie_stops_timers", file: EXPIRY_TESTS },
    },
    Mutation {
        name: "no-transaction",
        edits: &[
            Edit { file: LEDGER, from: "store.begin_write(\"commit_events\")", to: "store.write(\"commit_events\")" },
            Edit {
                file: LEDGER,
                from: "entries::forget(&mut transaction, batch.undone).await?;\n    transaction.commit().await?;",
                to: "entries::forget(&mut transaction, batch.undone).await?;",
            },
        ],
        guard: Guard { build: SIDECAR, test: "a_batch_that_fails_half_way_leaves_nothing", file: LEDGER_TESTS },
    },
    Mutation {
        name: "no-transaction-at-expiry",
        edits: &[
            Edit {
                file: SERVER_LOCKS,
                from: "self.0.begin_write(\"retire_server\")",
                to: "self.0.write(\"retire_server\")",
            },
            Edit {
                file: SERVER_LOCKS,
                from: "            transaction.commit().await?;\n            Ok(Some(retired))",
                to: "            Ok(Some(retired))",
            },
        ],
        guard: Guard { build: SIDECAR, test: "a_server_ends_with_all_it_held_or_not_at_all", file: EXPIRY_TESTS },
    },
    Mutation {
        name: "no-idempotency-key",
        edits: &[Edit {
            file: LEDGER,
            from: "        if !self.undone.contains(&key) {\n            return Ok(());\n        }\n",
            to: "",
        }],
        guard: Guard { build: SIDECAR, test: "a_known_key_is_done_even_under_a_stale_fence", file: LEDGER_TESTS },
    },
    Mutation {
        name: "confirmation-before-commit",
        edits: &[
            Edit {
                file: STAY,
                from: "        let BatchOutcome { outcomes, stale } =",
                to: "        let done = |event: &OwnedEvent| realmgate_protocol::link::EventOutcome { key: event.key, refusal: None };\n        \
                     let _ = link.send(ToMap::Committed { batch, outcomes: events.iter().map(done).collect() });\n        \
                     let BatchOutcome { outcomes, stale } =",
            },
            Edit { file: STAY, from: "        let _ = link.send(ToMap::Committed { batch, outcomes });\n", to: "" },
        ],
        guard: Guard {
            build: SIDECAR,
            test: "what_can_not_be_stored_is_not_answered",
            file: "sidecar/src/service/world/tests/events.rs",
        },
    },
    Mutation {
        name: "player-told-before-commit",
        edits: &[
            Edit {
                file: "game/src/inventory/ledger.rs",
                from: "inventory.hold(*character, &deal.changes);",
                to: "inventory.apply(*character, &deal.changes, &deal.definitions);",
            },
            Edit {
                file: "game/src/inventory/settle.rs",
                from: "    fn apply(&mut self, me",
                to: "    pub(super) fn apply(&mut self, me",
            },
        ],
        guard: Guard {
            build: Build::Test("requests"),
            test: "loot_goes_to_the_bag_when_the_store_says_so",
            file: "game/tests/requests/loot.rs",
        },
    },
    Mutation {
        name: "no-outage-grace",
        edits: &[Edit {
            file: DUE,
            from: "if let Some(until_ms) = until {",
            to: "if let Some(until_ms) = until.filter(|_| false) {",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "after_an_outage_owners_have_a_grace",
            file: "sidecar/src/service/world/tests/timers.rs",
        },
    },
    Mutation {
        name: "late-by-the-clock",
        edits: &[Edit {
            file: "sidecar/src/service/world/servers.rs",
            from: "known.filter(|known| known.lock.cookie",
            to: "known.filter(|known| !known.lock.is_over(self.time.now_ms()) && known.lock.cookie",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "after_an_outage_whoever_comes_back_first_finds_its_locks",
            file: "sidecar/src/service/world/tests/timers.rs",
        },
    },
    Mutation {
        name: "late-renewal-counts",
        edits: &[Edit {
            file: SERVER_LOCKS,
            from: "deadline_ms = CASE WHEN deadline_ms < $4 THEN $4 ELSE deadline_ms END",
            to: "deadline_ms = $4",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_renewal_that_comes_late_brings_no_deadline_forward",
            file: EXPIRY_TESTS,
        },
    },
    Mutation {
        name: "renewed-server-expires",
        edits: &[Edit {
            file: SERVER_LOCKS,
            from: "DELETE FROM server_locks WHERE id = $1 AND cookie_hash = $2 AND deadline_ms <= $3",
            to: "DELETE FROM server_locks WHERE id = $1 AND cookie_hash = $2 AND $3 > 0",
        }],
        guard: Guard { build: SIDECAR, test: "a_server_that_was_heard_of_in_time_is_not_ended", file: EXPIRY_TESTS },
    },
    Mutation {
        name: "renewed-lock-expires",
        edits: &[Edit {
            file: DUE,
            from: "SELECT 1 FROM characters WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND lock_deadline_ms = $4",
            to: "SELECT 1 FROM characters WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND $4 > 0",
        }],
        guard: Guard { build: SIDECAR, test: "a_lock_that_was_renewed_in_time_is_not_ended", file: EXPIRY_TESTS },
    },
    Mutation {
        name: "unconditional-hand-over",
        edits: &[Edit {
            file: LOCKS,
            from: "WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND deleted_at_ms IS NULL",
            to: "WHERE id = $1 AND $2 >= 0 AND $3 <> '' AND deleted_at_ms IS NULL",
        }],
        guard: Guard { build: SIDECAR, test: "a_lock_changes_hands_once", file: LOCK_TESTS },
    },
    Mutation {
        name: "no-account-lock-at-entry",
        edits: &[Edit {
            file: ACCOUNT_LOCKS,
            from: "let alone = held && !has_other",
            to: "let alone = (held || true) && !has_other",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "only_the_log_in_that_holds_the_account_brings_a_character_in",
            file: "sidecar/src/store/locks/tests/entering.rs",
        },
    },
    Mutation {
        name: "any-log-in-comes-to-a-gateway",
        edits: &[Edit {
            file: ACCOUNT_LOCK,
            from: "(AccountStep::Claimed { session, gateway }, LogIn) if self.newest() == Some(*session) => {",
            to: "(AccountStep::Claimed { session, gateway }, LogIn) => {",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_socket_of_an_older_log_in_is_turned_away_and_closes_nobodys",
            file: ACCOUNT_TESTS,
        },
    },
    Mutation {
        name: "late-log-ins-come-to-a-gateway",
        edits: &[Edit {
            file: ACCOUNT_LOCK,
            from: "(AccountStep::Claimed { session, gateway }, LogIn) if self.newest() == Some(*session) => {",
            to: "(AccountStep::Claimed { session, gateway }, LogIn | Nobody) if self.session.is_none_or(|own| own == *session) => {",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_log_in_that_was_not_used_in_time_comes_in_after_a_refresh",
            file: ACCOUNT_TESTS,
        },
    },
    Mutation {
        name: "a-refresh-takes-a-newer-log-ins-place",
        edits: &[Edit {
            file: ACCOUNT_LOCK,
            from: "self.newest().is_none_or(|newest| newest < next.session)",
            to: "self.newest() != Some(next.session)",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_refresh_is_the_log_in_coming_again_and_never_takes_a_newer_ones_place",
            file: ACCOUNT_LOCK,
        },
    },
    Mutation {
        name: "cookies-of-the-living-are-good",
        edits: &[Edit {
            file: "sidecar/src/lock/server.rs",
            from: "Claim::Returned if may_live => Claim::Connected,",
            to: "Claim::Returned if may_live && false => Claim::Connected,",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_second_process_with_a_copied_cookie_is_refused_while_the_first_lives",
            file: REPLICA_TESTS,
        },
    },
    Mutation {
        name: "folders-are-shared",
        edits: &[Edit {
            file: "sidecar/src/own_folder.rs",
            from: "Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),",
            to: "Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(Self { place: place_of(&lock)?, _lock: lock })),",
        }],
        guard: Guard { build: SIDECAR, test: "a_second_process_of_one_folder_is_refused", file: REPLICA_TESTS },
    },
    Mutation {
        name: "ended-log-ins-keep-their-sockets",
        edits: &[Edit {
            file: "sidecar/src/service/accounts.rs",
            from: "drop(self.end_session(account, session));",
            to: "let _ = account;",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_log_in_whose_refresh_token_was_stolen_ends_with_all_that_lives_by_it",
            file: ACCOUNT_TESTS,
        },
    },
    Mutation {
        name: "ended-log-ins-enter",
        edits: &[Edit {
            file: "sidecar/src/service/world/account.rs",
            from: "if self.log_ins.find_live(session).await?.is_none() {",
            to: "if self.log_ins.find_live(session).await?.is_none() && false {",
        }],
        guard: Guard {
            build: SIDECAR,
            test: "a_socket_that_did_not_hear_of_the_end_of_its_log_in_brings_nobody_in",
            file: ACCOUNT_TESTS,
        },
    },
];
