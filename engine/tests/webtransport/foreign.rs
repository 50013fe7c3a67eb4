//! A peer whose HTTP/3 and WebTransport are neither ours nor wtransport's: web-transport-quinn, on the same QUIC.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use quinn::{ClientConfig, Endpoint};
use realmgate_engine::transport::{ClientId, Transport};
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::framing::{self, Next, Received};
use realmgate_protocol::wire::stream::Stream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;
use web_transport_quinn::{Client, RecvStream, SendStream, Session};

use super::client::{quic_config, runtime, short_datagrams};
use super::scene::{DEADLINE, Scene, now, ticket};

/// Longer than a short datagram may be.
const LONG_FRAME_BYTES: usize = 1_150;

/// Its session, with the stream that it has opened.
struct Foreign {
    runtime: Runtime,
    session: Session,
    out: SendStream,
    into: RecvStream,
    received: Received,
    stream: Stream,
    started_at: Instant,
    /// Whether its payloads go as datagrams; else on the stream.
    sends_datagrams: bool,
    /// Snapshots that came as datagrams, and on the stream.
    snapshots: [usize; 2],
    messages: Vec<Vec<u8>>,
    /// The close code that the server has sent.
    ended: Option<u16>,
}

impl Foreign {
    /// Opens a session, and shows this ticket on the stream.
    fn connect(server: SocketAddr, config: ClientConfig, ticket: &[u8]) -> Self {
        let runtime = runtime();
        let url: Url = format!("https://{server}/play").parse().unwrap();
        let opened = async {
            let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
            let session = Client::new(endpoint, config).connect(url).await.unwrap();
            let (mut out, into) = session.open_bi().await.unwrap();
            out.write_all(&framing::message(ticket)).await.unwrap();
            (session, out, into)
        };
        let (session, out, into) = runtime.block_on(async { timeout(DEADLINE, opened).await }).unwrap();
        Self {
            runtime,
            session,
            out,
            into,
            received: Received::default(),
            stream: Stream::new(Duration::ZERO),
            started_at: now(),
            sends_datagrams: true,
            snapshots: [0; 2],
            messages: Vec::new(),
            ended: None,
        }
    }

    /// Queues a reliable message.
    fn send_message(&mut self, message: &[u8]) {
        self.stream.queue(message.to_vec()).unwrap();
    }

    /// Lets real time pass for it: receives, and sends what is due with a frame.
    fn pump(&mut self) {
        let moment = Duration::from_millis(1);
        let _ = self.runtime.block_on(async { timeout(moment, self.session.closed()).await });
        self.receive_datagrams();
        self.receive_stream();
        let (mut payloads, at) = (Vec::new(), now() - self.started_at);
        let mut frame = BitWriter::default();
        ClientFrame::default().write(&mut frame);
        self.stream
            .compose(Section::Input(frame.bytes()), at, &mut Vec::new(), |payload| payloads.push(payload.to_vec()));
        for payload in payloads {
            self.send_payload(&payload);
        }
    }

    fn send_payload(&mut self, payload: &[u8]) {
        let Self { runtime, session, out, .. } = self;
        // A session that has ended takes none.
        if self.sends_datagrams {
            let _ = session.send_datagram(payload.to_vec().into());
        } else {
            let _ = runtime.block_on(out.write_all(&framing::message(payload)));
        }
    }

    fn receive_datagrams(&mut self) {
        let next = |this: &Self| this.runtime.block_on(async { this.session.read_datagram().now_or_never() });
        while let Some(Ok(payload)) = next(self) {
            self.take(&payload, 0);
        }
    }

    fn receive_stream(&mut self) {
        loop {
            match self.received.take_next() {
                Next::Message(range) => {
                    let payload = self.received.message(range).to_vec();
                    self.take(&payload, 1);
                }
                Next::TooLong => panic!("longer than any payload"),
                Next::End if self.received.end_code().is_some() => return self.ended = self.received.end_code(),
                Next::End | Next::Unfinished => {
                    let Self { runtime, into, received, .. } = self;
                    let read = runtime.block_on(async { into.read(received.room()).now_or_never() });
                    let Some(Ok(Some(count))) = read else { return };
                    received.fill(count);
                }
            }
        }
    }

    /// Takes a payload that came as a datagram (0) or on the stream (1).
    fn take(&mut self, payload: &[u8], way: usize) {
        let payload = datagram::open(payload).unwrap();
        self.stream.receive(&payload, now() - self.started_at).unwrap();
        self.messages.extend(std::iter::from_fn(|| self.stream.next_message()));
        if matches!(payload.section, Section::Snapshot(_)) {
            self.snapshots[way] += 1;
        }
    }

    /// Closes the session, and waits until that has gone out.
    fn close(self) {
        self.runtime.block_on(async {
            self.session.close(9, b"bye");
            timeout(DEADLINE, self.session.closed()).await.unwrap();
        });
    }
}

/// A session of such a client that plays.
fn playing(scene: &mut Scene, config: ClientConfig) -> Foreign {
    let mut client = Foreign::connect(scene.address(), config, &ticket(1));
    scene.until("it plays", &mut [], |scene, _| {
        client.pump();
        client.snapshots != [0; 2] && scene.host.frames.contains_key(&ClientId(1))
    });
    assert_eq!(scene.host.connected.last(), Some(&(ClientId(1), ticket(1))));
    client
}

/// Sends a message, and receives its echo.
fn assert_echoes(scene: &mut Scene, client: &mut Foreign, message: &[u8]) {
    client.send_message(message);
    scene.until("the echo has come", &mut [], |_, _| {
        client.pump();
        client.messages.last().is_some_and(|last| last == message)
    });
    assert!(scene.host.messages.contains(&message.to_vec()));
}

#[test]
fn a_foreign_client_plays_over_datagrams_and_leaves() {
    let mut scene = Scene::new();
    let mut client = playing(&mut scene, quic_config());
    assert_echoes(&mut scene, &mut client, b"first");
    assert_echoes(&mut scene, &mut client, &[7; 1_000]);
    let [datagrams, on_the_stream] = client.snapshots;
    assert!(datagrams > 0 && on_the_stream == 0, "snapshots of 1,000 bytes: {:?}", client.snapshots);
    let closed_at = now();
    client.close();
    scene.until("the host has removed it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    assert!(now() - closed_at < Duration::from_secs(5), "a timeout takes ten seconds");
    scene.assert_serves();
}

#[test]
fn a_foreign_client_plays_on_the_stream_and_receives_its_close_code() {
    let mut scene = Scene::new();
    scene.host.frame_bytes = LONG_FRAME_BYTES;
    let mut config = quic_config();
    config.transport_config(short_datagrams());
    let mut client = playing(&mut scene, config);
    client.sends_datagrams = false;
    assert_echoes(&mut scene, &mut client, b"on the stream");
    assert!(client.snapshots[1] > 0, "snapshots that are too long: {:?}", client.snapshots);
    scene.host.transport.disconnect(ClientId(1));
    scene.until("it is closed", &mut [], |_, _| {
        client.pump();
        client.ended.is_some()
    });
    assert_eq!(client.ended, Some(1_000));
    scene.assert_serves();
}
