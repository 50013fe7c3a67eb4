//! What `start_server` says and how it ends when it does not run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use realmgate_tests::binaries::{binaries, workspace};
use realmgate_tests::home::read;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::scenario::{DATA, MAPS};
use realmgate_tests::{Home, MapServer, Settings};
use serde_json::json;

const TOKEN: &str = "a service token of thirty-two bytes, or so";

/// Every setting by its variable, in the order of the help, with its default; empty for one that has none.
const SETTINGS: [(&str, &str); 138] = [
    ("GAME_ADDR", "0.0.0.0"),
    ("ADMIN_ADDR", "127.0.0.1:0"),
    ("WORLD_DIRECTORY_URL", "the one at DIRECTORY_ADDR, else an embedded one"),
    ("DIRECTORY_CA_FILE", ""),
    ("SERVER_ID", "map-server-<map_id>, with -<port> if that id is in use"),
    ("SERVER_NAME", "Map Server <map_id>"),
    ("SERVER_IP", "127.0.0.1"),
    ("WEBSOCKET", "true"),
    ("WEBSOCKET_URL", "ws://<SERVER_IP>:<port>/play, wss with TLS_CERT_FILE"),
    ("WEBTRANSPORT", "true"),
    ("WEBTRANSPORT_PORT", "<port> + 1000, or a free one if that is taken"),
    ("WEBTRANSPORT_URL", "https://<SERVER_IP>:<port>/play"),
    ("MAX_PLAYERS", "100"),
    ("CHANNELS", "1"),
    ("TICK_HZ", "30"),
    ("TICK_THREADS", "the number of cores"),
    ("SEND_BURST_KIB", "64"),
    ("HOST_MAPS", "all if the sidecar is embedded"),
    ("OFFLINE_PLAY_MAX_S", "600"),
    ("RELOAD", "on"),
    ("LOG_FORMAT", "text"),
    ("LOG", "info"),
    ("DATA_DIR", "./data"),
    ("DATABASE_URL", "sqlite:DATA_DIR/realmgate.db"),
    ("DATABASE_POOL", "16"),
    ("DATABASE_ACQUIRE_SECONDS", "5"),
    ("DATABASE_STATEMENT_SECONDS", "5"),
    ("ASSETS_DIR", "assets"),
    ("MAPS_DIR", "maps"),
    ("HOOKS_DIR", "hooks"),
    ("HOOKS_MAY_CALL", "none"),
    ("PROVIDERS_FILE", "providers.toml"),
    ("SERVICES_FILE", "services.toml"),
    ("ASSETS_BASE_URL", "this server"),
    ("REALM_NAME", "the name in theme.toml, else Realmgate"),
    ("API_ADDR", "127.0.0.1:3000"),
    ("DIRECTORY_ADDR", "127.0.0.1:3001"),
    ("GATEWAY_ADDR", "127.0.0.1:3002"),
    ("DOOR_ADDR", "127.0.0.1:3004"),
    ("TLS_CERT_FILE", ""),
    ("TLS_KEY_FILE", ""),
    ("HTTP_REDIRECT_ADDR", "none"),
    ("HTTP_REDIRECT_PORT", "API_ADDR's"),
    ("MAX_CONNECTIONS", "16384"),
    ("MAX_CONNECTIONS_PER_IP", "256"),
    ("TRUSTED_PROXIES", "none"),
    ("REDIS_URL", "none, for a single sidecar"),
    ("REDIS_PREFIX", ""),
    ("JWT_SECRET", "generated in DATA_DIR/secrets"),
    ("JWT_SECRET_FILE", ""),
    ("TICKET_KEY", "generated in DATA_DIR/secrets"),
    ("TICKET_KEY_FILE", ""),
    ("SERVICE_TOKEN", "generated in DATA_DIR/secrets"),
    ("SERVICE_TOKEN_FILE", ""),
    ("SECRETS_DIR", "none"),
    ("SECRETS_COMMAND", "none"),
    ("SECRETS_COMMAND_SECONDS", "10"),
    ("GATEWAY_ID", "gateway-1"),
    ("ALLOWED_ORIGINS", "pages of this machine and of the requested host"),
    ("GATEWAY_QUERY_TOKEN", "true"),
    ("DUPLICATE_LOGIN", "replace"),
    ("ALLOW_UNLINKED_MAP_SERVERS", "false"),
    ("ALLOW_UNAUTHENTICATED_REGISTRY", "false"),
    ("ACCESS_TOKEN_SECONDS", "900"),
    ("REFRESH_TOKEN_DAYS", "30"),
    ("FAILED_LOGINS_PER_MIN", "10"),
    ("REGISTRATIONS_PER_MIN", "10"),
    ("LOOPBACK_REGISTRATIONS_PER_MIN", "600"),
    ("CALLS_PER_MIN", "240"),
    ("GATEWAY_MESSAGES_PER_10S", "60"),
    ("REALTIME_MESSAGES_PER_10S", "60"),
    ("CHAT_MESSAGES_PER_10S", "12"),
    ("LOBBY_CHANGES_PER_MIN", "60"),
    ("ENTRIES_PER_MIN", "12"),
    ("ENTRIES_PER_MIN_PER_IP", "360"),
    ("JOURNEYS_PER_MIN", "30"),
    ("MAILS_PER_MIN_PER_IP", "10"),
    ("LOG_INS_PER_MIN", "30"),
    ("PASSWORD_QUEUE", "128"),
    ("PASSWORD_THREADS", "half of the cores, at most 4"),
    ("PASSWORD_MEMORY_MIB", "19"),
    ("CHARACTER_CREATIONS_PER_DAY", "24"),
    ("CHARACTER_DELETION_GRACE_H", "24"),
    ("CHARACTER_RENAME_WAIT_H", "24"),
    ("DEVICE_LOGIN", "true"),
    ("FORGET_GUESTS_DAYS", "7"),
    ("REQUIRE_ACTIVATION", "false"),
    ("LIST_USERS", "true"),
    ("LIST_LEADERBOARDS", "true"),
    ("LIST_LOBBIES", "true"),
    ("PUBLISH_OPENAPI", "true"),
    ("REALTIME_DEBOUNCE_MS", "250"),
    ("LOG_OUT_ON_SOCKET_CLOSE", "false"),
    ("LIMIT_MAX_METADATA_SIZE", "16384"),
    ("LIMIT_MAX_PAGE_SIZE", "100"),
    ("LIMIT_MAX_DISPLAY_NAME", "80"),
    ("LIMIT_MIN_USERNAME", "3"),
    ("LIMIT_MAX_USERNAME", "32"),
    ("LIMIT_MAX_SOCKETS_PER_USER", "20"),
    ("LIMIT_MAX_EMAIL", "160"),
    ("LIMIT_MAX_PROFILE_URL", "512"),
    ("LIMIT_MAX_DEVICE_ID", "256"),
    ("LIMIT_MAX_LOBBY_TITLE", "80"),
    ("LIMIT_MAX_LOBBY_USERS", "128"),
    ("LIMIT_MAX_LOBBY_PASSWORD", "128"),
    ("LIMIT_MAX_FRIENDS_PER_USER", "500"),
    ("LIMIT_MAX_PENDING_FRIEND_REQUESTS", "100"),
    ("LIMIT_MAX_HOOK_ARGS_SIZE", "65536"),
    ("LIMIT_MAX_HOOK_ARGS_COUNT", "32"),
    ("LIMIT_MAX_LEADERBOARD_TITLE", "255"),
    ("LIMIT_MAX_LEADERBOARD_DESCRIPTION", "1000"),
    ("LIMIT_MAX_LEADERBOARD_SLUG", "100"),
    ("MAIL_URL", "none, mails are files in DATA_DIR/mail"),
    ("MAIL_FROM", ""),
    ("PUBLIC_URL", "API_ADDR"),
    ("SERVER_MANAGER", "none"),
    ("SERVER_MANAGER_BINARY", "start_server beside this executable"),
    ("SERVER_MANAGER_MAX", "8"),
    ("SERVER_MANAGER_IDLE_S", "300"),
    ("SERVER_MANAGER_WAIT_S", "10"),
    ("SERVER_MANAGER_STARTS_PER_MIN", "12"),
    ("SERVER_MANAGER_SET", ""),
    ("LOGIN_TIMEOUT_S", "30"),
    ("ARRIVAL_TIMEOUT_S", "40"),
    ("REPLICA_RECONNECT_S", "30"),
    ("REPLICA_RECLAIM_S", "30"),
    ("MAP_RECONNECT_S", "600"),
    ("MAP_RECLAIM_S", "30"),
    ("PASSAGE_TIMEOUT_S", "15"),
    ("HANDOVER_WAIT_S", "5"),
    ("LINGER_MAX_S", "60"),
    ("OUTAGE_GRACE_S", "30"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "none"),
    ("OTEL_EXPORTER_OTLP_HEADERS", ""),
    ("OTEL_TRACES_SAMPLER_ARG", "1"),
    ("OTEL_SERVICE_NAME", "sidecar or start_server"),
    ("SENTRY_DSN", "none"),
    ("DEPLOYMENT_ENVIRONMENT", "production"),
];

async fn start_server(arguments: &[&str]) -> Finished {
    let mut start = command(&binaries().start_server);
    start.args(arguments);
    Process::start(&Home::new(), start).finished().await
}

#[track_caller]
fn assert_code(finished: &Finished, code: i32) {
    assert_eq!(finished.code, Some(code), "{}{}", finished.stdout, finished.stderr);
}

#[tokio::test]
async fn help_shows_every_setting_and_what_it_says_of_its_default() {
    let help = start_server(&["--help"]).await;
    assert_code(&help, 0);
    let setting = |block: &str| {
        let text = block.split_whitespace().collect::<Vec<_>>().join(" ");
        let of = |mark: &str, ends: [char; 2]| {
            let (_, rest) = text.split_once(mark)?;
            rest.split(ends).next().map(str::to_owned)
        };
        Some((of("[env: ", ['=', ']'])?, of("[default: ", [']'; 2]).unwrap_or_default()))
    };
    let told: Vec<(String, String)> = help.stdout.split("\n      --").skip(1).filter_map(setting).collect();
    let expected = SETTINGS.map(|(setting, default)| (setting.to_owned(), default.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(help.stdout.matches("[env: ").count(), SETTINGS.len());
}

/// Of the defaults that the help puts in words, which clap does not apply.
#[tokio::test]
async fn a_server_is_named_after_its_map_hosts_all_maps_and_makes_its_data_as_the_help_says() {
    let server = MapServer::start(&Settings::new().map(2)).await;
    let listed = server.directory().get("/map-registry/servers").await.json(200);
    let named = (&listed[0]["id"], &listed[0]["name"], listed.as_array().map(Vec::len));
    assert_eq!(named, (&json!("map-server-2"), &json!("Map Server 2"), Some(1)), "SERVER_ID and SERVER_NAME");
    let hosted: BTreeSet<u16> = server.ready.maps.iter().copied().collect();
    assert_eq!(hosted, MAPS.iter().map(|map| map.id.0).collect(), "HOST_MAPS: all if the sidecar is embedded");
    let data = server.settings.home.data_dir();
    assert!(data.join("realmgate.db").is_file(), "DATABASE_URL");
    let secrets = ["jwt_secret", "ticket_key", "service_token"];
    let is_made = secrets.map(|secret| data.join("secrets").join(secret).is_file());
    assert_eq!(is_made, [true; 3], "{secrets:?} in DATA_DIR/secrets");
    server.stop().await;
}

#[tokio::test]
async fn check_and_maps_need_nothing_else() {
    let home = Home::new();
    let run = async |flag: &str| {
        let mut start = command(&binaries().start_server);
        start.arg(flag).env("DATA_DIR", home.data_dir());
        let finished = Process::start(&home, start).finished().await;
        assert_code(&finished, 0);
        finished.stdout
    };
    let check = run("--check").await;
    let all = format!(
        "No faults: {} maps, {} classes, {} abilities",
        MAPS.iter().len(),
        DATA.classes.len(),
        DATA.abilities.len()
    );
    assert!(check.starts_with(&all), "{check}");
    let maps = run("--maps").await;
    let listed: Vec<Vec<&str>> = maps.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(listed, [["1", "greenvale"], ["2", "darkwood"], ["3", "barrow"]], "{maps}");
    assert!(!home.data_dir().exists(), "nothing is made");
}

#[tokio::test]
async fn output_that_cannot_be_written_changes_no_exit_code() {
    let full = || fs::File::create("/dev/full").expect("there is such a device");
    for (arguments, code) in [(&["--maps"][..], 0), (&["--check"], 0), (&["99", "0"], 2), (&["--no-such-flag"], 2)] {
        let home = Home::new();
        let mut start = command(&binaries().start_server);
        start.args(arguments).env("DATA_DIR", home.data_dir()).stdin(Stdio::null()).stdout(full()).stderr(full());
        let ended = start.status().expect("it starts");
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
    }
}

#[tokio::test]
async fn broken_data_is_said_with_file_and_line_and_nothing_starts() {
    let home = Home::new();
    let assets = home.copy_of(&workspace().join("assets"), "assets");
    fs::write(assets.join("classes.toml"), "[warrior]\nname = 7\n").unwrap();
    let assets = assets.to_str().unwrap();
    for arguments in [vec!["--check", "--assets-dir", assets], vec!["1", "0", "--assets-dir", assets]] {
        let mut server = command(&binaries().start_server);
        server.args(&arguments).env("DATA_DIR", home.data_dir());
        let finished = Process::start(&home, server).finished().await;
        assert_code(&finished, 2);
        assert!(finished.stderr.contains("classes.toml:2:"), "the file and the line: {}", finished.stderr);
        assert!(!home.data_dir().exists(), "nothing starts");
    }
}

#[tokio::test]
async fn schemas_are_written_where_one_says() {
    let home = Home::new();
    let out = home.path("out");
    assert_code(&start_server(&["--schema", "--out", out.to_str().unwrap()]).await, 0);
    for file in ["docs/protocol.json", "maps/propertytypes.json"] {
        assert_eq!(read(&out.join(file)), read(&workspace().join(file)), "{file}, as it lies in the repository");
    }
    let schemas = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("there is a folder with schemas");
        let schema = entries
            .map(|entry| entry.expect("readable").path())
            .map(|path| (path.file_name().map(Into::into), read(&path)));
        schema.collect::<BTreeMap<Option<PathBuf>, String>>()
    };
    let written = schemas(&out.join("assets/schema"));
    assert_eq!(written.len(), 9, "a schema for each kind of data");
    assert_eq!(written, schemas(&workspace().join("assets/schema")));
}

#[tokio::test]
async fn wrong_usage_is_told_with_the_usage() {
    // Of a bad value clap says which it is, and where the usage is to be had.
    let wrong: [(&[&str], &str); 6] = [
        (&[], "Usage: start_server"),
        (&["1"], "Usage: start_server"),
        (&["1", "0", "--no-such-flag"], "Usage: start_server"),
        (&["one", "4001"], "'one'"),
        (&["1", "70000"], "'70000'"),
        (&["1", "0", "--tick-hz", "0"], "'0' for '--tick-hz"),
    ];
    for (arguments, told) in wrong {
        let finished = start_server(arguments).await;
        assert_code(&finished, 2);
        assert!(
            finished.stderr.contains(told) && finished.stderr.contains("--help"),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
}

#[tokio::test]
async fn a_map_that_is_not_there_is_told_with_those_that_are() {
    let finished = Settings::new().map(999).spawn().finished().await;
    assert_code(&finished, 2);
    for map in ["999", "greenvale", "darkwood", "barrow"] {
        assert!(finished.stderr.contains(map), "{map}: {}", finished.stderr);
    }
}

#[tokio::test]
async fn a_bad_setting_is_named() {
    let bad = [
        ("SERVER_ID", "with space"),
        ("JWT_SECRET", "too short"),
        ("TICKET_KEY", "a:b"),
        ("WORLD_DIRECTORY_URL", "nowhere"),
        ("ALLOWED_ORIGINS", "no origin"),
        ("MAPS_DIR", "no-such-folder"),
        ("ASSETS_DIR", "no-such-folder"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("DATABASE_URL", "postgres://127.0.0.1:port/x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("SENTRY_DSN", "https://sentry.example/1"),
    ];
    for (key, value) in bad {
        let finished = Settings::new().set(key, value).spawn().finished().await;
        assert_eq!(finished.code, Some(2), "{key}: {}{}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains(key), "{key}: {}", finished.stderr);
    }
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_setting_to_change() {
    for key in ["API_ADDR", "GATEWAY_ADDR", "ADMIN_ADDR"] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let finished = Settings::new().set(key, &address).spawn().finished().await;
        assert_code(&finished, 1);
        assert!(finished.stderr.contains(key) && finished.stderr.contains(&address), "{key}: {}", finished.stderr);
    }
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let finished = Settings::new().port(port).spawn().finished().await;
    assert_code(&finished, 1);
    let told = finished.stderr.contains(&port.to_string()) && finished.stderr.contains("<port>");
    assert!(told, "{}", finished.stderr);
    let finished = Settings::new().set("WEBTRANSPORT_PORT", &port.to_string()).spawn().finished().await;
    assert_code(&finished, 1);
    let told = finished.stderr.contains(&port.to_string()) && finished.stderr.contains("WEBTRANSPORT_PORT");
    assert!(told, "{}", finished.stderr);
}

#[tokio::test]
async fn a_directory_port_that_a_stranger_holds_is_not_joined() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    // Whatever it is asked, it says yes. It ends with the test's process.
    std::thread::spawn(move || {
        for stream in stranger.incoming() {
            let (mut stream, mut asked) = (stream.unwrap(), [0; 4_096]);
            let read = stream.read(&mut asked).unwrap_or(0);
            kept.lock().unwrap().extend_from_slice(&asked[..read]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
        }
    });
    // A folder that already has a token, so that there is one to be told.
    let settings = Settings::new().set("SERVICE_TOKEN", TOKEN).set("DIRECTORY_ADDR", &address);
    let finished = settings.spawn().finished().await;
    assert_code(&finished, 1);
    assert!(finished.stderr.contains("DIRECTORY_ADDR") && finished.stderr.contains(&address), "{}", finished.stderr);
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    assert!(!heard.contains(TOKEN), "it was told the service token: {heard}");
}

#[tokio::test]
async fn a_server_that_joins_makes_no_keys_of_its_own() {
    let first = MapServer::start(&Settings::new()).await;
    let token = first.settings.home.secret("service_token");
    let join = || Settings::new().map(2).set("WORLD_DIRECTORY_URL", &first.ready.directory);
    let ticket_key = first.settings.home.secret("ticket_key");
    for (settings, missing) in [
        (join(), "SERVICE_TOKEN"),
        (join().set("SERVICE_TOKEN", &token), "TICKET_KEY"),
        (join().set("TICKET_KEY", &ticket_key), "SERVICE_TOKEN"),
    ] {
        let finished = settings.spawn().finished().await;
        assert_code(&finished, 2);
        assert!(finished.stderr.contains(missing), "{missing}: {}", finished.stderr);
        assert!(!settings.home.data_dir().join("secrets").exists(), "nothing was made without {missing}");
    }
    // With both it joins, and makes none either.
    let settings = join().set("SERVICE_TOKEN", &token).set("TICKET_KEY", &ticket_key);
    let second = MapServer::start_linked(&settings).await;
    assert!(!settings.home.data_dir().join("secrets").exists());
    second.stop().await;
}

#[tokio::test]
async fn a_server_joins_with_secrets_from_a_folder_and_a_command() {
    let first = MapServer::start(&Settings::new()).await;
    let settings = Settings::new().map(2).set("WORLD_DIRECTORY_URL", &first.ready.directory);
    let stored = settings.home.path("stored");
    fs::create_dir(&stored).expect("a folder can be made");
    fs::write(stored.join("SERVICE_TOKEN"), first.settings.home.secret("service_token")).expect("it can be written");
    let ticket_key = first.settings.home.data_dir().join("secrets/ticket_key");
    let command = format!("printf 'TICKET_KEY=%s\\n' \"$(cat {})\"", ticket_key.display());
    let settings = settings.set("SECRETS_DIR", stored.to_str().expect("a plain path")).set("SECRETS_COMMAND", &command);
    let second = MapServer::start_linked(&settings).await;
    assert!(!settings.home.data_dir().join("secrets").exists(), "none is generated");
    second.stop().await;

    let failed = Settings::new().map(2).set("SECRETS_COMMAND", "exit 4").spawn().finished().await;
    assert_code(&failed, 1);
    assert!(failed.stderr.contains("SECRETS_COMMAND: ended with exit status: 4"), "{}", failed.stderr);
}

/// `start_server.sh` in a folder of its own, with nothing but these programs to be found.
async fn script(home: &Home, programs: &[(&str, &Path)], arguments: &[&str]) -> Finished {
    let (folder, found) = (home.path("release"), home.path("bin"));
    for made in [&folder, &found] {
        fs::create_dir_all(made).expect("a folder can be made");
    }
    fs::copy(workspace().join("start_server.sh"), folder.join("start_server.sh")).expect("the script is there");
    for (name, program) in programs.iter().chain([&("dirname", Path::new("/usr/bin/dirname"))]) {
        let folder = if *name == "start_server" { &folder } else { &found };
        symlink(program, folder.join(name)).expect("a link can be made");
    }
    let mut start = command(Path::new("/bin/sh"));
    start.arg(folder.join("start_server.sh")).args(arguments).env("PATH", &found);
    Process::start(home, start).finished().await
}

#[tokio::test]
async fn the_script_starts_the_program_beside_it_or_has_cargo_build_it() {
    // A cargo that says what it is asked.
    let cargo = ("cargo", Path::new("/bin/echo"));
    let program = ("start_server", binaries().start_server.as_path());
    for found in [&[program][..], &[program, cargo]] {
        let beside = script(&Home::new(), found, &["--help"]).await;
        assert_code(&beside, 0);
        assert!(beside.stdout.contains("<MAP_ID>") || beside.stdout.contains("[MAP_ID]"), "{}", beside.stdout);
    }

    let built = script(&Home::new(), &[cargo], &["2", "4002", "--maps"]).await;
    assert_code(&built, 0);
    assert_eq!(built.stdout, "run --profile play --bin start_server -- 2 4002 --maps\n");

    let neither = script(&Home::new(), &[], &["1", "4001"]).await;
    assert_code(&neither, 1);
    assert!(neither.stderr.contains("https://rustup.rs"), "{}", neither.stderr);
}

#[test]
fn programs_under_test_are_in_a_folder_of_their_own() {
    let test = std::env::current_exe().expect("a running program has a path");
    let usual = test.parent().and_then(Path::parent).expect("cargo puts tests into <profile>/deps");
    let profile = usual.file_name().expect("a profile has a name");
    for program in [&binaries().start_server, &binaries().sidecar] {
        let expected = usual.with_file_name("under-test").join(profile);
        assert_eq!(program.parent(), Some(expected.as_path()), "not {}", usual.display());
    }
}
