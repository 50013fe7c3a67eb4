//! The sidecar's own command line.

use std::net::TcpListener;

use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::{Account, Api, Database, Gateway, Home, SidecarProcess};
use serde_json::Value;

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
}

#[tokio::test]
async fn migrate_makes_the_database() {
    let home = Home::new();
    let migrated = run(&home, &["migrate"]).await;
    assert_eq!(migrated.code, Some(0), "{}", migrated.stderr);
    assert!(home.data_dir().join("realmgate.db").is_file());
    assert_eq!(run(&home, &["migrate"]).await.code, Some(0), "once more changes nothing");
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
        (audited.code, report["faults"].as_array().expect("a list").len())
    };
    assert_eq!(audit().await, (Some(0), 0));
    Database::open_for_writing(&home).await.forge_gold(&character.id).await;
    let (code, faults) = audit().await;
    assert!(code == Some(1) && faults > 0, "{code:?} with {faults} faults");
}

#[tokio::test]
async fn admin_grant_knows_who_is_there() {
    let sidecar = SidecarProcess::start(&[]).await;
    let account = Account::register(&sidecar.api()).await;
    let granted = run(&sidecar.home, &["admin", "grant", &account.username]).await;
    assert_eq!(granted.code, Some(0), "{}", granted.stderr);
    let nobody = run(&sidecar.home, &["admin", "grant", "nobody-at-all"]).await;
    assert_eq!(nobody.code, Some(2));
    assert!(nobody.stderr.contains("nobody-at-all"), "{}", nobody.stderr);
}

#[tokio::test]
async fn wrong_usage_is_told() {
    for arguments in [&[][..], &["dance"], &["serve", "--no-such-flag"], &["serve", "--database-url", "mysql://x"]] {
        let finished = run(&Home::new(), arguments).await;
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
        assert!(!finished.stderr.is_empty());
    }
}

#[tokio::test]
async fn serve_understands_the_older_names() {
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("there are free ports"));
    let ports = free.map(|listener| listener.local_addr().expect("it is bound").port().to_string());
    let home = Home::new();
    let url = format!("sqlite:{}", home.path("elsewhere.db").display());
    let settings = [
        ("PORT", ports[0].as_str()),
        ("GATEWAY_PORT", ports[1].as_str()),
        ("GATEWAY_ID", "gateway-of-mine"),
        ("AUTH_SERVICE_URL", "http://127.0.0.1:1"),
        ("DATABASE_URL", url.as_str()),
    ];
    let sidecar = SidecarProcess::start_in(&home, &settings).await;
    let bound = [sidecar.ready.api_addr.port(), sidecar.ready.gateway_addr.port()].map(|port| port.to_string());
    assert_eq!(bound, ports);
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
