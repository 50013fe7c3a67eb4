//! Whoever traces and errors are sent to: it writes down what it is told, and answers well or badly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answers {
    /// 200.
    Well,
    /// 500.
    Failure,
    /// What is not HTTP.
    Nonsense,
    /// Not at all, and the connection stays open.
    Never,
}

/// What it was told.
#[derive(Clone, Debug)]
pub struct Post {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A listener, until the process of the test ends.
pub struct Listener {
    addr: SocketAddr,
    told: Arc<(Mutex<Vec<Post>>, Condvar)>,
}

impl Listener {
    pub fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (addr, told) = (listener.local_addr().unwrap(), Arc::<(Mutex<Vec<Post>>, Condvar)>::default());
        let kept = told.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), kept.clone());
                std::thread::spawn(move || serve(stream, answers, &kept));
            }
        });
        Self { addr, told }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// All that it was told so far.
    pub fn posts(&self) -> Vec<Post> {
        self.told.0.lock().unwrap().clone()
    }

    /// Waits until it was told something such.
    pub fn wait_for(&self, what: impl Fn(&Post) -> bool) {
        let posts = self.told.0.lock().unwrap();
        let waited = self.told.1.wait_timeout_while(posts, PATIENCE, |posts| !posts.iter().any(&what)).unwrap();
        assert!(!waited.1.timed_out(), "it was told nothing such: {:#?}", *waited.0);
    }
}

fn serve(stream: TcpStream, answers: Answers, told: &(Mutex<Vec<Post>>, Condvar)) {
    let mut stream = BufReader::new(stream);
    while let Some(post) = read(&mut stream) {
        told.0.lock().unwrap().push(post);
        told.1.notify_all();
        let answer = match answers {
            Answers::Well => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            Answers::Failure => "HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops",
            Answers::Nonsense => "what?\r\n\r\n",
            Answers::Never => continue,
        };
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Post> {
    let mut line = || {
        let mut line = String::new();
        (stream.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    while let Some((name, value)) = line()?.split_once(':') {
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut post = Post { path, headers, body: String::new() };
    let mut body = vec![0; post.header("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    post.body = String::from_utf8(body).unwrap();
    Some(post)
}

impl Post {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The spans in a post of traces.
pub fn spans(post: &Post) -> Vec<Value> {
    post.json()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

/// The events in a post of envelopes, each as long as it says.
pub fn events(post: &Post) -> Vec<Value> {
    let lines: Vec<&str> = post.body.lines().collect();
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let event = |three: &[&str]| {
        let (about, item, event) = (read(three[0]), read(three[1]), read(three[2]));
        assert_eq!((&about["event_id"], &item["length"]), (&event["event_id"], &three[2].len().into()));
        assert_eq!(item["type"], "event");
        event
    };
    lines.chunks(3).map(event).collect()
}

/// What an attribute says; nothing where there is none.
pub fn attribute(of: &Value, key: &str) -> Value {
    let all = of["attributes"].as_array().into_iter().flatten();
    all.clone().find(|attribute| attribute["key"] == key).map_or(Value::Null, |attribute| attribute["value"].clone())
}
