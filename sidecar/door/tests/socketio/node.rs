//! Official clients and a service of the official server, both from npm, on both sides of the door.

use std::io::ErrorKind;
use std::process::Stdio;

use realmgate_door::socketio::Settings;
use realmgate_platform::testing::soon;
use realmgate_skip::skip;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::world::{Door, service};

/// What the script ends with where a package is missing.
const MISSING: i32 = 77;

/// The script in a process of its own.
struct Peers {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Peers {
    /// Starts it; `None`, with a message, where Node or a package is missing.
    async fn start(scenario: &str) -> Option<Self> {
        let mut node = Command::new("node");
        node.envs(realmgate_services::run().environment());
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/socketio.mjs")).arg(scenario);
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = match node.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip("node (Node.js) is not installed: no official client used the door");
                return None;
            }
            child => child.unwrap(),
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the first line", lines.next_line()).await.unwrap().unwrap_or_default();
        let Ok(started) = serde_json::from_str::<Value>(&first) else {
            assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(MISSING), "{first}");
            skip(format!("{first}: no official client used the door"));
            return None;
        };
        let port = u16::try_from(started["port"].as_u64().unwrap()).unwrap();
        let input = child.stdin.take().unwrap();
        Some(Self { child, input, lines, port })
    }

    async fn write(&mut self, line: &Value) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// What it writes next.
    async fn next(&mut self) -> Value {
        let line = soon("a line", self.lines.next_line()).await.unwrap().expect("the scenario passes (see stderr)");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

/// Plays a scenario with a door in front of the script's service.
async fn play(scenario: &str) {
    let Some(mut peers) = Peers::start(scenario).await else { return };
    let address = ([127, 0, 0, 1], peers.port).into();
    let services =
        [service("shop", "/", address), service("forum", "/forum", address), service("missing", "/missing", address)];
    let door = Door::open(Settings::default(), services).await;
    let (alice, eve) = (door.login(1).await, door.login(2).await);
    let forged = format!("{}x", alice.token);
    let url = format!("http://{}", door.address);
    peers.write(&json!({"url": url, "tokens": [alice.token, eve.token], "forged": forged})).await;
    loop {
        let line = peers.next().await;
        if line == json!({"do": "log_out"}) {
            door.log_out(&alice).await;
            continue;
        }
        assert_eq!(line, json!({"passed": scenario}));
        break;
    }
    assert!(soon("the end", peers.child.wait()).await.unwrap().success());
}

macro_rules! scenarios {
    ($($(#[doc = $doc:literal])* $name:ident = $scenario:literal;)*) => {
        $($(#[doc = $doc])* #[tokio::test]
        async fn $name() {
            play($scenario).await;
        })*
    };
}

scenarios! {
    events_and_acknowledgements_pass_over_polling = "events_over_polling";
    events_and_acknowledgements_pass_over_websocket = "events_over_websocket";
    events_and_acknowledgements_pass_during_an_upgrade = "events_over_upgrade";
    attachments_pass_over_polling = "binary_over_polling";
    attachments_pass_over_websocket = "binary_over_websocket";
    attachments_pass_during_an_upgrade = "binary_over_upgrade";
    namespaces_share_a_connection = "namespaces";
    rooms_of_the_service_reach_their_members = "rooms";
    each_of_many_clients_gets_its_own = "many_clients";
    refusals_arrive_as_connect_error = "refusals";
    disconnects_arrive_with_their_reasons = "reasons";
    sessions_are_recovered_by_their_own_user = "recovery";
    clients_reconnect_when_the_service_restarts = "restart";
    log_out_disconnects_the_client = "log_out";
}
