//! The steps of docs/gateway.md, as a reader takes them: the shop in Node, `services.toml`, curl, and the client of Socket.IO.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use realmgate_platform::testing::{folder, soon};
use realmgate_skip::skip;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::place::Place;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The code blocks of the page in a language, without the indentation of the list that they are in.
fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/gateway.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Vec<&str>)> = None;
    for line in page.lines() {
        let fence = line.trim_start();
        match &mut open {
            None if fence == format!("```{language}") => open = Some((line.len() - fence.len(), Vec::new())),
            None => {}
            Some((_, lines)) if fence == "```" => {
                blocks.push(lines.join("\n"));
                open = None;
            }
            Some((indent, lines)) => lines.push(line.get(*indent..).unwrap_or_default()),
        }
    }
    blocks
}

/// A folder with the shop and the packages that `npm install` would bring; `None`, with a message, where they are missing.
fn installed() -> Option<TempDir> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the folder of tools is found by the environment, as install.sh finds it"
    )]
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    let packages = cache.join("realmgate-tools/node/node_modules");
    for package in ["express", "socket.io", "socket.io-client"] {
        if !packages.join(package).is_dir() {
            skip(format!("{package} is not installed (tests/node/install.sh): nobody followed docs/gateway.md"));
            return None;
        }
    }
    let folder = folder();
    std::os::unix::fs::symlink(packages, folder.path().join("node_modules")).unwrap();
    std::fs::copy(Path::new(ROOT).join("examples/services/shop.mjs"), folder.path().join("shop.mjs")).unwrap();
    Some(folder)
}

/// A program in a folder, and the lines that it prints. It is killed when this is dropped.
struct Program {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(folder: &TempDir, program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Option<Self> {
        let mut command = Command::new(program);
        command.envs(realmgate_services::run().environment()).envs(environment.iter().copied());
        command
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip(format!("{program} is not installed: nobody followed docs/gateway.md"));
                return None;
            }
            child => child.unwrap(),
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { _child: child, lines })
    }

    async fn line(&mut self) -> String {
        soon("a line", self.lines.next_line()).await.unwrap().expect("it goes on")
    }
}

#[tokio::test]
async fn steps_of_the_page_lead_to_a_service_over_http_and_socket_io() {
    let Some(folder) = installed() else { return };
    let Some(mut shop) = Program::start(&folder, "node", &["shop.mjs"], &[("PORT", "0")]) else { return };
    let line = shop.line().await;
    let port = line.strip_prefix("the shop is open on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    assert_eq!(
        blocks("sh")[0],
        "npm install express socket.io && node shop.mjs",
        "the first step is what this test stands for"
    );

    let [services] = &blocks("toml")[..] else { panic!("one block is the dictionary") };
    let place = Place::new(&services.replace(":5000", &format!(":{port}"))).await;
    let (door, api) = (place.addr().to_string(), place.realm.app().state().addrs.api.to_string());

    let calls = blocks("sh")[1].replace("127.0.0.1:3004", &door).replace("127.0.0.1:3000", &api);
    // The token is for the last step too. A response of the shop has no line end.
    let script = format!("set -e\ncurl() {{ command curl -sS \"$@\"; echo; }}\n{calls}\necho $token");
    let Some(mut shell) = Program::start(&folder, "sh", &["-c", &script], &[]) else { return };
    assert_eq!(shell.line().await, r#"{"potion":5}"#);
    let cart: serde_json::Value = serde_json::from_str(&shell.line().await).unwrap();
    let owner = cart["owner"].as_str().unwrap().to_owned();
    assert!(owner.len() == 36 && cart["items"] == serde_json::json!([]), "{cart}");
    let token = shell.line().await;

    let [client] = &blocks("js")[..] else { panic!("one block is the client") };
    let client = client.replace("127.0.0.1:3004", &door);
    let client = client.replacen("\n\n", "\n\nconst token = process.env.TOKEN;\n", 1);
    std::fs::write(folder.path().join("client.mjs"), client).unwrap();
    let mut client = Program::start(&folder, "node", &["client.mjs"], &[("TOKEN", &token)]).unwrap();
    assert_eq!(client.line().await, format!("{{ item: 'potion', buyer: '{owner}' }}"));
}

#[test]
fn example_has_no_faults() {
    let file = Path::new(ROOT).join("examples/services/services.toml");
    let summary = realmgate_door::dictionary::check(&file).unwrap();
    assert_eq!(summary.to_string(), "No faults: 2 services, 1 with Socket.IO.");
}
