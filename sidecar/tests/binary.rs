//! The binary: its subcommands, its exit codes, its ready files, and how it ends.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with data for a small world.
fn world() -> TempDir {
    let dir = realmgate_platform::testing::folder();
    std::fs::create_dir(dir.path().join("assets")).unwrap();
    std::fs::write(dir.path().join("assets/classes.toml"), "[mage]\nname = 'Mage'\n").unwrap();
    dir
}

fn sidecar(dir: &Path, args: &[&str]) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_sidecar"), dir);
    command.args(args);
    command
}

fn program(path: &str, dir: &Path) -> Command {
    let mut command = Command::new(path);
    command.current_dir(dir).env_clear().envs(realmgate_services::run().environment());
    for addr in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
        command.env(addr, "127.0.0.1:0");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end. Returns the exit code, and the last line it logged.
fn ended(command: &mut Command) -> (i32, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    let last = String::from_utf8_lossy(&stderr).lines().last().unwrap_or_default().to_owned();
    (status.code().unwrap(), last)
}

/// A process that is killed if the test does not end it.
struct Serving(Child);

impl Serving {
    /// Starts a process and waits until it logs that it is ready.
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let serving = Self(child);
        let mut lines = said.lines().map(Result::unwrap);
        assert!(lines.any(|line| line.ends_with("ready")), "it ended before it was ready");
        // Keep reading, or the pipe fills up.
        std::thread::spawn(move || lines.for_each(drop));
        serving
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(addr: &Value, path: &str) -> String {
    let mut stream = TcpStream::connect(addr.as_str().unwrap()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    // A picture is no text.
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn it_serves_until_it_is_told_to_end() {
    let dir = world();
    let second = dir.path().join("here.json");
    for signal in ["TERM", "INT"] {
        let mut serving = Serving::start(sidecar(dir.path(), &["serve"]).env("READY_FILE", &second));
        let first = dir.path().join("data/sidecar/ready.json");
        let ready: Value = serde_json::from_slice(&std::fs::read(&first).unwrap()).unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        assert_eq!(ready["pid"], serving.0.id());
        for (addr, path) in
            [("api_addr", "/readyz"), ("directory_addr", "/healthz"), ("api_addr", "/"), ("api_addr", "/metrics")]
        {
            assert!(get(&ready[addr], path).starts_with("HTTP/1.1 200 "), "{path}");
        }
        let figures = get(&ready["api_addr"], "/metrics");
        assert!(figures.contains(r#"realmgate_http_requests_total{method="GET",route="/readyz",status="200"}"#));
        assert!(figures.contains(r#"realmgate_http_request_seconds_bucket{route="/readyz",le="0.01"}"#), "{figures}");
        assert!(!figures.contains("quantile="), "a summary grows, and cannot be added up: {figures}");

        assert!(serving.0.try_wait().unwrap().is_none(), "it has ended by itself");
        serving.signal(signal);
        assert_eq!(serving.0.wait().unwrap().code(), Some(0), "SIG{signal}");
        assert!(!first.exists() && !second.exists(), "ready files are removed");
    }
    let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data/secrets"), 0o700);
    assert_eq!(mode("data/secrets/service_token"), 0o600);
    assert_eq!(mode("data/realmgate.db"), 0o600);
}

/// Sends JSON, or asks where there is none. Returns what was answered.
fn call(addr: &Value, (method, path): (&str, &str), token: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(addr.as_str().unwrap()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
}

#[test]
fn its_first_administrator_sees_what_was_set_and_no_secret() {
    let dir = world();
    let mut command = sidecar(dir.path(), &["serve", "--calls-per-min", "77"]);
    command.env("REALM_NAME", "Testland").env("RUST_LOG", "info").env("PORT", "0");
    command.env("LIMIT_MAX_DISPLAY_NAME", "5").env("REALTIME_DEBOUNCE_MS", "300");
    let secret = "a-secret-of-at-least-thirty-two-bytes";
    for name in ["JWT_SECRET", "TICKET_KEY", "SERVICE_TOKEN"] {
        command.env(name, secret);
    }
    let _serving = Serving::start(&mut command);
    let ready: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("data/sidecar/ready.json")).unwrap()).unwrap();
    let api = &ready["api_addr"];
    let first = call(api, ("POST", "/api/v1/login/device"), "", r#"{"device_id": "mine"}"#);
    let token = first["data"]["access_token"].as_str().unwrap();
    let answer = call(api, ("GET", "/api/v1/admin/settings"), token, "");
    assert!(!answer.to_string().contains(secret), "{answer}");
    let of = |name: &str| {
        let mut all = answer["data"].as_array().unwrap().iter();
        let setting = all.find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name} in {answer}"));
        (setting["value"].as_str(), setting["origin"].as_str().unwrap())
    };
    assert_eq!(of("REALM_NAME"), (Some("Testland"), "environment"));
    assert_eq!(of("CALLS_PER_MIN"), (Some("77"), "command_line"));
    assert_eq!(of("LIST_USERS"), (Some("true"), "default"));
    assert_eq!(of("JWT_SECRET"), (None, "environment"));
    assert_eq!(of("REALTIME_DEBOUNCE_MS"), (Some("300"), "environment"));
    assert_eq!(of("LIMIT_MAX_LOBBY_PASSWORD"), (Some("128"), "default"));
    assert_eq!(of("LIMIT_MAX_DISPLAY_NAME"), (Some("5"), "environment"));
    let refused = call(api, ("PATCH", "/api/v1/me/display_name"), token, r#"{"display_name": "Tester"}"#);
    assert_eq!(refused["errors"]["display_name"][0], "should be at most 5 character(s)");
    assert_eq!(
        (of("RUST_LOG"), of("PORT"), of("ROLES").1),
        ((Some("info"), "environment"), (Some("0"), "environment"), "default")
    );
}

#[test]
fn a_second_one_in_the_same_folder_is_refused_and_leaves_the_first_alone() {
    let dir = world();
    let first = Serving::start(&mut sidecar(dir.path(), &["serve"]));
    let file = dir.path().join("data/sidecar/ready.json");
    let ready = std::fs::read(&file).unwrap();
    let (code, said) = ended(&mut sidecar(dir.path(), &["serve"]));
    assert!(code == 2 && said.contains("DATA_DIR: sidecar gateway-1 already runs in"), "{code}: {said}");
    assert_eq!(std::fs::read(&file).unwrap(), ready, "scripts find the one that runs");
    let addrs: Value = serde_json::from_slice(&ready).unwrap();
    assert!(get(&addrs["api_addr"], "/readyz").starts_with("HTTP/1.1 200 "), "and it serves");
    // kill -9: the next process need not wait until that one is silent.
    drop(first);
    Serving::start(&mut sidecar(dir.path(), &["serve"]));
}

#[test]
fn any_subset_of_the_roles_runs_with_its_listeners_alone() {
    let all = [("api", "API_ADDR"), ("directory", "DIRECTORY_ADDR"), ("gateway", "GATEWAY_ADDR")];
    for roles in [
        &["api"][..],
        &["directory"],
        &["gateway"],
        &["api", "directory"],
        &["api", "gateway"],
        &["gateway", "directory"],
        &["api", "directory", "gateway"],
    ] {
        let dir = world();
        // A process without the role does not mind that its port is taken.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = sidecar(dir.path(), &["serve", "--roles", &roles.join(",")]);
        let others = all.iter().filter(|(role, _)| !roles.contains(role));
        command.envs(others.map(|(_, setting)| (setting, taken.local_addr().unwrap().to_string())));
        let _serving = Serving::start(&mut command);
        let ready = std::fs::read(dir.path().join("data/sidecar/ready.json")).unwrap();
        let ready: Value = serde_json::from_slice(&ready).unwrap();
        for (role, _) in all {
            let addr = &ready[format!("{role}_addr")];
            assert_eq!(addr.is_string(), roles.contains(&role), "{roles:?}: {ready}");
            if !addr.is_string() || (role == "gateway" && roles.len() > 1) {
                continue;
            }
            for path in ["/healthz", "/readyz", "/metrics"] {
                assert!(get(addr, path).starts_with("HTTP/1.1 200 "), "{roles:?}: {path} on {role}");
            }
        }
        let answers = |role: &str, path: &str| get(&ready[format!("{role}_addr")], path);
        if roles.contains(&"api") {
            assert!(answers("api", "/character-classes").starts_with("HTTP/1.1 200 "));
        }
        if roles.contains(&"directory") {
            assert!(answers("directory", "/map-registry/servers").starts_with("HTTP/1.1 401 "), "it is there");
            assert!(answers("directory", "/map-link").starts_with("HTTP/1.1 400 "), "{roles:?}: so is the map link");
        }
        if roles.contains(&"gateway") {
            assert!(answers("gateway", "/characters").starts_with("HTTP/1.1 404 "), "accounts are elsewhere");
            assert!(answers("gateway", "/ws").starts_with("HTTP/1.1 400 "), "{roles:?}: the gateway is there");
        }
    }
}

#[test]
fn the_community_alone_hands_out_how_the_realm_looks() {
    let dir = world();
    std::fs::write(dir.path().join("assets/mark.png"), b"\x89PNG\r\n\x1a\nand more").unwrap();
    std::fs::write(dir.path().join("assets/theme.toml"), "logo = 'mark.png'\n[colours]\naccent = '#d0a0ff'\n").unwrap();
    let _serving = Serving::start(&mut sidecar(dir.path(), &["serve", "--roles", "community"]));
    let ready = std::fs::read(dir.path().join("data/sidecar/ready.json")).unwrap();
    let api = &serde_json::from_slice::<Value>(&ready).unwrap()["api_addr"];
    assert!(get(api, "/play").starts_with("HTTP/1.1 404 "), "the game's page is elsewhere");
    assert!(get(api, "/characters").starts_with("HTTP/1.1 404 "), "and so are characters");
    let page = get(api, "/account/forgot");
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let files: Vec<&str> = page.split('"').filter(|part| part.starts_with("/theme/")).collect();
    let kinds = ["text/css; charset=utf-8", "image/png"];
    for kind in kinds {
        let has = |file: &&str| get(api, file).to_lowercase().contains(&format!("content-type: {kind}\r\n"));
        assert!(files.iter().any(has), "none of {files:?} is {kind}");
    }
    for file in files {
        let answer = get(api, file);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{file}: {answer}");
    }
}

#[test]
fn roles_that_are_none_are_refused_with_the_right_ones() {
    let dir = world();
    for (roles, named) in [("api,librarian", "librarian"), ("", "at least one role")] {
        let output = sidecar(dir.path(), &["serve"]).env("ROLES", roles).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in [named, "ROLES", "api", "directory", "gateway"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    let binary = ("SERVER_MANAGER_BINARY", "/bin/sh");
    let local = [("ROLES", "gateway"), ("SERVER_MANAGER", "local"), binary];
    let (code, said) = ended(sidecar(dir.path(), &["serve"]).envs(local));
    assert_eq!(code, 2);
    assert!(said.contains("SERVER_MANAGER") && said.contains("directory"), "{said}");
}

#[test]
fn a_port_in_use_is_named_with_its_setting() {
    let dir = world();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let tls = [("TLS_CERT_FILE", "cert.pem"), ("TLS_KEY_FILE", "key.pem")];
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (addr, port) = (taken.local_addr().unwrap().to_string(), taken.local_addr().unwrap().port().to_string());
    for (given, value, setting) in [
        ("API_ADDR", &addr, "API_ADDR"),
        ("DIRECTORY_ADDR", &addr, "DIRECTORY_ADDR"),
        ("GATEWAY_ADDR", &addr, "GATEWAY_ADDR"),
        ("HTTP_REDIRECT_ADDR", &addr, "HTTP_REDIRECT_ADDR"),
        ("PORT", &port, "API_ADDR"),
        ("WORLD_DIRECTORY_PORT", &port, "DIRECTORY_ADDR"),
        ("GATEWAY_PORT", &port, "GATEWAY_ADDR"),
    ] {
        let (code, said) = ended(sidecar(dir.path(), &["serve"]).envs(tls).env(given, value));
        assert_eq!(code, 1, "{given}: {said}");
        assert!(said.starts_with(&format!("sidecar: cannot listen on {addr}: ")), "{given}: {said}");
        assert!(said.ends_with(&format!("; set {setting} to another address")), "{given}: {said}");
    }
}

/// A limit on the size of files stands in for a disk that is full: writing fails, as it does there.
#[test]
fn start_without_room_for_a_secret_may_be_tried_again() {
    let dir = world();
    let mut full = program("/bin/sh", dir.path());
    let limited = r#"trap "" XFSZ; ulimit -f 0; exec "$0" serve"#;
    let (code, said) = ended(full.args(["-c", limited, env!("CARGO_BIN_EXE_sidecar")]));
    assert_eq!(code, 1, "a service is started again: {said}");
    assert!(said.starts_with("sidecar: SERVICE_TOKEN: ") && said.ends_with("free some and start again"), "{said}");
    let secrets = dir.path().join("data/secrets");
    assert_eq!(std::fs::read_dir(&secrets).unwrap().count(), 0, "no draft is left");
    drop(Serving::start(&mut sidecar(dir.path(), &["serve"])));
    assert_eq!(std::fs::read_dir(&secrets).unwrap().count(), 3);
}

#[test]
fn settings_that_cannot_be_are_exit_code_2_and_named() {
    let dir = world();
    for (key, value) in [
        ("DATABASE_URL", "postgres://user:hunter2@db:port/realm"),
        ("REDIS_URL", "cache:hunter2@redis"),
        ("JWT_SECRET", "too short"),
        ("TICKET_KEY_FILE", "/nonexistent"),
        ("ALLOWED_ORIGINS", "play.example"),
        ("ASSETS_DIR", "nowhere"),
        ("RUST_LOG", "=="),
        ("TRUSTED_PROXIES", "10.0.0.0/64"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://user:hunter2@otel"),
        ("SENTRY_DSN", "https://hunter2@sentry.example"),
        ("DEPLOYMENT_ENVIRONMENT", "two words"),
    ] {
        let Output { status, stdout, stderr } = sidecar(dir.path(), &["serve"]).env(key, value).output().unwrap();
        let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert_eq!(status.code(), Some(2), "{key}: {said}");
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with(&format!("sidecar: {key}: ")) && !said.contains("hunter2"), "{said}");
    }
    // The command line's own complaints.
    for (args, calls, named) in
        [(&["serve", "--nonsense"][..], "1", "--nonsense"), (&["serve"], "0", "--calls-per-min")]
    {
        let Output { status, stderr, .. } = sidecar(dir.path(), args).env("CALLS_PER_MIN", calls).output().unwrap();
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.code() == Some(2) && said.contains(named), "{said}");
    }
    for (setting, value, range) in [
        ("LIMIT_MAX_METADATA_SIZE", "65537", "2..=65536"),
        ("LIMIT_MAX_USERNAME", "12", "32..=64"),
        ("LIMIT_MAX_LOBBY_USERS", "many", "digit"),
        ("REALTIME_DEBOUNCE_MS", "10001", "0..=10000"),
        ("REALTIME_DEBOUNCE_MS", "-1", "0..=10000"),
    ] {
        let Output { status, stderr, .. } = sidecar(dir.path(), &["serve"]).env(setting, value).output().unwrap();
        let said = String::from_utf8_lossy(&stderr);
        let flag = format!("--{}", setting.to_lowercase().replace('_', "-"));
        assert!(status.code() == Some(2) && [value, &flag, range].iter().all(|part| said.contains(part)), "{said}");
    }
}

/// Secrets that only a command or a folder has are used, and are neither logged nor generated.
#[test]
fn secrets_come_from_a_folder_and_a_command() {
    let dir = world();
    let stored = dir.path().join("stored");
    std::fs::create_dir(&stored).unwrap();
    let token = "service-token-of-the-folder-0123456789";
    std::fs::write(stored.join("SERVICE_TOKEN"), format!("{token}\n")).unwrap();
    std::fs::write(stored.join("DATABASE_URL"), "sqlite:elsewhere.db").unwrap();
    let command =
        "echo SERVICE_TOKEN=not-used-0123456789-0123456789-ab; echo JWT_SECRET=hunter2-0123456789-0123456789-ab";
    let log = dir.path().join("log");
    let mut serve = sidecar(dir.path(), &["serve"]);
    serve.env("SECRETS_DIR", &stored).env("SECRETS_COMMAND", command).env("RUST_LOG", "trace");
    serve.env("READY_FILE", dir.path().join("ready.json")).stderr(std::fs::File::create(&log).unwrap());
    let mut serving = Serving(serve.spawn().unwrap());
    let clock = realmgate_platform::clock::Clock::system();
    while !dir.path().join("ready.json").exists() {
        assert!(serving.0.try_wait().unwrap().is_none(), "{}", std::fs::read_to_string(&log).unwrap());
        assert!(clock.uptime().as_secs() < 60, "it is not ready");
        std::thread::yield_now();
    }
    let ready: Value = serde_json::from_slice(&std::fs::read(dir.path().join("ready.json")).unwrap()).unwrap();
    let servers = call(&ready["directory_addr"], ("GET", "/map-registry/servers"), token, "");
    assert_eq!(servers, serde_json::json!([]), "the token of the folder is accepted");
    let generated = std::fs::read_dir(dir.path().join("data/secrets")).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(generated.collect::<Vec<_>>(), ["ticket_key"], "only what no store has is generated");
    assert!(dir.path().join("elsewhere.db").is_file());
    serving.signal("TERM");
    assert!(serving.0.wait().unwrap().success());
    let log = std::fs::read_to_string(&log).unwrap();
    for (setting, store) in
        [("SERVICE_TOKEN", "SECRETS_DIR"), ("DATABASE_URL", "SECRETS_DIR"), ("JWT_SECRET", "SECRETS_COMMAND")]
    {
        let line = format!("secret read setting=\"{setting}\" store=\"{store}\"");
        assert!(log.contains(&line), "{line} in {log}");
    }
    assert!(!log.contains(token) && !log.contains("hunter2") && !log.contains("not-used"), "{log}");

    assert_eq!(ended(sidecar(dir.path(), &["audit"]).env("SECRETS_DIR", &stored)).0, 0, "verbs find the database too");
}

#[test]
fn a_store_of_secrets_that_fails_is_named_with_its_exit_code() {
    let dir = world();
    for (setting, value, code, told) in [
        ("SECRETS_DIR", "nowhere", 2, "nowhere: No such file or directory"),
        ("SECRETS_DIR", "assets", 2, "has no file named as a secret"),
        ("SECRETS_COMMAND", "echo JWT_SECRET: hunter2", 2, "line 1 is not SETTING=value"),
        ("SECRETS_COMMAND", "echo hunter2 | tee /dev/stderr; exit 7", 1, "exit status: 7"),
    ] {
        for verb in [&["serve"][..], &["migrate"]] {
            let output = sidecar(dir.path(), verb).env(setting, value).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{said}");
            let last = said.lines().last().unwrap_or_default();
            assert!(last.starts_with(&format!("sidecar: {setting}: ")) && last.contains(told), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    assert!(!dir.path().join("data").exists(), "nothing starts");
}

#[test]
fn an_exposed_listener_wants_strong_secrets() {
    let dir = world();
    // Long enough, and easily guessed.
    let weak = "sesame".repeat(6);
    for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR", "HTTP_REDIRECT_ADDR"] {
        // The secrets are checked before the certificate, which is not there.
        let refused_for = |addr: &str, secrets: &[&str], named: &str| {
            let tls = [("TLS_CERT_FILE", "cert.pem"), ("TLS_KEY_FILE", "key.pem")];
            let mut serve = sidecar(dir.path(), &["serve"]);
            serve.envs(tls).env(listener, addr).envs(secrets.iter().map(|secret| (secret, &weak)));
            let (code, said) = ended(&mut serve);
            assert_eq!(code, 2, "{listener}: {said}");
            assert!(said.starts_with(&format!("sidecar: {named}: ")) && !said.contains("sesame"), "{listener}: {said}");
        };
        let secrets = ["JWT_SECRET", "TICKET_KEY", "SERVICE_TOKEN"];
        secrets.iter().for_each(|secret| refused_for("0.0.0.0:0", &[secret], secret));
        // Nor is one network's address, or any of IPv6's, this machine's own.
        for addr in ["192.0.2.1:0", "[::]:0"] {
            refused_for(addr, &["JWT_SECRET"], "JWT_SECRET");
        }
        refused_for("127.0.0.1:0", &secrets, "TLS_CERT_FILE");
        // Those that it makes itself are strong.
        refused_for("0.0.0.0:0", &[], "TLS_CERT_FILE");
    }

    let open = [("DIRECTORY_ADDR", "0.0.0.0:0"), ("ALLOW_UNAUTHENTICATED_REGISTRY", "true")];
    let (code, said) = ended(sidecar(dir.path(), &["serve"]).envs(open));
    assert_eq!(code, 2);
    assert!(said.contains("ALLOW_UNAUTHENTICATED_REGISTRY"), "{said}");
}

#[test]
fn the_document_goes_to_stdout_alone() {
    let dir = tempfile::tempdir().unwrap();
    let output = sidecar(dir.path(), &["openapi"]).output().unwrap();
    assert!(output.status.success());
    let document = realmgate_sidecar::http::document().to_pretty_json().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{document}\n"));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn what_verbs_need_is_made_by_migrate_alone_and_who_is_not_there_is_named() {
    let dir = world();
    for verb in [&["audit"][..], &["admin", "grant", "nobody"], &["admin", "locks"], &["admin", "release", "nobody"]] {
        let (code, said) = ended(&mut sidecar(dir.path(), verb));
        assert_eq!(code, 2, "a world that is not there is not made to be looked at");
        assert!(said.contains("no database"), "{said}");
        assert!(!dir.path().join("data").exists(), "{verb:?}");
    }
    assert_eq!(ended(&mut sidecar(dir.path(), &["migrate"])).0, 0);
    assert!(dir.path().join("data/realmgate.db").exists());
    let (code, said) = ended(&mut sidecar(dir.path(), &["admin", "grant", "nobody"]));
    assert_eq!(code, 2);
    assert!(said.contains("`nobody`"), "{said}");
    let (code, said) = ended(&mut sidecar(dir.path(), &["admin", "release", "Nobody"]));
    assert_eq!(code, 2);
    assert!(said.contains("no character `Nobody`"), "{said}");
    let locks = sidecar(dir.path(), &["admin", "locks"]).output().unwrap();
    assert!(locks.status.success() && locks.stdout.is_empty(), "nobody plays: {locks:?}");
}

realmgate_services::reaper!();
