//! A soak of a few seconds: that it looks at the right things, and that nothing is left of players who have gone.

use std::future::pending;
use std::time::Duration;

use realmgate_tests::soak::crowd::Size;
use realmgate_tests::soak::realm::Backend;
use realmgate_tests::soak::report::Report;
use realmgate_tests::soak::run::{Outcome, Plan, run};

#[tokio::test]
async fn players_come_and_go_and_leave_nothing_behind() {
    let size = Size { players: 4, life: Duration::from_secs(2), seed: 1, is_idle: false };
    let plan = Plan { backend: Backend::Embedded, size, line_every: Duration::from_secs(4), lines: 3 };
    let outcome = run(plan, pending(), |_| {}).await.expect("it runs").expect("it needs no service");
    let Outcome { minutes, afterwards, gone, faults } = &outcome;
    assert_eq!(faults, &[""; 0]);
    assert_eq!(minutes.len(), 3);
    let last = &minutes[2];
    let usage = &last.usage[0];
    assert!(usage.resident > 1 << 20 && usage.descriptors > 3 && usage.threads > 1, "{usage:?}");
    assert!(last.ticks > 0 && last.tick_p99_ms > 0.0 && last.series > 100, "{last:?}");
    assert!(gone.entered > 0 && gone.logged_out == gone.entered, "{gone:?}");

    let afterwards = afterwards.as_ref().expect("a look at what is left");
    assert!(afterwards.accounts >= gone.entered, "{afterwards:?}");
    assert_eq!(afterwards.players, 0);
    for table in ["sessions", "expected", "sockets", "tickets", "departures", "batches", "frames", "locks"] {
        assert!(afterwards.tables.contains_key(table), "{table} of {:?}", afterwards.tables);
    }
    let text = Report::of(&plan, &outcome).markdown();
    assert!(text.contains("| all gone | 0 |") && text.contains("Not judged"), "{text}");
}
