//! Secrets stay secret: in the file system, in the database, in logs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use realmgate_client::token;
use realmgate_protocol::ticket::{KeyRing, Ticket};
use realmgate_tests::account::jwt_parts;
use realmgate_tests::binaries::binaries;
use realmgate_tests::netcode::Knocker;
use realmgate_tests::process::{Process, command};
use realmgate_tests::{Account, Gateway, Home, InWorld, MapServer, Settings, SidecarProcess};
use serde_json::{Value, json};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[tokio::test]
async fn generated_secrets_are_for_their_owner_alone_and_stay_the_same() {
    let home = Home::new();
    let server = MapServer::start(&Settings::in_home(&home)).await;
    let secrets = secrets_of(&home);
    assert_eq!(secrets.keys().collect::<Vec<_>>(), ["jwt_secret", "service_token", "ticket_key"]);
    assert!(secrets.values().all(|secret| secret.len() >= 32));
    assert_eq!(secrets.values().collect::<BTreeSet<_>>().len(), 3, "each is another");
    let cookies = [server.folder().join("cookie"), home.data_dir().join("gateway-1.cookie")];
    cookies.iter().for_each(|cookie| assert_eq!(mode(cookie), 0o600, "{}", cookie.display()));
    server.stop().await;
    let again = MapServer::start(&Settings::in_home(&home)).await;
    assert_eq!(secrets_of(&home), secrets);
    cookies.iter().for_each(|cookie| assert_eq!(mode(cookie), 0o600, "{}", cookie.display()));
    again.stop().await;
}

/// All that was generated in a home, by name, for which only its owner has eyes.
fn secrets_of(home: &Home) -> BTreeMap<String, String> {
    let folder = home.data_dir().join("secrets");
    assert_eq!(mode(&folder), 0o700);
    let files = fs::read_dir(&folder).expect("there are secrets").map(|file| file.expect("readable").file_name());
    let secret = |name: OsString| {
        let name = name.into_string().expect("a plain name");
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
        let secret = home.secret(&name);
        (name, secret)
    };
    files.map(secret).collect()
}

/// What of a refresh token is secret. The rest names its log-in, and only says who has signed that.
fn random_part(refresh_token: &str) -> String {
    refresh_token.split('.').next().expect("a text has a beginning").to_owned()
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
        ("refresh token", &random_part(&account.refresh_token)),
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
async fn the_key_of_access_tokens_is_rotated_as_the_operators_manual_says() {
    let home = Home::new();
    let sidecar = SidecarProcess::start_in(&home, &[]).await;
    let account = Account::register(&sidecar.api()).await;
    sidecar.stop().await;
    let old = format!("k0:{}", STANDARD.encode(home.secret("jwt_secret")));
    let new = format!("k1:{}", STANDARD.encode([7; 32]));

    let mut tokens = vec![account.access_token.clone()];
    for (keys, signs, forgets) in
        [(format!("{old},{new}"), "k0", ""), (format!("{new},{old}"), "k1", ""), (new.clone(), "k1", "k0")]
    {
        fs::write(home.data_dir().join("secrets/jwt_secret"), keys).unwrap();
        let sidecar = SidecarProcess::start_in(&home, &[]).await;
        for token in &tokens {
            let (header, _) = jwt_parts(token);
            let answer = sidecar.api().with_token(token).get("/characters").await;
            assert_eq!(answer.status, if header["kid"] == forgets { 401 } else { 200 }, "{header} where {signs} signs");
        }
        let log_in = sidecar.api().post("/auth/login", account.credentials()).await.json(200);
        let token = log_in["access_token"].as_str().unwrap().to_owned();
        assert_eq!(jwt_parts(&token).0["kid"], signs);
        tokens.push(token);
        if !forgets.is_empty() {
            let refresh = json!({"refresh_token": account.refresh_token});
            sidecar.api().post("/auth/refresh", refresh).await.json(200);
        }
        sidecar.stop().await;
    }
}

/// Starts a sidecar in this home and a map server that joins it, each with this key and token.
async fn linked(home: &Home, ticket_key: &str, tokens: [&str; 2]) -> (SidecarProcess, MapServer) {
    let [of_sidecar, of_server] = tokens;
    let settings = [("TICKET_KEY", ticket_key), ("SERVICE_TOKEN", of_sidecar)];
    let sidecar = SidecarProcess::start_in(home, &settings).await;
    let joining = Settings::new()
        .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
        .set("TICKET_KEY", ticket_key)
        .set("SERVICE_TOKEN", of_server);
    let server = MapServer::start_linked(&joining).await;
    (sidecar, server)
}

#[tokio::test]
async fn the_key_of_tickets_is_rotated_as_the_operators_manual_says() {
    const TOKEN: &str = "a service token for all of the rotation";
    let (home, old) = (Home::new(), format!("k0:{}", STANDARD.encode([6; 32])));
    let new = format!("k1:{}", STANDARD.encode([7; 32]));
    for (keys, signs) in [(old.clone(), &old), (format!("{new},{old}"), &new), (new.clone(), &new)] {
        let (sidecar, server) = linked(&home, &keys, [TOKEN; 2]).await;
        let account = Account::register(&sidecar.api()).await;
        let character = account.new_character(&sidecar.api()).await;
        let mut gateway = Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await;
        let grant = gateway.entered(&character.id).await;
        let ticket = URL_SAFE_NO_PAD.decode(grant["ticket"].as_str().expect("text")).expect("base64url");
        let key: KeyRing = signs.parse().expect("a key");
        Ticket::open(&ticket, &key).unwrap_or_else(|error| panic!("of {keys} the first signs: {error:?}"));
        let mut playing = InWorld::connect(&grant).await;
        playing.walk().await;
        server.stop().await;
        sidecar.stop().await;
    }
}

#[tokio::test]
async fn the_service_token_is_rotated_as_the_operators_manual_says() {
    const KEY: &str = "a ticket key for all of the rotation!";
    let (old, new) = ("an old service token of thirty-two bytes", "a new service token of thirty-two bytes");
    let (old_new, new_old) = (format!("{old},{new}"), format!("{new},{old}"));
    let home = Home::new();
    for (of_sidecar, of_server, opens) in [
        (old_new.as_str(), old, [200, 200]),
        (&old_new, &new_old, [200, 200]),
        (&new_old, &new_old, [200, 200]),
        (new, &new_old, [401, 200]),
    ] {
        let (sidecar, server) = linked(&home, KEY, [of_sidecar, of_server]).await;
        for (token, expected) in [old, new].into_iter().zip(opens) {
            let asked = sidecar.directory_without_token().with_token(token).get("/map-registry/servers").await;
            assert_eq!(asked.status, expected, "`{token}` at a sidecar with `{of_sidecar}`");
        }
        server.stop().await;
        sidecar.stop().await;
    }
}

#[tokio::test]
async fn nothing_that_opens_a_door_is_logged_by_a_whole_world() {
    let settings = Settings::new().set("LOG", "trace").argument("--log-format").argument("json");
    let server = MapServer::start_linked(&settings).await;
    let (api, directory) = (server.api(), server.directory());
    let account = Account::register(&api).await;
    let wrong = json!({"username": account.username, "password": "a wrong password"});
    api.post("/auth/login", wrong).await.problem(401, "INVALID_CREDENTIALS");
    let refreshed = api.post("/auth/refresh", json!({"refresh_token": account.refresh_token})).await.json(200);
    let foreign = json!({"id": "map-server-foreign", "name": "x", "ip": "127.0.0.1", "port": 7901,
        "supported_maps": [901], "max_players": 2});
    let registered = directory.post("/map-registry/register", foreign).await.json(201);

    let protocols = format!("bearer, {}", account.access_token);
    let mut offered = Gateway::connect(server.gateway(), "", &[("sec-websocket-protocol", &protocols)])
        .await
        .expect("an open socket");
    offered.expect("welcome").await;
    let character = account.new_character(&api).await.id;
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let grant = gateway.entered(&character).await;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let (ticket, connect_token) = (text(&grant["ticket"]), text(&grant["connect_token"]));
    let token = token::decode(&connect_token, &ticket).expect("a connect token");
    assert!(Knocker::new(token).await.get_in(Duration::from_secs(5)).await, "the ticket is used");
    Gateway::connect(server.gateway(), "?token=forged", &[]).await.expect("a socket").close().await;

    let own = [
        ("access token", account.access_token.clone()),
        ("refresh token", random_part(&account.refresh_token)),
        ("password", account.password.clone()),
        ("wrong password", "a wrong password".to_owned()),
        ("renewed access token", text(&refreshed["access_token"])),
        ("renewed refresh token", random_part(&text(&refreshed["refresh_token"]))),
        ("foreign server's cookie", text(&registered["cookie"])),
        ("server's cookie", fs::read_to_string(server.folder().join("cookie")).unwrap().trim().to_owned()),
        ("ticket", ticket),
        ("connect token", connect_token),
    ];
    let kept = ["jwt_secret", "ticket_key", "service_token"].map(|name| (name, server.settings.home.secret(name)));
    let log_file = fs::read_to_string(server.folder().join("map_server.log")).unwrap();
    let told = server.process.stderr() + &log_file;
    for (what, secret) in own.into_iter().chain(kept) {
        assert!(!secret.is_empty() && !told.contains(&secret), "the {what} is in the log");
    }

    // What was logged can be followed by the name of the request.
    let lines = log_file.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let expected: Vec<Value> = lines.filter(|line| line["fields"]["message"] == "expecting a character").collect();
    let trace = expected.first().expect("a character is expected")["span"]["trace"].as_str().expect("a name");
    assert_eq!(trace.len(), 32, "{trace}");
}

#[tokio::test]
async fn a_sidecar_that_others_can_reach_refuses_weak_secrets() {
    const LISTENERS: [&str; 3] = ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"];
    // The three secrets are a byte too short, well known, and repetitive, and each is nothing else.
    for (key, value, matters_at) in [
        ("SERVICE_TOKEN", "0123456789abcdefghijklmnopqrstu", &LISTENERS[..]),
        ("JWT_SECRET", "changeme changeme changeme changeme", &LISTENERS),
        ("TICKET_KEY", "abababababababababababababababababababab", &LISTENERS),
        ("ALLOW_UNAUTHENTICATED_REGISTRY", "true", &["DIRECTORY_ADDR"]),
    ] {
        for exposed in matters_at {
            let home = Home::new();
            let mut serve = command(&binaries().sidecar);
            serve.arg("serve").env("DATA_DIR", home.data_dir()).env(key, value);
            serve.envs(LISTENERS.map(|listener| (listener, "127.0.0.1:0"))).env(exposed, "0.0.0.0:0");
            let finished = Process::start(&home, serve).finished().await;
            assert_eq!(finished.code, Some(2), "{key} with {exposed}: {finished:?}");
            assert!(finished.stderr.contains(key), "{finished:?}");
        }
        // Where nobody else reaches it, it may be so.
        SidecarProcess::start(&[(key, value)]).await.stop().await;
    }
    // Nor are listeners refused whose secrets are strong.
    SidecarProcess::start(&LISTENERS.map(|listener| (listener, "0.0.0.0:0"))).await.stop().await;
}
