//! Services that are not ours, in processes of their own: an Express app, and Python's `http.server`.

use std::io::ErrorKind;
use std::process::Stdio;

use axum::http::{Method, StatusCode};
use realmgate_platform::testing::soon;
use realmgate_skip::skip;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::backends::Player;
use crate::by_hand::{exchange, statuses};
use crate::place::{Place, answer, entry};

/// What a script ends with where its package is missing.
const MISSING: i32 = 77;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/door");
/// A file of [`FOLDER`] that both serve.
const FILE: &str = "express.mjs";
/// Prints its port. `http.server` prints what no program can rely on.
const PYTHON: &str = "
import http.server, json, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        length = int(self.headers['Content-Length'])
        order = json.loads(self.rfile.read(length))
        body = json.dumps({'user': self.headers.get('X-User-Id'), 'order': order}).encode()
        self.send_response(201)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
";

/// A process that serves HTTP. It is killed when this is dropped.
struct Peer {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Peer {
    /// Starts a program whose first line is its port; `None`, with a message, where it or a package of it is missing.
    async fn start(mut command: Command) -> Option<Self> {
        command.envs(realmgate_services::run().environment()).current_dir(FOLDER);
        let mut child = match command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
        {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip(format!("{:?} is not installed", command.as_std().get_program()));
                return None;
            }
            child => child.unwrap(),
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the first line", lines.next_line()).await.unwrap().unwrap_or_default();
        let Ok(port) = first.parse::<u16>() else {
            assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(MISSING), "{first}");
            skip(first);
            return None;
        };
        Some(Self { _child: child, lines, url: format!("http://127.0.0.1:{port}") })
    }

    async fn express() -> Option<Self> {
        let mut node = Command::new("node");
        node.arg("express.mjs");
        Self::start(node).await
    }

    async fn python() -> Option<Self> {
        let mut python = Command::new("python3");
        python.args(["-c", PYTHON]);
        Self::start(python).await
    }
}

async fn behind_a_door(peer: &Peer) -> (Place, Player) {
    let place = Place::new(&entry("shop", &peer.url, "")).await;
    let ann = place.user("ann").await;
    (place, ann)
}

async fn posts_json(place: &Place, ann: &Player) {
    let order = json!({"item": "sword", "count": 2});
    let call = place.call(Method::POST, "/shop/orders").bearer_auth(&ann.access).json(&order);
    assert_eq!(answer(call).await.expect(StatusCode::CREATED), json!({"user": ann.id, "order": order}));
}

#[tokio::test]
async fn express_app_is_served_through_the_door() {
    let Some(mut peer) = Peer::express().await else { return };
    let (place, ann) = behind_a_door(&peer).await;
    let get = |path: &str| place.get(path).bearer_auth(&ann.access);
    assert_eq!(answer(get("/shop/hello")).await.expect(StatusCode::OK), json!({"user": ann.id, "from": "127.0.0.1"}));
    posts_json(&place, &ann).await;

    let moved = answer(get("/shop/old")).await;
    assert_eq!((moved.status, moved.header("location")), (StatusCode::FOUND, Some("/shop/hello")));
    let moved = answer(get("/shop/back")).await;
    assert_eq!(moved.header("location"), Some(&*format!("http://{}/shop/hello", place.addr())));
    let set = answer(get("/shop/cookie")).await;
    assert_eq!(set.header("set-cookie"), Some("cart=7; HttpOnly; Path=/shop"));

    let whole = std::fs::read_to_string(format!("{FOLDER}/{FILE}")).unwrap();
    let file = answer(get(&format!("/shop/files/{FILE}"))).await;
    assert_eq!((file.status, &file.text), (StatusCode::OK, &whole));
    let part = answer(get(&format!("/shop/files/{FILE}")).header("range", "bytes=3-12")).await;
    assert_eq!((part.status, &*part.text), (StatusCode::PARTIAL_CONTENT, &whole[3..13]));
    assert_eq!(part.header("content-range"), Some(&*format!("bytes 3-12/{}", whole.len())));
    let same = get(&format!("/shop/files/{FILE}")).header("if-none-match", file.header("etag").unwrap());
    assert_eq!(answer(same).await.status, StatusCode::NOT_MODIFIED);
    let head = answer(place.call(Method::HEAD, &format!("/shop/files/{FILE}")).bearer_auth(&ann.access)).await;
    assert_eq!((head.header("content-length"), &*head.text), (Some(&*whole.len().to_string()), ""));

    assert_eq!(answer(get("/shop/chunks")).await.text, "one two three");
    assert_eq!(answer(get("/shop/throws")).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer(get("/shop/nothing")).await.status, StatusCode::NOT_FOUND);

    let mut events = get("/shop/events").send().await.unwrap();
    assert_eq!(soon("an event", events.chunk()).await.unwrap().unwrap(), format!("data: {}\n\n", ann.id));
    drop(events);
    assert_eq!(soon("the stream's end", peer.lines.next_line()).await.unwrap().as_deref(), Some("closed"));
}

#[tokio::test]
async fn python_server_is_served_through_the_door() {
    let Some(peer) = Peer::python().await else { return };
    let (place, ann) = behind_a_door(&peer).await;
    let get = |path: &str| place.get(path).bearer_auth(&ann.access);
    let whole = std::fs::read_to_string(format!("{FOLDER}/{FILE}")).unwrap();
    for _ in 0..3 {
        assert_eq!(answer(get(&format!("/shop/{FILE}"))).await.text, whole);
    }
    posts_json(&place, &ann).await;
    assert_eq!(answer(get("/shop/nothing")).await.status, StatusCode::NOT_FOUND);
    let listed = answer(get("/shop/")).await;
    assert!(listed.status.is_success() && listed.text.contains(FILE), "{}", listed.text);
    // The tests' folder is what it serves; its parent is out of reach.
    let request = format!(
        "GET /shop/%2e%2e/testing/mod.rs HTTP/1.1\r\nHost: localhost\r\n\
         Authorization: Bearer {}\r\nConnection: close\r\n\r\n",
        ann.access
    );
    assert_eq!(statuses(&exchange(place.addr(), request).await), [400]);
    let none: Value = answer(place.get(&format!("/shop/{FILE}"))).await.problem(401, "UNAUTHORIZED");
    assert_eq!(none["status"], 401);
}
