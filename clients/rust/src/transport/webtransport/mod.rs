//! A WebTransport session: as over UDP, where only QUIC gets through, and what browsers use.

mod open;
mod trust;

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use quinn::{Connection, RecvStream, SendStream};
use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::framing::{self, Next, Received};
use realmgate_protocol::wire::http3;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use self::open::{Opened, open};
use super::flow::{FAREWELL_WITHIN, Flow, TRY_AGAIN_LATER};
use super::payloads::Incoming;
use super::{CloseReason, Traffic};
use crate::clock::Clock;

/// Payloads that wait to be taken, and messages that wait for the stream. Of more payloads the newest are dropped.
const WAITING: usize = 256;

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
    /// Streams of HTTP/3, which are not to end before the session does.
    held: [SendStream; 2],
    tasks: Tasks,
    flow: Flow,
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
    /// Connects to the door of an admission, asks for a session and shows its ticket. Whether the server takes these shows
    /// later: the session ends with [`CloseReason::Denied`] where it answers with anything else.
    ///
    /// # Errors
    /// [`CloseReason::TimedOut`] when there is no connection within `give_up_after`, [`CloseReason::Denied`] when the door cannot be
    /// read, and [`CloseReason::Socket`] when the socket fails, or the server's certificate is another one.
    pub async fn connect(
        door: &Door,
        ticket: &[u8],
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        let opened = tokio::time::timeout(give_up_after, open(door, ticket));
        let Opened { connection, out, into, answer, held } = opened.await.map_err(|_| CloseReason::TimedOut)??;
        let (came, incoming) = mpsc::channel(WAITING);
        let (outgoing, going) = mpsc::channel(WAITING);
        let reading = tokio::spawn(read(connection.clone(), into, answer, came));
        let writing = tokio::spawn(write(out, going));
        let (tasks, flow) = (Tasks(vec![reading, writing]), Flow::new(clock));
        Ok(Self { connection, incoming, outgoing, held, tasks, flow })
    }

    /// Waits for payloads and takes all that are there. Cancel safe.
    ///
    /// # Errors
    /// The [`CloseReason`], once the session has ended.
    pub async fn receive(&mut self) -> Result<(), CloseReason> {
        if self.flow.end.is_none() {
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
        while self.flow.end.is_none()
            && let Ok(received) = self.incoming.try_recv()
        {
            self.take(received);
        }
        self.flow.outcome()
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.flow.payloads.next_incoming()
    }

    /// Queues a reliable message, which is sent with the next [`Self::finish_tick`].
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        Ok(self.flow.payloads.queue(message)?)
    }

    /// Ends a client tick: sends the frame, if there is one, and the due reliable messages.
    ///
    /// # Errors
    /// The [`CloseReason`], once the session has ended.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) -> Result<(), CloseReason> {
        self.flow.advance()?;
        let Self { connection, outgoing, flow, .. } = self;
        if !flow.is_tick_due() {
            return Ok(());
        }
        flow.compose(frame, |payload| {
            if connection.send_datagram(datagram(payload)).is_err() {
                // Too long for a datagram. Where the stream is full too it is lost, as a datagram may be.
                let _ = outgoing.try_send(framing::message(payload));
            }
        });
        Ok(())
    }

    /// Why the session ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.flow.end.clone()
    }

    /// The traffic so far, without what QUIC adds.
    pub fn traffic(&self) -> Traffic {
        self.flow.traffic
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_all_acknowledged(&self) -> bool {
        self.flow.payloads.is_all_acknowledged()
    }

    /// Says goodbye and closes the session; within a runtime, when the server has heard it.
    pub fn close(self) -> Traffic {
        let Self { connection, outgoing, held, tasks, flow, .. } = self;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Length 0: the server closes the connection.
                if outgoing.try_send(vec![0, 0]).is_ok() {
                    let _ = tokio::time::timeout(FAREWELL_WITHIN, connection.closed()).await;
                }
                drop((tasks, held));
            });
        }
        flow.traffic
    }

    fn take(&mut self, received: Result<Vec<u8>, CloseReason>) {
        match received {
            Ok(payload) => {
                self.flow.heard();
                self.flow.take(&payload);
            }
            Err(reason) => self.flow.ends(reason),
        }
    }
}

/// Takes what comes until the session ends, and says why it has.
async fn read(
    connection: Connection,
    mut into: RecvStream,
    mut answer: RecvStream,
    came: Sender<Result<Vec<u8>, CloseReason>>,
) {
    let mut received = Received::default();
    let refused = open::refusal(&mut answer);
    tokio::pin!(refused);
    let mut is_taken = false;
    let end = loop {
        let payload = tokio::select! {
            // Why it ends is read before that it has.
            biased;
            refusal = &mut refused, if !is_taken => match refusal {
                None => {
                    is_taken = true;
                    continue;
                }
                Some(end) => break end,
            },
            message = next_message(&mut into, &mut received) => match message {
                Ok(message) => message,
                Err(end) => break end,
            },
            datagram = connection.read_datagram() => match datagram.as_deref().map(http3::read_datagram) {
                Ok(Some(payload)) => payload.to_vec(),
                Ok(None) => continue,
                Err(_) => break CloseReason::ByServer,
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

fn datagram(payload: &[u8]) -> Bytes {
    let mut datagram = BytesMut::with_capacity(1 + payload.len());
    datagram.put_u8(http3::datagram_header());
    datagram.put_slice(payload);
    datagram.freeze()
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
mod tests;
