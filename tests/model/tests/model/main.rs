//! The lock machine and the flows around it, in every order of events: two gateways, two map servers, a player who logs
//! in twice. The database is the real `realmgate_sidecar::lock`; the rest are small actors with the flows of
//! `service::world` and of the map link. `docs/model.md` says what is modelled and how large it is.

#![expect(clippy::print_stdout, reason = "how much was looked at is part of what a search says")]

mod clock;
mod faults;
mod gateway;
mod inbound;
mod machine;
mod map_server;
mod network;
mod properties;
mod rows;
mod servers;
mod state;
mod unseen;
mod walk;

use machine::{Faults, Machine, Reached, Rules, Seen};
use state::Wishes;
use stateright::{Checker, HasDiscoveries, Model};

const NONE: Faults = Faults {
    map_crash: false,
    gateway_crash: false,
    cut: false,
    lost: false,
    repeated: false,
    reordered: false,
    copied: false,
};
const EVERY: Faults = Faults {
    map_crash: true,
    gateway_crash: true,
    cut: true,
    lost: true,
    repeated: true,
    reordered: true,
    copied: true,
};
/// One at a time.
const KINDS: [(&str, Faults); 7] = [
    ("no fault", NONE),
    ("a map server crashes and comes back", Faults { map_crash: true, ..NONE }),
    ("a replica crashes and comes back", Faults { gateway_crash: true, ..NONE }),
    ("a link breaks", Faults { cut: true, ..NONE }),
    ("a message is lost", Faults { lost: true, ..NONE }),
    ("a message is repeated", Faults { repeated: true, ..NONE }),
    ("a message overtakes others", Faults { reordered: true, ..NONE }),
];

/// What a second log-in leads to: it gets the account, in peace or not, and comes into the world, where the older one was
/// saved.
const SECOND: [Reached; 5] =
    [Reached::AccountFenced, Reached::Socket, Reached::Fenced, Reached::Saved, Reached::Entered];

/// One account with one character, and one fault.
fn small(faults: Faults, log_ins: u8) -> Machine {
    Machine {
        accounts: 1,
        characters_each: 1,
        is_online: false,
        log_ins,
        refreshes: false,
        wishes: Wishes::Many,
        keys: 0,
        saves: 0,
        epochs: (2, 2),
        faults: (faults, 1),
        rules: Rules::default(),
        seen: Seen::default(),
    }
}

/// A player is online and logs in again at either gateway: what becomes of the older one, with so many other things that
/// they want, as many changes of hands as that takes, and one fault.
fn again(faults: Faults, wishes: u8) -> Machine {
    Machine { is_online: true, wishes: Wishes::Left(wishes), epochs: (3, 3), ..small(faults, 2) }
}

/// Whether it ends processes, after which there is most to look at.
fn is_deadly(faults: Faults) -> bool {
    faults.map_crash || faults.gateway_crash
}

/// How many events a character has in searches beside this fault, and what they lead to. The deaths of a replica leave the
/// most open: with an event they take longer than all else together.
fn events(faults: Faults) -> (usize, &'static [Reached]) {
    if faults.gateway_crash { (0, &[]) } else { (1, &[Reached::Committed]) }
}

/// Worlds for random walks: as many of everything as there is room for.
fn large(accounts: u8, rules: Rules) -> Machine {
    Machine {
        accounts,
        characters_each: accounts,
        keys: 6,
        saves: 3,
        epochs: (50, 60),
        refreshes: true,
        faults: (EVERY, 200),
        rules,
        ..small(EVERY, 6)
    }
}

/// Looks at every state, and prints how many there are. Depth first, since that remembers least. A search that comes across
/// none of what it is about shows nothing.
fn search(name: &str, machine: Machine, about: &[Reached]) {
    let begun = now();
    let checker = machine.checker().threads(2).spawn_dfs().join();
    let (states, depth, took) = (checker.unique_state_count(), checker.max_depth(), now() - begun);
    println!("{name}: {states} states, {depth} steps deep, in {:.1} s", took.as_secs_f32());
    for property in properties::always() {
        if let Some(path) = checker.discovery(property.name) {
            panic!("{name}: {}: {:#?}", property.name, path.into_actions());
        }
    }
    // Nor does a search for faults of which none happens.
    for what in about.iter().copied().chain(checker.model().faults.0.to_reach()) {
        assert!(checker.model().has_reached(what), "{name}: no path comes to {what:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a search says how long it took")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// The first property that one of these walks breaks.
fn first_broken(machine: &Machine, walks: u64) -> Option<(u64, &'static str, Vec<machine::Action>)> {
    let mut steps = 0;
    for seed in 0..walks {
        let found = walk::walk(machine, seed, 400);
        steps += found.steps;
        if let Some((property, path)) = found.broken {
            return Some((seed, property, path));
        }
    }
    println!("{walks} walks, {steps} steps");
    None
}

#[test]
fn every_order_of_events_with_one_fault_keeps_every_property() {
    for (name, faults) in KINDS {
        let log_ins = if is_deadly(faults) || faults.cut { 1 } else { 2 };
        // Deaths and events together are for the long searches.
        let (keys, committed) = if is_deadly(faults) { (0, &[][..]) } else { events(faults) };
        let about = [&[Reached::Socket, Reached::Entered, Reached::Fenced], committed].concat();
        search(name, Machine { keys, ..small(faults, log_ins) }, &about);
    }
}

#[test]
fn a_second_log_in_with_one_fault_keeps_every_property() {
    for (name, faults) in KINDS.into_iter().filter(|(_, faults)| !is_deadly(*faults)) {
        search(name, again(faults, 2), &SECOND);
    }
}

/// Takes long: `cargo test --workspace --features realmgate-model/long-model --test model -- --nocapture`.
#[cfg(feature = "long-model")]
#[test]
fn a_second_log_in_with_an_event_and_one_fault_keeps_every_property() {
    for (name, faults) in KINDS {
        let wishes = if is_deadly(faults) || faults.cut { 2 } else { 3 };
        let (keys, committed) = events(faults);
        let about = [&SECOND[..], committed].concat();
        search(name, Machine { keys, ..again(faults, wishes) }, &about);
    }
    println!("at most {} MiB of memory", peak_memory_mib());
}

/// The most memory that this process ever had.
#[cfg(feature = "long-model")]
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("it is a number") / 1_024
}

/// Log-ins, refreshes, sockets and replicas alone, without a character that goes anywhere: of those many more.
fn at_the_gateway(faults: Faults, count: u8) -> Machine {
    Machine { refreshes: true, epochs: (0, 6), faults: (faults, count), ..small(faults, 3) }
}

#[test]
fn only_the_newest_log_in_that_is_in_time_comes_to_a_gateway() {
    let copied = Faults { copied: true, ..NONE };
    for (name, faults, count) in [
        ("log-ins", NONE, 0),
        ("log-ins, and a message is lost", Faults { lost: true, ..NONE }, 1),
        ("log-ins, and a cookie is copied", copied, 1),
        ("log-ins, and a cookie is copied while its replica is silent", Faults { gateway_crash: true, ..copied }, 2),
    ] {
        // Second processes are about cookies: a log-in or two are enough for them.
        let (log_ins, epochs) = if faults.copied { (3 - count, (0, 4)) } else { (3, (0, 6)) };
        let machine = Machine { log_ins, epochs, ..at_the_gateway(faults, count) };
        search(name, machine, &[Reached::Socket, Reached::Refused]);
    }
}

#[test]
fn walks_with_every_fault_keep_every_property() {
    let mut missing: Vec<Reached> = SECOND.into_iter().chain([Reached::Committed]).chain(EVERY.to_reach()).collect();
    for accounts in [1, 2] {
        let machine = large(accounts, Rules::default());
        if let Some((seed, property, path)) = first_broken(&machine, 300) {
            panic!("{property}, by walk {seed} with {accounts} accounts: {path:#?}");
        }
        missing.retain(|what| !machine.has_reached(*what));
    }
    assert!(missing.is_empty(), "no walk comes to {missing:?}");
}

/// The properties are sharp: each rule that is left out breaks one.
#[test]
fn without_one_rule_a_property_breaks() {
    let (all, timer) = (Rules::default(), "every lock has a timer that can end it");
    let map_crash = Faults { map_crash: true, ..NONE };
    let gateway_crash = Faults { gateway_crash: true, ..NONE };
    let repeated = Faults { repeated: true, ..NONE };
    let copied = Faults { copied: true, ..NONE };
    for (rules, faults, count, broken) in [
        (Rules { claim_needs_server_lock: false, ..all }, gateway_crash, 1, timer),
        (Rules { arrival_needs_server_lock: false, ..all }, map_crash, 1, timer),
        (Rules { expiry_is_one_transaction: false, ..all }, gateway_crash, 2, timer),
        (Rules { keys_are_looked_up: false, ..all }, repeated, 1, "an event is done once"),
        (Rules { commit_before_confirm: false, ..all }, NONE, 0, "what a player was told is in the store"),
    ] {
        breaks(Machine { rules, keys: 1, faults: (faults, count), ..small(faults, 1) }, broken);
    }
    for (rules, faults, count, broken) in [
        (Rules { session_must_match: false, ..all }, NONE, 0, "no log-in comes before a newer one"),
        (Rules { late_are_refused: false, ..all }, NONE, 0, "no log-in comes when its time is over"),
        (
            Rules { cookies_of_the_living_are_refused: false, ..all },
            copied,
            1,
            "a replica that is heard of keeps its lock",
        ),
        (
            Rules { every_process_has_a_cookie: false, ..all },
            Faults { gateway_crash: true, ..copied },
            2,
            "a replica's lock is one process's",
        ),
    ] {
        breaks(Machine { rules, ..at_the_gateway(faults, count) }, broken);
    }
    for rules in [Rules { enter_needs_account_lock: false, ..all }, Rules { enter_is_one_transaction: false, ..all }] {
        // Of two characters each log-in brings in another one.
        let machine = Machine { rules, characters_each: 2, epochs: (1, 3), faults: (NONE, 0), ..again(NONE, 3) };
        breaks(machine, "an account is in one world at a time");
    }
}

/// Finds the shortest way to break a property.
fn breaks(machine: Machine, broken: &'static str) {
    let rules = machine.rules;
    let checker = machine.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let path = checker.discovery(broken).unwrap_or_else(|| panic!("{rules:?} breaks nothing"));
    println!("{rules:?} breaks: {broken}: {:?}", path.into_actions());
}
