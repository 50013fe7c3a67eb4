//! The lock machine and the flows around it, in every order of events: two gateways, two map servers, a player who logs
//! in twice. The database is the real `realmgate_sidecar::lock`; the rest are small actors with the flows of
//! `service::world` and of the map link. `docs/locks.md` says what is modelled and how large it is.

#![expect(clippy::print_stdout, reason = "how much was looked at is part of what a search says")]

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

use machine::{Faults, Machine, Rules, Seen};
use stateright::{Checker, HasDiscoveries, Model};

const NONE: Faults =
    Faults { map_crash: false, gateway_crash: false, cut: false, lost: false, repeated: false, reordered: false };
const EVERY: Faults =
    Faults { map_crash: true, gateway_crash: true, cut: true, lost: true, repeated: true, reordered: true };
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

/// One account with one character, and one fault.
fn small(faults: Faults, log_ins: u8) -> Machine {
    Machine {
        accounts: 1,
        characters_each: 1,
        log_ins,
        keys: 0,
        saves: 0,
        epochs: (2, 2),
        faults: (faults, 1),
        rules: Rules::default(),
        seen: Seen::default(),
    }
}

/// The same with two log-ins, an event, and more changes of hands.
#[cfg(feature = "long-model")]
fn full(faults: Faults) -> Machine {
    Machine { keys: 1, epochs: (3, 3), ..small(faults, 2) }
}

/// Worlds for random walks: as many of everything as there is room for.
fn large(accounts: u8, rules: Rules) -> Machine {
    Machine {
        accounts,
        characters_each: accounts,
        keys: 6,
        saves: 3,
        epochs: (50, 60),
        faults: (EVERY, 200),
        rules,
        ..small(EVERY, 6)
    }
}

/// Looks at every state, and prints how many there are. Depth first, since that remembers least.
fn search(name: &str, machine: Machine) {
    let checker = machine.checker().threads(2).spawn_dfs().join();
    println!("{name}: {} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    for property in properties::always() {
        if let Some(path) = checker.discovery(property.name) {
            panic!("{name}: {}: {:#?}", property.name, path.into_actions());
        }
    }
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
        let log_ins = if faults.map_crash || faults.gateway_crash || faults.cut { 1 } else { 2 };
        search(name, small(faults, log_ins));
    }
}

/// Takes long: `cargo test --release -p realmgate-tests --features long-model --test model -- --nocapture`.
#[cfg(feature = "long-model")]
#[test]
fn every_order_of_more_events_with_one_fault_keeps_every_property() {
    for (name, faults) in KINDS {
        search(name, full(faults));
    }
}

#[test]
fn walks_with_every_fault_keep_every_property() {
    for accounts in [1, 2] {
        let machine = large(accounts, Rules::default());
        if let Some((seed, property, path)) = first_broken(&machine, 300) {
            panic!("{property}, by walk {seed} with {accounts} accounts: {path:#?}");
        }
    }
}

/// The properties are sharp: each rule that is left out breaks one.
#[test]
fn without_one_rule_a_property_breaks() {
    let (all, timer) = (Rules::default(), "every lock has a timer that can end it");
    let map_crash = Faults { map_crash: true, ..NONE };
    let gateway_crash = Faults { gateway_crash: true, ..NONE };
    let repeated = Faults { repeated: true, ..NONE };
    for (rules, faults, count, broken) in [
        (Rules { claim_needs_server_lock: false, ..all }, gateway_crash, 1, timer),
        (Rules { arrival_needs_server_lock: false, ..all }, map_crash, 1, timer),
        (Rules { expiry_is_one_transaction: false, ..all }, gateway_crash, 2, timer),
        (Rules { keys_are_looked_up: false, ..all }, repeated, 1, "an event is done once"),
        (Rules { commit_before_confirm: false, ..all }, NONE, 0, "what a player was told is in the store"),
    ] {
        let machine = Machine { rules, keys: 1, faults: (faults, count), ..small(faults, 1) };
        let checker = machine.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let path = checker.discovery(broken).unwrap_or_else(|| panic!("{rules:?} breaks nothing"));
        println!("{rules:?} breaks: {broken}: {:?}", path.into_actions());
    }
}
