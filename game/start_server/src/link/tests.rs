//! The client against sidecars that break off, fall silent and forget.

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_async;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A sidecar that does what a test says, and the client that speaks with it.
struct Scene {
    listener: TcpListener,
    host: Option<UnboundedSender<FromMap>>,
    stop: CancellationToken,
    untold: Arc<AtomicUsize>,
    forgotten: Arc<Notify>,
    client: JoinHandle<()>,
    _to_host: mpsc::Receiver<ToMap>,
}

impl Scene {
    async fn start(silence: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (to_host, _to_host) = mpsc::channel();
        let (host, from_host) = unbounded_channel();
        let keys = "a key of at least thirty-two bytes!".parse().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = LinkClient {
            directory: Directory { url, service_token: "token".into(), keys },
            hello: FromMap::Load { channels: Vec::new() },
            to_host,
            up: Arc::default(),
            stop: CancellationToken::new(),
            untold: Arc::default(),
            forgotten: Arc::default(),
            silence,
        };
        let (stop, untold, forgotten) = (client.stop.clone(), client.untold.clone(), client.forgotten.clone());
        let client = tokio::spawn(client.run(from_host));
        Self { listener, host: Some(host), stop, untold, forgotten, client, _to_host }
    }

    /// The next connection, its first message answered.
    async fn accept(&self, answer: ToMap) -> WebSocketStream<TcpStream> {
        let accepting = async {
            let mut socket = accept_async(self.listener.accept().await.unwrap().0).await.unwrap();
            socket.next().await.unwrap().unwrap();
            socket.send(Message::Binary(encode_link(&answer).unwrap().into())).await.unwrap();
            socket
        };
        timeout(PATIENCE, accepting).await.expect("the client does not connect")
    }

    async fn welcome(&self) -> WebSocketStream<TcpStream> {
        self.accept(ToMap::Welcome { gateway: "gateway-1".to_owned() }).await
    }

    fn say(&self, message: FromMap) {
        self.host.as_ref().unwrap().send(message).unwrap();
    }

    /// The host has said its last word.
    fn end(&mut self) {
        self.host = None;
        self.stop.cancel();
    }

    async fn ended(self) -> usize {
        timeout(PATIENCE, self.client).await.expect("the client does not end").unwrap();
        self.untold.load(Ordering::Relaxed)
    }
}

fn expired(epoch: u64) -> FromMap {
    FromMap::Expired { character: CharacterId([1; 16]), epoch: LockEpoch(epoch) }
}

/// The next message that is no ping.
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
    let speaker = scene.host.clone().unwrap();
    tokio::spawn(async move {
        // As a host does, more often than the silence lasts.
        let mut beats = tokio::time::interval(Duration::from_millis(50));
        while speaker.send(FromMap::Load { channels: Vec::new() }).is_ok() {
            beats.tick().await;
        }
    });
    // The second connection is what this test is about.
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
async fn what_is_replaced_anyway_does_not_pile_up_while_the_link_is_down() {
    let scene = Scene::start(SILENCE).await;
    (0..100).for_each(|_| scene.say(FromMap::Save { saves: Vec::new() }));
    scene.say(expired(1));
    let mut socket = scene.welcome().await;
    assert_eq!(heard(&mut socket).await, expired(1));
}

#[tokio::test]
async fn a_sidecar_that_has_forgotten_us_is_registered_at_again() {
    let scene = Scene::start(SILENCE).await;
    let refused = ToMap::Refused { code: "NOT_REGISTERED".to_owned(), message: String::new() };
    let _refused = scene.accept(refused).await;
    timeout(PATIENCE, scene.forgotten.notified()).await.expect("nobody is told");
}
