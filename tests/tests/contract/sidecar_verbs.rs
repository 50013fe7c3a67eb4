//! The sidecar's own command line.

use std::net::TcpListener;

use realmgate_services::free_port;
use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::{Account, Api, Database, Gateway, Home, SidecarProcess};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::servers::sidecar;

async fn run(home: &Home, arguments: &[&str]) -> Finished {
    let mut sidecar = command(&binaries().sidecar);
    sidecar.args(arguments).env("DATA_DIR", home.data_dir());
    Process::start(home, sidecar).finished().await
}

#[tokio::test]
async fn openapi_prints_the_document_that_is_served() {
    let printed = run(&Home::new(), &["openapi"]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let printed: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    assert_eq!(printed, sidecar(Backend::Sqlite).await.api().get("/openapi.json").await.json(200));
    let printed = run(&Home::new(), &["openapi", "--community"]).await;
    let printed: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let mut served = sidecar(Backend::Sqlite).await.api().get("/api/openapi").await.json(200);
    // A server names itself.
    served["servers"] = printed["servers"].clone();
    assert_eq!(printed, served);
}

#[tokio::test]
async fn migrate_makes_the_database() {
    let home = Home::new();
    let migrate = async || {
        let migrated = run(&home, &["migrate"]).await;
        assert_eq!(migrated.code, Some(0), "{}", migrated.stderr);
        let database = Database::open(&home).await;
        assert_eq!(database.all_characters().await, [], "the tables are there");
        database.migrations().await
    };
    let made = migrate().await;
    assert_eq!(made.first().map(|(version, _)| *version), Some(1));
    assert_eq!(migrate().await, made, "once more changes nothing");
}

#[tokio::test]
async fn audit_ends_with_1_where_the_books_do_not_balance() {
    let sidecar = SidecarProcess::start(&[]).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let home = sidecar.home.clone();
    sidecar.stop().await;
    let audit = async || {
        let audited = run(&home, &["audit"]).await;
        let report: Value = serde_json::from_str(&audited.stdout).expect("JSON");
        (audited.code, report["faults"].clone())
    };
    assert_eq!(audit().await, (Some(0), json!([])));
    Database::open_for_writing(&home).await.forge_gold(&character.id).await;
    let faults = [
        format!("the balance differs from the ledger's: character:{} differs by 5", character.id),
        "gold does not sum to zero: 5".to_owned(),
    ];
    assert_eq!(audit().await, (Some(1), json!(faults)));
}

#[tokio::test]
async fn admin_grant_knows_who_is_there() {
    let sidecar = SidecarProcess::start(&[]).await;
    // The first one of a database is an administrator.
    Account::register(&sidecar.api()).await;
    let (account, other) = (Account::register(&sidecar.api()).await, Account::register(&sidecar.api()).await);
    let database = Database::open(&sidecar.home).await;
    let roles = async || [database.role(&account.user_id).await, database.role(&other.user_id).await];
    let nobody = run(&sidecar.home, &["admin", "grant", "nobody-at-all"]).await;
    assert_eq!(nobody.code, Some(2));
    assert!(nobody.stderr.contains("there is no account `nobody-at-all`"), "{}", nobody.stderr);
    assert_eq!(roles().await, ["player", "player"]);
    let shouted = account.username.to_uppercase();
    let granted = run(&sidecar.home, &["admin", "grant", &shouted]).await;
    assert_eq!(granted.code, Some(0), "names are the same in any case: {}", granted.stderr);
    assert_eq!(roles().await, ["admin", "player"]);
}

#[tokio::test]
async fn wrong_usage_is_told() {
    for (arguments, told) in [
        (&[][..], "Usage: sidecar [OPTIONS] <COMMAND>"),
        (&["dance"], "unrecognized subcommand 'dance'"),
        (&["serve", "--no-such-flag"], "unexpected argument '--no-such-flag'"),
        (&["serve", "--database-url", "mysql://x"], "DATABASE_URL: must be sqlite:PATH or postgres://"),
    ] {
        let home = Home::new();
        let finished = run(&home, arguments).await;
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(told), "{arguments:?}: {}", finished.stderr);
        assert!(!home.data_dir().exists(), "{arguments:?}: nothing starts");
    }
}

#[tokio::test]
async fn serve_understands_the_older_names() {
    let ports = [(); 3].map(|()| free_port().to_string());
    let home = Home::new();
    let url = format!("sqlite:{}", home.path("elsewhere.db").display());
    let settings = [
        ("PORT", ports[0].as_str()),
        ("WORLD_DIRECTORY_PORT", ports[1].as_str()),
        ("GATEWAY_PORT", ports[2].as_str()),
        ("GATEWAY_ID", "gateway-of-mine"),
        ("AUTH_SERVICE_URL", "http://127.0.0.1:1"),
        ("DATABASE_URL", url.as_str()),
    ];
    let sidecar = SidecarProcess::start_in(&home, &settings).await;
    let bound = [sidecar.ready.api_addr, sidecar.ready.directory_addr, sidecar.ready.gateway_addr];
    assert_eq!(bound.map(|addr| addr.port().to_string()), ports);
    let account = Account::register(&Api::new(sidecar.ready.api_addr)).await;
    let query = format!("?token={}", account.access_token);
    let mut gateway = Gateway::connect(sidecar.ready.gateway_addr, &query, &[]).await.expect("the handshake is done");
    assert_eq!(gateway.expect("welcome").await["gateway_id"], "gateway-of-mine");
    assert!(home.path("elsewhere.db").is_file() && !home.data_dir().join("realmgate.db").exists());
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_setting_to_change() {
    for key in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
        let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = taken.local_addr().expect("it is bound").to_string();
        let home = Home::new();
        let mut serve = command(&binaries().sidecar);
        serve.arg("serve").env("DATA_DIR", home.data_dir());
        serve.envs(["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"].map(|listener| (listener, "127.0.0.1:0")));
        serve.env(key, &address);
        let finished = Process::start(&home, serve).finished().await;
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains(key) && finished.stderr.contains(&address), "{}", finished.stderr);
    }
}
