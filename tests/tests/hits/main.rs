//! Whether the attacker's screen and the server agree on who was hit, on bad lines, in simulated time.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod lab;

use realmgate_tests::conditioner::Profile;

use lab::{Agreement, Carrier, Lab, Tells};

/// How long a fighter sweeps on each line: 400 times.
const SECONDS: u32 = 250;

fn agreement(line: &str, carrier: Carrier, tells: Tells) -> Agreement {
    let conditions = Profile::named(line).unwrap().conditions;
    let agreement = Lab::new(conditions, carrier, tells).sweep_for(SECONDS);
    assert!(agreement.swept > 350, "{line}: {agreement:?}");
    let hits = f64::from(agreement.hits) / f64::from(agreement.swept);
    assert!((0.2..0.8).contains(&hits), "{line}: hits and misses are compared: {agreement:?}");
    agreement
}

#[test]
fn screen_and_server_agree_on_99_of_100_sweeps_up_to_a_line_of_100_ms() {
    let (datagrams, stream) = (Carrier::Datagrams, Carrier::Stream);
    let lines =
        [("lan", datagrams, 0.99), ("100ms", datagrams, 0.99), ("100ms", stream, 0.99), ("200ms", datagrams, 0.98)];
    for (line, carrier, least) in lines {
        let agreement = agreement(line, carrier, Tells::WhatItSaw);
        assert!(agreement.share() >= least, "{line}, {carrier:?}: {agreement:?}");
    }
}

#[test]
fn by_the_present_they_would_agree_on_fewer() {
    let agreement = agreement("100ms", Carrier::Datagrams, Tells::Nothing);
    assert!(agreement.share() < 0.95, "it would not be worth it: {agreement:?}");
}

realmgate_services::reaper!();
