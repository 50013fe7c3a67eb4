//! A WebTransport session: as over UDP, where only QUIC gets through, and what browsers use.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::framing::{self, Next, Received};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use wtransport::config::QuicTransportConfig;
use wtransport::error::ConnectingError;
use wtransport::tls::Sha256Digest;
use wtransport::{ClientConfig, Connection, Endpoint, RecvStream, SendStream};

use super::payloads::{Incoming, Payloads};
use super::{CloseReason, Traffic};
use crate::clock::Clock;

/// Payloads that wait to be taken, and messages that wait for the stream. Of more payloads the newest are dropped.
const WAITING: usize = 256;
/// A server that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// How long the way is taken to be before it is known: what is lost of the handshake is sent again after thrice that.
const INITIAL_RTT: Duration = Duration::from_millis(100);
/// How long a closed session waits for the server to have heard of it.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// The close code of a server that has no room.
const TRY_AGAIN_LATER: u16 = 1_013;

/// Where a map server answers WebTransport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The URL: `map_wt_url` of an admission.
    pub url: String,
    /// The SHA-256 of the server's certificate in hexadecimal (`map_wt_cert_sha256`), if it is one that nobody has signed.
    pub certificate: Option<String>,
}

/// A WebTransport session.
#[derive(Debug)]
pub struct WebTransport {
    connection: Connection,
    /// What has come, and at the end why it is over.
    incoming: Receiver<Result<Vec<u8>, CloseReason>>,
    /// Messages for the stream.
    outgoing: Sender<Vec<u8>>,
    tasks: Tasks,
    payloads: Payloads,
    traffic: Traffic,
    clock: Clock,
    advanced_to: Duration,
    heard_at: Duration,
    end: Option<CloseReason>,
}

/// The tasks that read and write; they end with the session.
#[derive(Debug)]
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl WebTransport {
    /// Connects to the door of an admission, and shows its ticket. Whether the server takes that shows later.
    ///
    /// # Errors
    /// [`CloseReason::TimedOut`] when no session is open within `give_up_after`, [`CloseReason::Denied`] when the server
    /// answers with anything but a session, and [`CloseReason::Socket`] when the socket fails, or the server's certificate
    /// is another one.
    pub async fn connect(
        door: &Door,
        ticket: &[u8],
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        let opened = tokio::time::timeout(give_up_after, open(door, ticket));
        let (connection, out, into) = opened.await.map_err(|_| CloseReason::TimedOut)??;
        let (came, incoming) = mpsc::channel(WAITING);
        let (outgoing, going) = mpsc::channel(WAITING);
        let reading = tokio::spawn(read(connection.clone(), into, came));
        let writing = tokio::spawn(write(out, going));
        let (now, tasks) = (clock.now(), Tasks(vec![reading, writing]));
        let (payloads, traffic) = (Payloads::new(), Traffic::default());
        let (advanced_to, heard_at) = (now, now);
        Ok(Self { connection, incoming, outgoing, tasks, payloads, traffic, clock, advanced_to, heard_at, end: None })
    }

    /// Waits for payloads and takes all that are there. Cancel safe.
    ///
    /// # Errors
    /// The [`CloseReason`], once the session has ended.
    pub async fn receive(&mut self) -> Result<(), CloseReason> {
        if self.end.is_none() {
            let received = self.incoming.recv().await;
            self.take(received.unwrap_or(Err(CloseReason::ByServer)));
        }
        self.take_arrived()
    }

    /// Takes the payloads that have arrived, without waiting.
    ///
    /// # Errors
    /// The [`CloseReason`], once the session has ended.
    pub fn take_arrived(&mut self) -> Result<(), CloseReason> {
        while self.end.is_none()
            && let Ok(received) = self.incoming.try_recv()
        {
            self.take(received);
        }
        self.end.clone().map_or(Ok(()), Err)
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.payloads.next_incoming()
    }

    /// Queues a reliable message, which is sent with the next [`Self::finish_tick`].
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        Ok(self.payloads.queue(message)?)
    }

    /// Ends a client tick: sends the frame, if there is one, and the due reliable messages.
    ///
    /// # Errors
    /// The [`CloseReason`], once the session has ended.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) -> Result<(), CloseReason> {
        let now = self.clock.now();
        self.payloads.advance(now - self.advanced_to);
        self.advanced_to = now;
        if now - self.heard_at >= SILENCE {
            self.end.get_or_insert(CloseReason::TimedOut);
        }
        if let Some(end) = &self.end {
            return Err(end.clone());
        }
        let Self { connection, outgoing, payloads, traffic, .. } = self;
        payloads.compose(frame, |payload| {
            traffic.bytes_out += payload.len() as u64;
            traffic.datagrams_out += 1;
            if connection.send_datagram(payload).is_err() {
                // Too long for a datagram. Where the stream is full too it is lost, as a datagram may be.
                let _ = outgoing.try_send(framing::message(payload));
            }
        });
        Ok(())
    }

    /// Why the session ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.end.clone()
    }

    /// The traffic so far, without what QUIC adds.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.payloads.is_quiet()
    }

    /// Says goodbye and closes the session; within a runtime, when the server has heard it.
    pub fn close(self) -> Traffic {
        let Self { connection, outgoing, tasks, traffic, .. } = self;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Length 0: the server closes the connection.
                if outgoing.try_send(vec![0, 0]).is_ok() {
                    let _ = tokio::time::timeout(FAREWELL_WITHIN, connection.closed()).await;
                }
                drop(tasks);
            });
        }
        traffic
    }

    fn take(&mut self, received: Result<Vec<u8>, CloseReason>) {
        match received {
            Ok(payload) => {
                self.heard_at = self.clock.now();
                self.traffic.bytes_in += payload.len() as u64;
                self.traffic.datagrams_in += 1;
                if self.payloads.receive(&payload).is_err() {
                    self.traffic.bad_datagrams += 1;
                }
            }
            Err(reason) => {
                self.end.get_or_insert(reason);
            }
        }
    }
}

/// Opens the session and its stream, on which the ticket goes first.
async fn open(door: &Door, ticket: &[u8]) -> Result<(Connection, SendStream, RecvStream), CloseReason> {
    let any: SocketAddr = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0).into();
    let config = ClientConfig::builder().with_bind_address(any);
    let config = match &door.certificate {
        Some(hexadecimal) => config.with_server_certificate_hashes([digest(hexadecimal).ok_or(CloseReason::Denied)?]),
        None => config.with_native_certs(),
    };
    let mut config = config.build();
    let mut bounds = QuicTransportConfig::default();
    bounds.initial_rtt(INITIAL_RTT);
    config.quic_config_mut().transport_config(Arc::new(bounds));
    let endpoint = Endpoint::client(config).map_err(|error| CloseReason::Socket(error.kind()))?;
    let connection = endpoint.connect(&door.url).await.map_err(|error| match error {
        ConnectingError::SessionRejected => CloseReason::Denied,
        _ => CloseReason::Socket(ErrorKind::ConnectionRefused),
    })?;
    let by_server = |_| CloseReason::ByServer;
    let opening = connection.open_bi().await.map_err(by_server)?;
    let (mut out, into) = opening.await.map_err(|_| CloseReason::ByServer)?;
    out.write_all(&framing::message(ticket)).await.map_err(|_| CloseReason::ByServer)?;
    Ok((connection, out, into))
}

fn digest(hexadecimal: &str) -> Option<Sha256Digest> {
    let mut digest = [0; 32];
    if hexadecimal.len() != 2 * digest.len() {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hexadecimal.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(Sha256Digest::new(digest))
}

/// Takes what comes until the session ends, and says why it has.
async fn read(connection: Connection, mut into: RecvStream, came: Sender<Result<Vec<u8>, CloseReason>>) {
    let mut received = Received::default();
    let end = loop {
        let payload = tokio::select! {
            datagram = connection.receive_datagram() => match datagram {
                Ok(datagram) => datagram.payload().to_vec(),
                Err(_) => break CloseReason::ByServer,
            },
            message = next_message(&mut into, &mut received) => match message {
                Ok(message) => message,
                Err(end) => break end,
            },
        };
        // What nobody takes in time is lost, as a datagram may be.
        let _ = came.try_send(Ok(payload));
    };
    let _ = came.send(Err(end)).await;
}

/// The next message of the stream. Cancel safe.
async fn next_message(into: &mut RecvStream, received: &mut Received) -> Result<Vec<u8>, CloseReason> {
    loop {
        match (received.take_next(), received.end_code()) {
            (Next::Message(range), _) => return Ok(received.message(range).to_vec()),
            (Next::End, Some(TRY_AGAIN_LATER)) => return Err(CloseReason::Denied),
            (Next::End, Some(_)) | (Next::TooLong, _) => return Err(CloseReason::ByServer),
            (Next::End, None) | (Next::Unfinished, _) => match into.read(received.room()).await {
                Ok(Some(bytes)) => received.fill(bytes),
                Ok(None) | Err(_) => return Err(CloseReason::ByServer),
            },
        }
    }
}

/// Writes messages to the stream, one after the other.
async fn write(mut out: SendStream, mut going: Receiver<Vec<u8>>) {
    while let Some(message) = going.recv().await {
        if out.write_all(&message).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_64_digits() {
        let digits = "00ff".repeat(16);
        assert_eq!(digest(&digits).unwrap().as_ref()[..], [[0, 255]; 16].concat());
        assert!(["", "00", &digits[1..], &"0g".repeat(32), &"é".repeat(32)].iter().all(|text| digest(text).is_none()));
    }
}
