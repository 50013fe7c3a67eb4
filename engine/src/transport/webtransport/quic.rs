//! The QUIC endpoint, and what it may hold for each connection.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, IdleTimeout, Runtime, TokioRuntime, TransportConfig, VarInt};
use realmgate_protocol::wire::http3;
use realmgate_protocol::wire::stream::WINDOW_BYTES;
use tokio_rustls::rustls;

use super::congestion::FixedWindow;
use super::early::{OrderedSocket, VERSION};
use super::hellos::Hellos;
use crate::transport::tasks::SILENCE;
use crate::transport::udp::bind_socket;

/// Streams that a client may have open: the request's, and the one for payloads.
const STREAMS: u32 = 2;
/// Streams of HTTP/3 itself: its settings, and two for compressed headers; browsers open one more that means nothing.
const HTTP_STREAMS: u32 = 4;
/// Bytes that a client may send on streams before they are read.
const RECEIVE_BYTES: u32 = 4 << 10;
/// Bytes of datagrams that come at once. They are read at once too; of more the oldest are dropped.
const RECEIVE_DATAGRAM_BYTES: usize = WINDOW_BYTES;
/// Bytes on streams that a client has not acknowledged.
const SEND_BYTES: u64 = 4 << 10;
/// Bytes of datagrams that wait to be sent: one, and one behind it.
const SEND_DATAGRAM_BYTES: usize = 2_400;
/// Bytes of a TLS handshake that may come out of order.
const HANDSHAKE_BYTES: usize = 8 << 10;
/// Connections that wait to be accepted or refused, and what they may send meanwhile, each and all.
const WAITING: usize = 1_024;
const WAITING_BYTES: u64 = 4 << 10;
const WAITING_BYTES_OF_ALL: u64 = 1 << 20;

/// Binds the port, and counts the first messages that are read. Needs a runtime.
pub(super) fn endpoint(bind: SocketAddr, tls: Arc<rustls::ServerConfig>) -> Result<(Endpoint, Arc<Hellos>)> {
    let mut tls = Arc::unwrap_or_clone(tls);
    let hellos = Arc::new(Hellos::new(tls.cert_resolver));
    tls.cert_resolver = hellos.clone();
    tls.alpn_protocols = vec![http3::ALPN.to_vec()];
    let crypto = QuicServerConfig::try_from(tls).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config
        .transport_config(Arc::new(bounds()?))
        .max_incoming(WAITING)
        .incoming_buffer_size(WAITING_BYTES)
        .incoming_buffer_size_total(WAITING_BYTES_OF_ALL);
    let socket = Arc::new(OrderedSocket::new(TokioRuntime.wrap_udp_socket(bind_socket(bind)?)?));
    let mut endpoint = EndpointConfig::default();
    endpoint.supported_versions(vec![VERSION]);
    let endpoint = Endpoint::new_with_abstract_socket(endpoint, Some(config), socket, Arc::new(TokioRuntime))?;
    Ok((endpoint, hellos))
}

fn bounds() -> Result<TransportConfig> {
    let idle = IdleTimeout::try_from(SILENCE).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let mut bounds = TransportConfig::default();
    bounds
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(HTTP_STREAMS.into())
        .max_idle_timeout(Some(idle))
        .initial_rtt(Duration::from_millis(100))
        .stream_receive_window(RECEIVE_BYTES.into())
        .receive_window(VarInt::from_u32(RECEIVE_BYTES))
        .send_window(SEND_BYTES)
        .datagram_receive_buffer_size(Some(RECEIVE_DATAGRAM_BYTES))
        .datagram_send_buffer_size(SEND_DATAGRAM_BYTES)
        .crypto_buffer_size(HANDSHAKE_BYTES)
        .congestion_controller_factory(Arc::new(FixedWindow));
    Ok(bounds)
}
