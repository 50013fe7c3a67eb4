//! The client against sidecars that disconnect, fall silent and forget.

use std::sync::Mutex;

use futures_util::SinkExt;
use realmgate_protocol::codec::encode_link;
use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch, MapId, RequestId};
use realmgate_protocol::limits::MAX_RECLAIM_LOCKS;
use realmgate_protocol::link::Fence;
use realmgate_protocol::proof::{parse_nonce, prove};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;
use crate::listing::Listing;
use crate::listing::tests::Stub;
use crate::tls_roots::TlsRoots;

const PATIENCE: Duration = Duration::from_secs(20);

/// A host that answers with its locks whenever the link is up, and records what it was told.
#[derive(Clone, Default)]
struct Host {
    says: Arc<Mutex<Option<UnboundedSender<FromMap>>>>,
    holds: Arc<Mutex<Vec<Fence>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Host {
    fn listen(&self, news: mpsc::Receiver<LinkNews>) {
        let host = self.clone();
        std::thread::spawn(move || {
            for news in news {
                if matches!(news, LinkNews::Up { .. }) {
                    host.say(FromMap::Reclaim { locks: host.holds.lock().unwrap().clone(), last: true });
                }
                if matches!(news, LinkNews::Disowned | LinkNews::Up { resumed: false }) {
                    host.holds.lock().unwrap().clear();
                }
                host.heard.lock().unwrap().push(format!("{news:?}"));
            }
        });
    }

    fn say(&self, message: FromMap) {
        if let Some(says) = &*self.says.lock().unwrap() {
            says.send(message).unwrap();
        }
    }
}

/// A sidecar controlled by a test, and the client connected to it.
struct Scene {
    listener: TcpListener,
    host: Host,
    cookie: CookieJar,
    stop: CancellationToken,
    undelivered: Arc<AtomicUsize>,
    forgotten: Arc<Notify>,
    disowned: Arc<Notify>,
    client: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// The first message of the client.
#[derive(Debug, PartialEq)]
struct Hello {
    cookie: String,
    fresh: bool,
}

impl Scene {
    async fn start(silence: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (to_host, news) = mpsc::channel();
        let (says, from_host) = unbounded_channel();
        let host = Host { says: Arc::new(Mutex::new(Some(says))), ..Host::default() };
        host.listen(news);
        let folder = tempfile::tempdir().unwrap();
        let cookie = CookieJar::open(folder.path().join("cookie")).unwrap();
        cookie.keep("cookie-1").unwrap();
        let keys = "a key of at least thirty-two bytes!".parse().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = LinkClient {
            directory: Directory {
                url,
                tls_roots: TlsRoots::default(),
                is_asked_directly: true,
                service_token: "token".into(),
                keys,
            },
            greeting: Greeting { server: "map-1".to_owned(), protocol_hash: 7, maps: vec![MapId(1)], channels: 1 },
            cookie: cookie.clone(),
            to_host,
            up: Arc::default(),
            stop: CancellationToken::new(),
            undelivered: Arc::default(),
            forgotten: Arc::default(),
            disowned: Arc::default(),
            silence,
        };
        let (stop, undelivered, forgotten) =
            (client.stop.clone(), client.undelivered.clone(), client.forgotten.clone());
        let disowned = client.disowned.clone();
        let client = tokio::spawn(client.run(from_host));
        Self { listener, host, cookie, stop, undelivered, forgotten, disowned, client, _folder: folder }
    }

    /// The next connection that is not a request for the proof. The client asks for the proof before each connection.
    async fn next_connection(&self) -> TcpStream {
        loop {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut head = [0; 128];
            let mut read = 0;
            while read < 90 {
                stream.readable().await.unwrap();
                read = stream.peek(&mut head).await.unwrap();
            }
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let Some((_, nonce)) = head.split_once("/map-registry/proof?nonce=") else { return stream };
            let nonce = parse_nonce(nonce.split(' ').next().unwrap()).unwrap();
            let address = self.listener.local_addr().unwrap();
            let body = format!(r#"{{"address":"{address}","proofs":["{}"]}}"#, prove("token", &nonce, address));
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.read_exact(&mut vec![0; read]).await.unwrap();
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    }

    /// The next connection, with its first message answered.
    async fn accept(&self, answer: ToMap) -> (WebSocketStream<TcpStream>, Hello) {
        let accepting = async {
            let mut socket = accept_async(self.next_connection().await).await.unwrap();
            let FromMap::Hello { cookie, fresh, .. } = heard(&mut socket).await else { panic!("no Hello") };
            say(&mut socket, &answer).await;
            (socket, Hello { cookie, fresh })
        };
        timeout(PATIENCE, accepting).await.expect("the client does not connect")
    }

    /// The next connection, welcomed, and the locks that the client names, message by message.
    async fn welcome_and_hear(&self, resumed: bool) -> (WebSocketStream<TcpStream>, Hello, Vec<Vec<Fence>>) {
        let welcome = ToMap::Welcome { gateway: "gateway-1".to_owned(), resumed, reclaim_within_ms: 30_000 };
        let (mut socket, hello) = self.accept(welcome).await;
        let mut named = Vec::new();
        loop {
            let FromMap::Reclaim { locks, last } = heard(&mut socket).await else { panic!("no Reclaim at first") };
            named.push(locks);
            if last {
                return (socket, hello, named);
            }
        }
    }

    /// The next connection, welcomed, and the locks that the client names.
    async fn welcome_and_reclaim(&self, resumed: bool) -> (WebSocketStream<TcpStream>, Hello, Vec<Fence>) {
        let (socket, hello, named) = self.welcome_and_hear(resumed).await;
        (socket, hello, named.concat())
    }

    async fn welcome(&self) -> WebSocketStream<TcpStream> {
        self.welcome_and_reclaim(true).await.0
    }

    async fn refuse(&self, code: &str) -> Hello {
        self.accept(ToMap::Refused { code: code.to_owned(), message: String::new() }).await.1
    }

    fn say(&self, message: FromMap) {
        self.host.say(message);
    }

    /// Ends the host.
    fn end(&mut self) {
        *self.host.says.lock().unwrap() = None;
        self.stop.cancel();
    }

    async fn ended(self) -> usize {
        timeout(PATIENCE, self.client).await.expect("the client does not end").unwrap();
        self.undelivered.load(Ordering::Relaxed)
    }

    /// Waits until the host was told this news.
    async fn told(&self, news: &str) {
        let told = async {
            while !self.host.heard.lock().unwrap().iter().any(|heard| heard == news) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("the host never hears {news}"));
    }
}

fn fence(character: u16, epoch: u64) -> Fence {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&character.to_be_bytes());
    Fence { character: CharacterId(id), epoch: LockEpoch(epoch) }
}

fn batch(number: u64) -> FromMap {
    FromMap::Events { batch: BatchId(number), events: Vec::new() }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &ToMap) {
    socket.send(Message::Binary(encode_link(message).unwrap().into())).await.unwrap();
}

fn expired(epoch: u64) -> FromMap {
    FromMap::Expired { character: CharacterId([1; 16]), epoch: LockEpoch(epoch) }
}

/// The next message that is not a ping.
async fn heard(socket: &mut WebSocketStream<TcpStream>) -> FromMap {
    loop {
        let next = timeout(PATIENCE, socket.next()).await.expect("nothing is said");
        if let Message::Binary(bytes) = next.unwrap().unwrap() {
            return decode_link(&bytes).unwrap();
        }
    }
}

#[tokio::test]
async fn a_silent_sidecar_is_noticed_while_the_host_speaks() {
    let scene = Scene::start(Duration::from_millis(300)).await;
    let _silent = scene.welcome().await;
    let speaker = scene.host.clone();
    tokio::spawn(async move {
        // As a host does, and more often than the silence lasts.
        let mut beats = tokio::time::interval(Duration::from_millis(50));
        loop {
            speaker.say(FromMap::Load { channels: Vec::new() });
            beats.tick().await;
        }
    });
    // This test waits for the second connection.
    scene.welcome().await;
}

#[tokio::test]
async fn last_words_that_were_not_taken_in_are_said_again() {
    let mut scene = Scene::start(SILENCE).await;
    let mut broken = scene.welcome().await;
    scene.say(expired(1));
    scene.end();
    assert_eq!(heard(&mut broken).await, expired(1));
    drop(broken);
    let mut second = scene.welcome().await;
    assert_eq!(heard(&mut second).await, expired(1));
    while let Some(Ok(_)) = second.next().await {}
    assert_eq!(scene.ended().await, 0);
}

#[tokio::test]
async fn what_was_replaced_while_the_link_was_down_is_not_sent() {
    let scene = Scene::start(SILENCE).await;
    let (save, load) = (FromMap::Save { saves: Vec::new() }, FromMap::Load { channels: Vec::new() });
    let prepared = FromMap::Prepared { request: RequestId(1), refusal: None, spawn: None };
    for _ in 0..100 {
        [&save, &load, &prepared].into_iter().for_each(|message| scene.say(message.clone()));
    }
    scene.say(expired(1));
    let mut socket = scene.welcome().await;
    assert_eq!(heard(&mut socket).await, expired(1));
    for message in [save, load, prepared] {
        scene.say(message.clone());
        assert_eq!(heard(&mut socket).await, message, "while it is up they are sent");
    }
}

#[tokio::test]
async fn a_sidecar_that_has_forgotten_us_is_registered_at_again() {
    let scene = Scene::start(SILENCE).await;
    // By the second connection the first refusal was heard.
    scene.refuse("FULL").await;
    scene.refuse("FULL").await;
    assert!(timeout(Duration::ZERO, scene.forgotten.notified()).await.is_err(), "it has not forgotten us");
    assert_eq!(scene.refuse("NOT_REGISTERED").await, Hello { cookie: "cookie-1".to_owned(), fresh: true });
    timeout(PATIENCE, scene.forgotten.notified()).await.expect("nobody is told");
    assert_eq!(scene.cookie.get().as_deref(), Some("cookie-1"), "it may still be good");
    drop(scene.welcome().await);
    // By the second connection all of the first has been done.
    assert!(timeout(Duration::ZERO, scene.forgotten.notified()).await.is_err(), "the first welcome asks for nothing");
    let again = scene.welcome().await;
    timeout(PATIENCE, scene.forgotten.notified()).await.expect("a directory that restarted may not know us");

    // What keeps us listed does not wait for its next heartbeat.
    let stub = Stub::default();
    let listing = stub.listing(scene.cookie.clone(), Duration::from_secs(3_600)).await;
    let listing = Listing { forgotten: scene.forgotten.clone(), ..listing };
    tokio::spawn(listing.keep(CancellationToken::new()));
    drop(again);
    scene.refuse("NOT_REGISTERED").await;
    timeout(PATIENCE, stub.registered.notified()).await.expect("it waits for its next heartbeat");
    assert_eq!(*stub.cookies.lock().unwrap(), ["cookie-1"], "once, as who it is");
}

#[tokio::test]
async fn all_that_is_held_is_named_first_in_messages_of_a_thousand() {
    let scene = Scene::start(SILENCE).await;
    let (first, hello, none) = scene.welcome_and_reclaim(false).await;
    assert_eq!((hello.fresh, none), (true, Vec::new()));
    let held: Vec<Fence> = (0..2_500).map(|character| fence(character, 1)).collect();
    scene.host.holds.lock().unwrap().clone_from(&held);
    scene.say(batch(1));
    scene.say(expired(9));
    drop(first);
    let (mut second, hello, named) = scene.welcome_and_hear(true).await;
    assert!(!hello.fresh, "it was welcomed before");
    assert_eq!(named.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_RECLAIM_LOCKS, MAX_RECLAIM_LOCKS, 501]);
    let left = Fence { character: CharacterId([1; 16]), epoch: LockEpoch(9) };
    let by_character = |mut locks: Vec<Fence>| {
        locks.sort_by_key(|lock| lock.character);
        locks
    };
    assert_eq!(by_character(named.concat()), by_character([held, vec![left]].concat()));
    assert_eq!((heard(&mut second).await, heard(&mut second).await), (batch(1), expired(9)));
    scene.told("Lost").await;
}

#[tokio::test]
async fn an_unknown_cookie_ends_all_that_was_and_a_new_one_begins_anew() {
    let scene = Scene::start(SILENCE).await;
    let first = scene.welcome().await;
    scene.host.holds.lock().unwrap().push(fence(1, 1));
    drop(first);
    scene.told("Lost").await;
    scene.say(batch(1));
    scene.say(expired(1));
    scene.refuse("COOKIE_UNKNOWN").await;
    scene.told("Disowned").await;
    timeout(PATIENCE, scene.forgotten.notified()).await.expect("it does not register");
    assert_eq!(scene.cookie.get(), None);
    scene.cookie.keep("cookie-2").unwrap();
    // A welcome that does not resume would end it all as well.
    let (mut second, hello, named) = scene.welcome_and_reclaim(true).await;
    assert_eq!((hello, named), (Hello { cookie: "cookie-2".to_owned(), fresh: false }, Vec::new()));
    scene.say(batch(2));
    assert_eq!(heard(&mut second).await, batch(2), "what waited is forgotten");
}

#[tokio::test]
async fn a_welcome_that_does_not_resume_ends_all_that_was() {
    let scene = Scene::start(SILENCE).await;
    let first = scene.welcome().await;
    scene.say(batch(1));
    scene.say(expired(1));
    drop(first);
    let (mut second, hello, named) = scene.welcome_and_reclaim(false).await;
    assert_eq!((hello.fresh, named), (false, Vec::new()), "who has left is forgotten too");
    scene.told("Up { resumed: false }").await;
    scene.say(batch(2));
    assert_eq!(heard(&mut second).await, batch(2));
}

#[tokio::test]
async fn an_id_that_is_somebody_elses_ends_the_link_and_all_that_was() {
    let scene = Scene::start(SILENCE).await;
    let mut first = scene.welcome().await;
    scene.say(batch(1));
    scene.say(expired(1));
    assert_eq!((heard(&mut first).await, heard(&mut first).await), (batch(1), expired(1)));
    scene.disowned.notify_one();
    scene.told("Disowned").await;
    while let Some(Ok(_)) = first.next().await {}
    assert_eq!(scene.cookie.get(), None, "it was another's");
    scene.cookie.keep("cookie-2").unwrap();
    // A welcome that does not resume would end it all as well.
    let (mut second, hello, named) = scene.welcome_and_reclaim(true).await;
    assert_eq!((hello, named), (Hello { cookie: "cookie-2".to_owned(), fresh: false }, Vec::new()));
    scene.say(batch(2));
    assert_eq!(heard(&mut second).await, batch(2));
}
