//! The same with TLS.

use std::io::{Read, Write};
use std::sync::Arc;

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::websocket::{WebSocketSettings, WebSocketTransport};
use realmgate_engine::transport::{ClientId, Transport, TransportEvent};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

use super::client::{ASKED, connect, is_closed};
use super::scene::{DEADLINE, now, ticket};

#[test]
fn a_client_connects_with_tls_and_without_it_is_refused() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], made.signing_key.into())
        .unwrap();
    let mut settings = WebSocketSettings::new("127.0.0.1:0".parse().unwrap());
    settings.tls = Some(TlsAcceptor::from(Arc::new(server)));
    let mut transport = WebSocketTransport::bind(settings).unwrap();
    let address = transport.local_address();
    assert_eq!(transport.url(address.ip(), true), format!("wss://{address}/play"));

    let mut plain = connect(address);
    plain.write_all(ASKED.as_bytes()).unwrap();
    assert!(is_closed(&mut plain));
    let started = now();
    // It is counted when its socket has been closed already.
    while transport.refused(PacketRefusal::Upgrade) == 0 {
        assert!(now() - started < DEADLINE, "it is counted");
        std::thread::yield_now();
    }

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, connect(address));
    stream.write_all(ASKED.as_bytes()).unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
    socket.send(Message::Binary(ticket(7).into())).unwrap();

    let (started, mut events) = (now(), Vec::new());
    while events.is_empty() {
        assert!(now() - started < DEADLINE, "the host hears of it");
        transport.poll(&mut events);
        std::thread::yield_now();
    }
    assert_eq!(events, [TransportEvent::Connected { client: ClientId(7), ticket: ticket(7) }]);
    transport.send_message(ClientId(7), vec![1, 2, 3]);
    transport.flush();
    let payload = socket.read().unwrap().into_data();
    assert!(payload.ends_with(&[1, 2, 3]), "{payload:?}");
}
