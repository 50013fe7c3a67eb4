//! Opens a session: two round trips from the first packet to the first answer of the game.
//!
//! The server's settings are not waited for: that it answers WebTransport was told with its URL. So the request, our stream and the
//! ticket go together, with the end of the handshake.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use realmgate_protocol::wire::{framing, http3};
use reqwest::Url;

use super::super::CloseReason;
use super::{Door, trust};

/// How long the way is taken to be before it is known: what is lost of the handshake is sent again after thrice that.
const INITIAL_RTT: Duration = Duration::from_millis(100);
/// Bytes of an answer that are read at once.
const READ_BYTES: usize = 512;

/// A session that was asked for.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Our stream, on which the ticket is.
    pub(super) out: SendStream,
    pub(super) into: RecvStream,
    /// The answer to the request.
    pub(super) answer: RecvStream,
    /// Streams that are not to end before the session does: that of our settings, and that of the request.
    pub(super) held: [SendStream; 2],
}

/// Asks for the session and shows the ticket.
pub(super) async fn open(door: &Door, ticket: &[u8]) -> Result<Opened, CloseReason> {
    let url = Url::parse(&door.url).map_err(|_| CloseReason::Denied)?;
    let (host, authority) = (url.host_str().unwrap_or_default(), url.authority());
    let config = config(door)?;
    let (address, name) = (address_of(&url).await?, host.trim_matches(['[', ']']));
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let endpoint = Endpoint::client((any, 0).into()).map_err(|error| CloseReason::Socket(error.kind()))?;
    let connecting = endpoint.connect_with(config, address, name).map_err(|_| CloseReason::Denied)?;
    let connection = connecting.await.map_err(|_| CloseReason::Socket(ErrorKind::ConnectionRefused))?;

    let (request_out, answer) = connection.open_bi().await.map_err(by_server)?;
    let (out, into) = connection.open_bi().await.map_err(by_server)?;
    let mut held = [connection.open_uni().await.map_err(by_server)?, request_out];
    let first = [http3::control_stream(), http3::request(authority, &path_of(&url))];
    for (stream, bytes) in held.iter_mut().zip(&first) {
        stream.write_all(bytes).await.map_err(by_server)?;
    }
    let mut opened = Opened { connection, out, into, answer, held };
    let ticket = [http3::stream_header(), framing::message(ticket)].concat();
    opened.out.write_all(&ticket).await.map_err(by_server)?;
    Ok(opened)
}

/// Waits for the answer. Returns why there is no session, if there is none.
pub(super) async fn refusal(answer: &mut RecvStream) -> Option<CloseReason> {
    let (mut head, mut bytes) = (Vec::new(), [0; READ_BYTES]);
    loop {
        match http3::read_status(&head) {
            Ok(Some(200)) => return None,
            Ok(Some(_)) => return Some(CloseReason::Denied),
            Err(_) => return Some(CloseReason::ByServer),
            Ok(None) => {}
        }
        match answer.read(&mut bytes).await {
            Ok(Some(count)) => head.extend_from_slice(&bytes[..count]),
            Ok(None) | Err(_) => return Some(CloseReason::ByServer),
        }
    }
}

fn config(door: &Door) -> Result<ClientConfig, CloseReason> {
    let hash =
        door.certificate.as_deref().map(|digits| trust::digest(digits).ok_or(CloseReason::Denied)).transpose()?;
    let unusable = |_| CloseReason::Socket(ErrorKind::InvalidInput);
    let mut tls = trust::config(hash).map_err(unusable)?;
    tls.alpn_protocols = vec![http3::ALPN.to_vec()];
    let crypto = QuicClientConfig::try_from(tls).map_err(|_| CloseReason::Socket(ErrorKind::InvalidInput))?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    let mut bounds = TransportConfig::default();
    bounds.initial_rtt(INITIAL_RTT);
    config.transport_config(Arc::new(bounds));
    Ok(config)
}

async fn address_of(url: &Url) -> Result<SocketAddr, CloseReason> {
    let not_found = CloseReason::Socket(ErrorKind::NotFound);
    let port = url.port_or_known_default().unwrap_or_default();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((host, port)).await;
    found.ok().and_then(|mut found| found.next()).ok_or(not_found)
}

fn path_of(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn by_server<E>(_: E) -> CloseReason {
    CloseReason::ByServer
}
