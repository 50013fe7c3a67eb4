//! One client's WebSocket, from its ticket to its end.

use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::transport::ClientId;
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{End, Network, Open, SILENCE, Served, Stranger, claimed_client, refusal_code};

/// Time for the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// How many pings may come before it.
const PINGS_BEFORE: usize = 4;
/// Time for the other end to answer a goodbye. A socket that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// Serves a WebSocket to its end.
pub(super) async fn serve<S>(mut socket: WebSocketStream<S>, network: Rc<Network>, stranger: Stranger)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let joined = match timeout(TICKET_WITHIN, ticket(&mut socket)).await {
        Ok(Some((client, ticket))) => Served::join(&network, client, &ticket),
        Ok(None) | Err(_) => Err(PacketRefusal::NoTicket),
    };
    let served = match joined {
        Ok(served) => served,
        Err(reason) => {
            network.refuse(reason);
            return farewell(socket, refusal_code(reason)).await;
        }
    };
    drop(stranger);
    let _open = Open::new(&network);
    let (mut out, mut into) = socket.split();
    let end = tokio::select! {
        end = served.until_decided() => end,
        end = read(&served, &mut into) => end,
        end = served.write(async |payload| out.send(Message::Binary(payload)).await.is_ok()) => end,
    };
    drop(served);
    if let (Some(code), Ok(socket)) = (end.close_code(), into.reunite(out)) {
        farewell(socket, code).await;
    }
}

/// The first message, if it is a ticket, and whom it says it is for.
async fn ticket<S>(socket: &mut WebSocketStream<S>) -> Option<(ClientId, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..=PINGS_BEFORE {
        match socket.next().await? {
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Binary(bytes)) => return Some((claimed_client(&bytes)?, bytes)),
            Ok(_) | Err(_) => return None,
        }
    }
    None
}

/// Takes what the client sends.
async fn read<S>(served: &Served, from: &mut SplitStream<WebSocketStream<S>>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Ok(received) = timeout(SILENCE, from.next()).await else { return End::Silent };
        let taken = match received {
            Some(Ok(Message::Binary(payload))) => served.take(&payload),
            Some(Ok(Message::Text(text))) => served.take_other(text.len(), Err(PacketRefusal::Text)),
            Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => served.take_other(bytes.len(), Ok(())),
            // The library gives out whole messages only.
            Some(Ok(Message::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(_))) => return served.too_long(),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return End::ByClient,
        };
        if let Err(reason) = taken
            && let Err(end) = served.refused(reason).await
        {
            return end;
        }
    }
}

/// Says why it is over, and waits for the other end to have heard it.
async fn farewell<S>(mut socket: WebSocketStream<S>, code: u16)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = timeout(FAREWELL_WITHIN, async {
        let frame = CloseFrame { code: code.into(), reason: Default::default() };
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await;
}
