//! The sidecar on PostgreSQL.

use std::time::Duration;

use realmgate_tests::backends::{Postgres, Redis, or_skip};
use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::{Account, Home, SidecarProcess, TestDatabase};
use serde_json::Value;

/// All migrations, on a disk that has much to do.
const MIGRATES_WITHIN: Duration = Duration::from_secs(120);

async fn run(url: &str, verb: &str) -> Finished {
    run_with(&[("DATABASE_URL", url)], verb).await
}

async fn run_with(settings: &[(&str, &str)], verb: &str) -> Finished {
    let home = Home::new();
    let mut sidecar = command(&binaries().sidecar);
    sidecar.arg(verb).env("DATA_DIR", home.data_dir()).envs(settings.iter().copied());
    sidecar.envs(["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"].map(|listener| (listener, "127.0.0.1:0")));
    Process::start(&home, sidecar).finished_within(MIGRATES_WITHIN).await
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

    sidecar.stop().await;
    database.forget_newest_migration().await;
    for verb in ["serve", "audit"] {
        let refused = run(&url, verb).await;
        assert_eq!(refused.code, Some(2), "tables of an older program: {}", refused.stderr);
        assert!(refused.stderr.contains("sidecar migrate"), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn the_password_is_not_told_when_the_database_is_away() {
    for verb in ["serve", "migrate", "audit"] {
        let failed = run("postgres://ann:hunter2@127.0.0.1:1/realm", verb).await;
        assert_eq!(failed.code, Some(1), "{}", failed.stderr);
        assert!(failed.stderr.contains("realm on PostgreSQL at 127.0.0.1:1"), "{}", failed.stderr);
        assert!(!(failed.stdout + &failed.stderr).contains("hunter2"));
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_told() {
    let Some(postgres) = or_skip(Postgres::start().await) else { return };
    postgres.create_database("realm").await;
    postgres.add_user("keeper", "correct-horse").await;
    let url = |user: &str, password: &str| format!("postgres://{user}:{password}@127.0.0.1:{}/realm", postgres.port());
    for verb in ["serve", "migrate", "audit"] {
        let refused = run(&url("keeper", "hunter2"), verb).await;
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains("password authentication failed for user \"keeper\""), "{}", refused.stderr);
        assert!(refused.stderr.contains("realm on PostgreSQL at 127.0.0.1:"), "{}", refused.stderr);
        assert!(!(refused.stdout + &refused.stderr).contains("hunter2"));
    }
    let nobody = run(&url("stranger", "hunter2"), "migrate").await;
    assert_eq!(nobody.code, Some(1), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("role \"stranger\" does not exist"), "{}", nobody.stderr);
    let welcome = run(&url("keeper", "correct-horse"), "migrate").await;
    assert_eq!(welcome.code, Some(0), "the right password opens it: {}", welcome.stderr);
}

#[tokio::test]
async fn a_wrong_password_for_redis_is_refused_and_not_told() {
    let Some(redis) = or_skip(Redis::start().await) else { return };
    redis.ask_for_password("correct-horse").await;
    let url = |credentials: &str| format!("redis://{credentials}127.0.0.1:{}", redis.port());
    for credentials in [":hunter2@", ""] {
        let refused = run_with(&[("REDIS_URL", &url(credentials))], "serve").await;
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains("REDIS_URL: "), "{}", refused.stderr);
        assert!(!(refused.stdout + &refused.stderr).contains("hunter2"));
    }
    let redis_url = url(":correct-horse@");
    let welcome = SidecarProcess::start_in(&Home::new(), &[("REDIS_URL", redis_url.as_str())]).await;
    Account::register(&welcome.api()).await;
}
