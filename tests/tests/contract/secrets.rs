//! Secrets stay secret: in the file system, in the database, in logs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Process, command};
use realmgate_tests::{Account, Gateway, Home, MapServer, Settings, SidecarProcess};
use serde_json::json;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[tokio::test]
async fn generated_secrets_are_for_their_owner_alone_and_stay_the_same() {
    let home = Home::new();
    let server = MapServer::start(&Settings::in_home(&home)).await;
    let secrets: Vec<String> = ["jwt_secret", "ticket_key", "service_token"].map(|name| home.secret(name)).to_vec();
    for name in ["jwt_secret", "ticket_key", "service_token"] {
        assert_eq!(mode(&home.data_dir().join("secrets").join(name)), 0o600, "{name}");
    }
    assert!(secrets.iter().all(|secret| secret.len() >= 32));
    assert_eq!(mode(&server.folder().join("cookie")), 0o600);
    server.stop().await;
    let again = MapServer::start(&Settings::in_home(&home)).await;
    assert_eq!(secrets, ["jwt_secret", "ticket_key", "service_token"].map(|name| home.secret(name)).to_vec());
    again.stop().await;
}

#[tokio::test]
async fn tokens_and_passwords_are_neither_stored_nor_logged() {
    let sidecar = SidecarProcess::start(&[("RUST_LOG", "trace")]).await;
    let account = Account::register(&sidecar.api()).await;
    let wrong = json!({"username": account.username, "password": "a wrong password"});
    sidecar.api().post("/auth/login", wrong).await.problem(401, "INVALID_CREDENTIALS");
    account.calls(&sidecar.api()).get("/characters").await.json(200);
    Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await.close().await;
    let service_token = sidecar.home.secret("service_token");
    sidecar.directory().get("/map-registry/servers").await.json(200);

    let log = sidecar.process.stderr();
    assert!(log.contains("connected"), "the log is kept: {log}");
    let mut stored = fs::read(sidecar.home.data_dir().join("realmgate.db")).unwrap();
    stored.extend(fs::read(sidecar.home.data_dir().join("realmgate.db-wal")).unwrap_or_default());
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains(&account.username), "this is the database");
    let secrets = [
        ("access token", &account.access_token),
        ("refresh token", &account.refresh_token),
        ("password", &account.password),
        ("wrong password", &"a wrong password".to_owned()),
        ("service token", &service_token),
    ];
    for (what, secret) in secrets {
        assert!(!log.contains(secret.as_str()), "the {what} is in the log");
        assert!(!stored.contains(secret.as_str()), "the {what} is in the database");
    }
}

#[tokio::test]
async fn a_sidecar_that_others_can_reach_refuses_weak_secrets() {
    let weak = [("SERVICE_TOKEN", "dev"), ("JWT_SECRET", "secret"), ("ALLOW_UNAUTHENTICATED_REGISTRY", "true")];
    for (key, value) in weak {
        let home = Home::new();
        let mut serve = command(&binaries().sidecar);
        serve.arg("serve").env("DATA_DIR", home.data_dir()).env(key, value);
        serve.envs([("API_ADDR", "127.0.0.1:0"), ("GATEWAY_ADDR", "127.0.0.1:0"), ("DIRECTORY_ADDR", "0.0.0.0:0")]);
        let finished = Process::start(&home, serve).finished().await;
        assert_eq!(finished.code, Some(2), "{key}: {finished:?}");
        assert!(finished.stderr.contains(key), "{finished:?}");
    }
}
