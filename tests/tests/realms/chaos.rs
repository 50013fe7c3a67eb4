//! A realm under faults: a short set of what `cargo xtask chaos` does at length.

use std::path::Path;
use std::time::Duration;

use realmgate_tests::account::jwt_parts;
use realmgate_tests::backends::or_skip;
use realmgate_tests::binaries::workspace;
use realmgate_tests::chaos::{Fault, Hop, Parts, Plan, Schedule, Trouble, run};
use realmgate_tests::netcode::unix_now;
use realmgate_tests::{Account, Home, SidecarProcess};

const BOTS: u32 = 12;
/// How soon they must be back. Other tests keep this machine busy: `cargo xtask chaos` demands 10 s.
const BACK_WITHIN: Duration = Duration::from_secs(90);

/// Plays through these faults; nothing may be left of them.
async fn survives(seed: u64, faults: &[Fault], parts: Parts) {
    let keep_in = Path::new(workspace()).join("target/chaos");
    let plan = Plan {
        schedule: Schedule::of(seed, faults),
        parts,
        bots: BOTS,
        back_within: BACK_WITHIN,
        at_most: None,
        keep_in,
        verbose: true,
    };
    let Some(verdict) = or_skip(run::run(plan).await) else { return };
    assert!(verdict.faults.is_empty(), "{verdict:#?}");
    assert_eq!(verdict.struck.iter().map(|struck| struck.fault).collect::<Vec<_>>(), faults, "each has struck");
    assert!(verdict.told > BOTS as usize, "the bots have done something: {verdict:#?}");
}

#[tokio::test]
async fn one_sidecar_on_sqlite_survives() {
    let parts = Parts { postgres: false, small_disk: false, redis: false, replicas: 1 };
    let faults = [
        Fault::KillMap,
        Fault::KillReplica,
        Fault::Hop(Hop::MapToSidecar, Trouble::Cut),
        Fault::Hop(Hop::MapToSidecar, Trouble::Late),
        Fault::Hop(Hop::MapToSidecar, Trouble::HalfOpen),
    ];
    survives(1, &faults, parts).await;
}

#[tokio::test]
async fn two_replicas_on_postgres_and_redis_survive() {
    let parts = Parts { postgres: true, small_disk: false, redis: true, replicas: 2 };
    let faults = [
        Fault::KillBoth,
        Fault::EmptyRedis,
        Fault::KillPostgres,
        Fault::Hop(Hop::SidecarToPostgres, Trouble::HalfOpen),
        Fault::SameAccountTwice,
        Fault::TicketFromTwo,
    ];
    survives(2, &faults, parts).await;
}

#[tokio::test]
async fn a_process_under_chaos_can_be_set_to_another_time() {
    let home = Home::new();
    let file = home.path("clock");
    std::fs::write(&file, "60000").expect("the home is there");
    let clock = file.to_string_lossy().into_owned();
    let sidecar = SidecarProcess::start_in(&home, &[("REALMGATE_CHAOS_CLOCK", &clock)]).await;
    let now_s = || i64::try_from(unix_now().as_secs()).expect("a time");
    // Registering may take its time; the token is dated somewhere between.
    let is_off_by = async |seconds: i64| {
        let before = now_s();
        let token = Account::register(&sidecar.api()).await.access_token;
        let dated = jwt_parts(&token).1["iat"].as_i64().expect("a time") - seconds;
        assert!((before - 1..=now_s() + 1).contains(&dated), "{seconds} s off: {dated}, and it was {before}");
    };
    is_off_by(60).await;
    std::fs::write(&file, "-60000").expect("the home is there");
    is_off_by(-60).await;
}
