//! One client's WebSocket, from its ticket, which has to come soon, to its end.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::line::Line;
use crate::transport::ClientId;
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{End, Network, Open, Served, Stranger, claimed_client, refusal_code};

/// Time for the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// How many pings may come before it.
const PINGS_BEFORE: usize = 4;
/// Time for the other end to answer a goodbye. A socket that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// Serves a WebSocket to its end.
pub(super) async fn serve<S>(mut socket: WebSocketStream<S>, network: Rc<Network>, stranger: Stranger)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
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
    let line = Rc::new(Line::new(socket));
    let end = served
        .until_one_ends([
            Box::pin(read(&served, &line)),
            Box::pin(served.write(line.clone(), async || line.pass_on().await)),
        ])
        .await;
    drop(served);
    if let (Some(code), Some(line)) = (end.close_code(), Rc::into_inner(line)) {
        farewell(line.into_socket(), code).await;
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
async fn read<S>(served: &Served, line: &Line<S>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let taken = match line.next().await {
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
