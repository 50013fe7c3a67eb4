//! What `start_server` says and how it ends when it does not run.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use realmgate_tests::binaries::{binaries, workspace};
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::{Home, MapServer, Settings};

const TOKEN: &str = "a service token of thirty-two bytes, or so";

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
async fn help_shows_every_setting_with_its_default() {
    let help = start_server(&["--help"]).await;
    assert_code(&help, 0);
    let settings = [
        ("DATA_DIR", "./data"),
        ("API_ADDR", "127.0.0.1:3000"),
        ("DIRECTORY_ADDR", "127.0.0.1:3001"),
        ("GATEWAY_ADDR", "127.0.0.1:3002"),
        ("ADMIN_ADDR", "127.0.0.1:0"),
        ("DATABASE_URL", "sqlite:DATA_DIR/realmgate.db"),
        ("REDIS_URL", "none, one sidecar alone"),
        ("JWT_SECRET_FILE", ""),
        ("TICKET_KEY_FILE", ""),
        ("SERVICE_TOKEN_FILE", ""),
        ("WORLD_DIRECTORY_URL", "the one at DIRECTORY_ADDR, else an embedded one"),
        ("SERVER_ID", "map-server-<map_id>, with -<port> when that id is alive elsewhere"),
        ("SERVER_NAME", "Map Server <map_id>"),
        ("SERVER_IP", "127.0.0.1"),
        ("MAX_PLAYERS", "100"),
        ("CHANNELS", "1"),
        ("TICK_HZ", "30"),
        ("HOST_MAPS", "all where the sidecar is embedded"),
        ("OFFLINE_PLAY_MAX_S", "600"),
        ("ASSETS_DIR", "assets"),
        ("MAPS_DIR", "maps"),
        ("DUPLICATE_LOGIN", "replace"),
        ("GATEWAY_QUERY_TOKEN", "true"),
        ("ALLOWED_ORIGINS", "pages of this machine and of the host asked"),
        ("ALLOW_UNLINKED_MAP_SERVERS", "false"),
        ("ALLOW_UNAUTHENTICATED_REGISTRY", "false"),
    ];
    for (setting, default) in settings {
        let at =
            help.stdout.find(&format!("[env: {setting}")).unwrap_or_else(|| panic!("no {setting} in {}", help.stdout));
        // The help of one setting ends where the next begins.
        let rest = help.stdout[at..].split("\n      --").next().unwrap();
        let before = help.stdout[..at].rsplit("\n      --").next().unwrap();
        let block = format!("{before}{rest}").split_whitespace().collect::<Vec<_>>().join(" ");
        match default {
            "" => assert!(!block.contains("[default:"), "{setting} has no default: {block}"),
            default => {
                assert!(
                    block.contains(&format!("[default: {default}]")),
                    "{setting} has the default {default}: {block}"
                );
            }
        }
    }
}

#[tokio::test]
async fn check_and_maps_need_nothing_else() {
    let check = start_server(&["--check"]).await;
    assert_code(&check, 0);
    assert!(check.stdout.contains("maps"), "{}", check.stdout);
    let maps = start_server(&["--maps"]).await;
    assert_code(&maps, 0);
    for name in ["greenvale", "darkwood"] {
        assert!(maps.stdout.contains(name), "{}", maps.stdout);
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
        let text = fs::read_to_string(out.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    assert!(fs::read_dir(out.join("assets/schema")).unwrap().count() >= 5, "a schema for each kind of data");
}

#[tokio::test]
async fn wrong_usage_is_told_with_the_usage() {
    let wrong: [&[&str]; 6] =
        [&[], &["1"], &["one", "4001"], &["1", "70000"], &["1", "0", "--no-such-flag"], &["1", "0", "--tick-hz", "0"]];
    for arguments in wrong {
        let finished = start_server(arguments).await;
        assert_code(&finished, 2);
        let usage = finished.stderr.contains("Usage:") || finished.stderr.contains("--help");
        assert!(usage, "{arguments:?}: {}", finished.stderr);
    }
}

#[tokio::test]
async fn a_map_that_is_not_there_is_told_with_those_that_are() {
    let finished = Settings::new().map(999).spawn().finished().await;
    assert_code(&finished, 2);
    assert!(finished.stderr.contains("999") && finished.stderr.contains("greenvale"), "{}", finished.stderr);
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
    let without_both = join().spawn().finished().await;
    assert_code(&without_both, 2);
    let settings = join().set("SERVICE_TOKEN", &token);
    let without_key = settings.spawn().finished().await;
    assert_code(&without_key, 2);
    assert!(without_key.stderr.contains("TICKET_KEY"), "{}", without_key.stderr);
    assert!(!settings.home.data_dir().join("secrets").exists(), "nothing was made");
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
    let beside = script(&Home::new(), &[("start_server", &binaries().start_server)], &["--help"]).await;
    assert_code(&beside, 0);
    assert!(beside.stdout.contains("<MAP_ID>") || beside.stdout.contains("[MAP_ID]"), "{}", beside.stdout);

    // A cargo that says what it is asked.
    let built = script(&Home::new(), &[("cargo", Path::new("/bin/echo"))], &["2", "4002", "--maps"]).await;
    assert_code(&built, 0);
    assert_eq!(built.stdout, "run --profile play --bin start_server -- 2 4002 --maps\n");

    let neither = script(&Home::new(), &[], &["1", "4001"]).await;
    assert_code(&neither, 1);
    assert!(neither.stderr.contains("https://rustup.rs"), "{}", neither.stderr);
}

#[test]
fn programs_whose_clock_can_be_set_lie_where_nobody_looks_for_others() {
    let test = std::env::current_exe().expect("a running program has a path");
    let usual = test.parent().and_then(Path::parent).expect("cargo puts tests into <profile>/deps");
    let profile = usual.file_name().expect("a profile has a name");
    for program in [&binaries().start_server, &binaries().sidecar] {
        let expected = usual.with_file_name("under-test").join(profile);
        assert_eq!(program.parent(), Some(expected.as_path()), "not {}", usual.display());
    }
}
