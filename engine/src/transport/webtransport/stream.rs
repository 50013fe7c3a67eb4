//! Reads the stream that the client opens. What it begins with may have come with the request; then it may open later, while the client plays.

use std::ops::Range;

use quinn::{Connection, RecvStream, SendStream};
use realmgate_protocol::wire::framing::{Next, Received};
use tokio::sync::oneshot;

use super::http3;
use crate::transport::tasks::End;

/// What the client sends on it.
pub(super) struct Incoming<'a> {
    connection: &'a Connection,
    into: Option<RecvStream>,
    /// Who is told once it is open.
    opens: Option<oneshot::Sender<SendStream>>,
    received: Received,
}

/// What the server sends on it.
pub(super) enum Outgoing {
    /// The client has not opened it.
    Awaited(oneshot::Receiver<SendStream>),
    Open(SendStream),
}

/// Both ends of a stream of which so much has come.
pub(super) fn stream(connection: &Connection, begun: Received) -> (Incoming<'_>, Outgoing) {
    let (opens, awaited) = oneshot::channel();
    (Incoming { connection, into: None, opens: Some(opens), received: begun }, Outgoing::Awaited(awaited))
}

impl Incoming<'_> {
    /// Waits for the next message, for which [`Self::message`] has the bytes.
    ///
    /// # Errors
    /// [`End::TooLong`] for one that is longer than any payload, [`End::ByClient`] at the end.
    pub(super) async fn next_message(&mut self) -> Result<Range<usize>, End> {
        loop {
            match self.received.take_next() {
                Next::Message(range) => return Ok(range),
                Next::Unfinished => self.receive().await.ok_or(End::ByClient)?,
                Next::End => return Err(End::ByClient),
                Next::TooLong => return Err(End::TooLong),
            }
        }
    }

    /// The bytes of a message, until the next is waited for.
    pub(super) fn message(&self, range: Range<usize>) -> &[u8] {
        self.received.message(range)
    }

    /// Waits until the client has opened it. `None` where it never will.
    pub(super) async fn opened(&mut self) -> Option<&mut RecvStream> {
        if self.into.is_none() {
            let (out, into) = http3::stream(self.connection).await.ok()?;
            self.into = Some(into);
            // Where nobody waits for it any more, the session is over.
            let _ = self.opens.take()?.send(out);
        }
        self.into.as_mut()
    }

    async fn receive(&mut self) -> Option<()> {
        self.opened().await?;
        let Self { into, received, .. } = self;
        let count = into.as_mut()?.read(received.room()).await.ok()??;
        received.fill(count);
        Some(())
    }
}

impl Outgoing {
    /// Waits until the client has opened it. `None` where it never will.
    pub(super) async fn opened(&mut self) -> Option<&mut SendStream> {
        if let Self::Awaited(awaited) = self {
            *self = Self::Open(awaited.await.ok()?);
        }
        match self {
            Self::Open(out) => Some(out),
            Self::Awaited(_) => None,
        }
    }

    /// It, if the client has opened it by now.
    pub(super) fn into_open(self) -> Option<SendStream> {
        match self {
            Self::Open(out) => Some(out),
            Self::Awaited(mut awaited) => awaited.try_recv().ok(),
        }
    }
}
