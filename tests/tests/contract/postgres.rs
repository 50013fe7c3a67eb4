//! The sidecar on PostgreSQL.

use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::{Account, Home, SidecarProcess, TestDatabase};
use serde_json::Value;

async fn run(url: &str, verb: &str) -> Finished {
    let home = Home::new();
    let mut sidecar = command(&binaries().sidecar);
    sidecar.arg(verb).env("DATA_DIR", home.data_dir()).env("DATABASE_URL", url);
    sidecar.envs(["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"].map(|listener| (listener, "127.0.0.1:0")));
    Process::start(&home, sidecar).finished().await
}

#[tokio::test]
async fn serve_wants_tables_that_are_up_to_date() {
    let Some(database) = TestDatabase::create().await else { return };
    let url = database.url();
    for verb in ["serve", "audit"] {
        let refused = run(&url, verb).await;
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains("sidecar migrate"), "{}", refused.stderr);
    }
    let (first, second) = tokio::join!(run(&url, "migrate"), run(&url, "migrate"));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.stderr, second.stderr);

    let sidecar = SidecarProcess::start_in(&Home::new(), &[("DATABASE_URL", &url)]).await;
    Account::register(&sidecar.api()).await;
    let audit = run(&url, "audit").await;
    assert_eq!(audit.code, Some(0), "{}", audit.stderr);
    let report: Value = serde_json::from_str(&audit.stdout).expect("JSON");
    assert_eq!(report["faults"], serde_json::json!([]));
}

#[tokio::test]
async fn the_password_is_not_told_when_the_database_is_away() {
    for verb in ["serve", "migrate", "audit"] {
        let failed = run("postgres://ann:hunter2@127.0.0.1:1/realm", verb).await;
        assert_eq!(failed.code, Some(1), "{}", failed.stderr);
        assert!(failed.stderr.contains("realm on PostgreSQL at 127.0.0.1:1"), "{}", failed.stderr);
        assert!(!failed.stderr.contains("hunter2"), "{}", failed.stderr);
    }
}
