//! The load itself, on a real server: what it measures must be so.

use std::time::Duration;

use realmgate_tests::binaries::binaries;
use realmgate_tests::load::figures::Figures;
use realmgate_tests::load::round::Round;
use realmgate_tests::load::scene::Scenario;
use realmgate_tests::load::server::Program;

const PLAYERS: usize = 20;

fn round(scenario: Scenario) -> Round {
    let program = Program { path: binaries().start_server.clone(), core: None };
    // Two or three kills a second are due in a fight: in too short a one there may be none.
    let seconds = if scenario == Scenario::Fight { 8 } else { 2 };
    let (settle, lasts) = (Duration::from_millis(500), Duration::from_secs(seconds));
    Round { settle, lasts, ..Round::new(program, scenario, PLAYERS) }
}

fn run(round: Round) -> Figures {
    round.run().unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn twenty_players_walk_in_a_crowd_and_are_counted() {
    let figures = run(round(Scenario::Crowd));
    assert_eq!((figures.joined, figures.dropped, figures.faults), (20, 0, 0), "{figures:?}");
    assert_eq!(figures.without_own, 0, "every snapshot leaves a player knowing where it is");
    assert!((18.5..=19.5).contains(&figures.in_view), "everybody sees the other 19: {}", figures.in_view);
    assert!(figures.inputs_applied > 0.5, "inputs are applied: {}", figures.inputs_applied);
    assert!(figures.shown_nowhere < 0.05, "what is shown was true at some time: {}", figures.shown_nowhere);
    assert!(figures.age_near.p50 <= 4, "what is shown is fresh: {:?}", figures.age_near);
    let (update, moving) = (figures.bytes_per_update, figures.bytes_per_moving_update);
    assert!(update > 0.0 && moving < 2.0 * update, "all walk: {moving} bytes a move, {update} an update");
    assert!(moving > 0.0, "somebody moves: {figures:?}");
    assert!(figures.cpu_us > 0.0 && figures.tick_p50_ms > 0.0, "the server works: {figures:?}");
    let down = figures.down_datagrams * (figures.down_datagram_bytes + 28.0) * 20.0;
    assert!((down / figures.down_bytes_per_s - 1.0).abs() < 0.05, "bytes add up: {down} and {figures:?}");
}

#[test]
fn ten_players_over_renet_are_shown_what_ten_of_ours_are() {
    let figures = run(Round { renet: PLAYERS / 2, ..round(Scenario::Crowd) });
    assert_eq!(figures.wrong(), None, "{figures:?}");
    for seen in [figures.own_framing, figures.renet_framing] {
        assert_eq!(seen.players, 10);
        assert!(seen.snapshots > 0.9, "a snapshot each tick: {figures:?}");
        assert!((18.5..=19.5).contains(&seen.in_view), "everybody sees the other 19: {}", seen.in_view);
        assert!(seen.age_near.p50 <= 4, "what is shown is fresh: {:?}", seen.age_near);
    }
    assert!(figures.snapshots_missing < 0.01, "{} of the snapshots are missing", figures.snapshots_missing);
}

#[test]
fn hostile_packets_over_renet_harm_nobody() {
    let figures = run(Round { renet: PLAYERS / 2, hostile: true, ..round(Scenario::Crowd) });
    assert!(figures.refused > 100, "their packets are refused: {figures:?}");
    assert_eq!(figures.wrong(), None, "too few are a breach to cut them off: {figures:?}");
    assert!(figures.own_framing.snapshots > 0.9 && figures.snapshots_missing < 0.01, "{figures:?}");
    assert!(figures.own_framing.age_near.p50 <= 4, "what is shown is fresh: {figures:?}");
}

#[test]
fn twenty_players_fight_and_what_they_win_is_committed() {
    let figures = run(round(Scenario::Fight));
    assert_eq!(figures.wrong(), None, "{figures:?}");
    assert!(figures.events > 0, "something was won: {figures:?}");
    assert!(figures.won > 0, "the server has heard that it is committed, and says so to players: {figures:?}");
}

#[test]
fn a_player_who_floods_is_cut_off_and_nobody_suffers() {
    let figures = run(Round { flooder_per_s: 4_000, ..round(Scenario::Crowd) });
    let sent = figures.up_bytes_per_s / (figures.up_datagram_bytes + 28.0) * PLAYERS as f64;
    assert!(sent > 2_000.0, "it floods: {sent} datagrams a second");
    // It may send 300 a second.
    let refused = figures.over_budget as f64 / figures.seconds;
    assert!(refused > sent / 2.0, "{refused} of {sent} a second are refused");
    assert_eq!(figures.wrong(), None, "{figures:?}");
    assert!(figures.snapshots_missing < 0.01, "{} of the snapshots are missing", figures.snapshots_missing);
}

realmgate_services::reaper!();
