//! The program, with those whom it is to tell away, slow or well.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use realmgate_platform::telemetry::FLUSH_WITHIN;
use serde_json::Value;
use tempfile::TempDir;

use crate::listener::{Answers, Listener, attribute, spans};

/// How long a request, and the end of a process that has nothing to wait for, may take on a machine that is busy.
const BRISK: Duration = Duration::from_secs(4);

/// A running `sidecar serve`, killed if the test does not end it.
struct Serving {
    process: Child,
    dir: TempDir,
    /// All lines of its log, once it has ended.
    said: Option<JoinHandle<Vec<String>>>,
}

impl Serving {
    fn start(settings: &[(&str, &str)]) -> Self {
        let dir = realmgate_platform::testing::folder();
        std::fs::create_dir(dir.path().join("assets")).unwrap();
        std::fs::write(dir.path().join("assets/classes.toml"), "[mage]\nname = 'Mage'\n").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar"));
        command.arg("serve").current_dir(dir.path()).env_clear().envs(realmgate_services::run().environment());
        command.envs(settings.iter().copied());
        for addr in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
            command.env(addr, "127.0.0.1:0");
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut said: Vec<String> = Vec::new();
        while !said.last().is_some_and(|line| line.ends_with("ready")) {
            said.push(lines.next().expect("it ended before it was ready"));
        }
        // Keep reading, or the pipe fills up.
        let said = std::thread::spawn(move || said.into_iter().chain(lines).collect());
        Self { process, dir, said: Some(said) }
    }

    /// Asks for something. Returns the answer, and how long it took.
    fn get(&self, path: &str) -> (String, Duration) {
        let ready = std::fs::read(self.dir.path().join("data/sidecar/ready.json")).unwrap();
        let ready: Value = serde_json::from_slice(&ready).unwrap();
        let began = now();
        let mut stream = TcpStream::connect(ready["api_addr"].as_str().unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer, now() - began)
    }

    /// Ends it. Returns how long that took, and all that it has logged.
    fn end(mut self) -> (Duration, Vec<String>) {
        let began = now();
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success(), "it ends well");
        let took = now() - began;
        (took, self.said.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "this test is about how long something takes")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn what_is_queued_at_the_end_is_sent() {
    let listener = Listener::start(Answers::Well);
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*listener.url("/team")),
        ("OTEL_SERVICE_NAME", "gate"),
        ("RUST_LOG", "off,sidecar=info"),
    ];
    let serving = Serving::start(&settings);
    assert!(serving.get("/character-classes").0.starts_with("HTTP/1.1 200 "));
    serving.end();
    let posts = listener.posts();
    assert!(posts.iter().all(|post| post.path == "/team/v1/traces"), "{posts:#?}");
    assert!(posts.iter().flat_map(spans).any(|span| span["name"] == "GET /character-classes"), "{posts:#?}");
    let resource = &posts[0].json()["resourceSpans"][0]["resource"];
    assert_eq!(attribute(resource, "service.name")["stringValue"], "gate");
    assert_eq!(attribute(resource, "service.instance.id")["stringValue"], "gateway-1");
}

#[test]
fn of_a_ratio_of_nothing_nothing_is_sent() {
    let listener = Listener::start(Answers::Well);
    let url = listener.url("");
    let serving = Serving::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("OTEL_TRACES_SAMPLER_ARG", "0")]);
    serving.get("/character-classes");
    serving.end();
    assert_eq!(listener.posts().len(), 0);
}

#[test]
fn a_receiver_that_is_slow_or_fails_holds_nothing_up() {
    for answers in [Answers::Never, Answers::Failure, Answers::Nonsense] {
        let listener = Listener::start(answers);
        let dsn = listener.url("/1").replace("http://", "http://key@");
        let serving = Serving::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &*listener.url("")), ("SENTRY_DSN", &*dsn)]);
        serving.get("/character-classes");
        listener.wait_for(|post| post.path == "/v1/traces");
        for _ in 0..10 {
            let (answer, took) = serving.get("/character-classes");
            assert!(answer.starts_with("HTTP/1.1 200 ") && took < BRISK, "{answers:?}: {took:?}");
        }
        let (took, _) = serving.end();
        let most = if answers == Answers::Never { FLUSH_WITHIN + BRISK } else { BRISK };
        assert!(took < most, "{answers:?}: {took:?}");
    }
}

#[test]
fn nobody_there_holds_nothing_up() {
    // Nobody listens at port 1.
    let nobody = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("SENTRY_DSN", "http://key@127.0.0.1:1/1")];
    let serving = Serving::start(&nobody);
    let (answer, took) = serving.get("/character-classes");
    assert!(answer.starts_with("HTTP/1.1 200 ") && took < BRISK, "{took:?}");
    let (took, said) = serving.end();
    assert!(took < BRISK, "{took:?}");
    let has_said = |words: &str| said.iter().any(|line| line.contains(words));
    assert!(has_said("cannot send traces or errors"), "it has tried: {said:#?}");
    assert!(!has_said("shutting down before all traces"), "it has not waited for nobody: {said:#?}");
}
