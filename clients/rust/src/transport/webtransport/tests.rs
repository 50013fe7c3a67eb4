//! Against a server that is not ours.

use std::sync::Arc;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::{Section, SnapshotAck, open, seal};
use tokio::time::timeout;
use wtransport::config::QuicTransportConfig;
use wtransport::endpoint::{SessionRequest, endpoint_side::Server};
use wtransport::{Endpoint, Identity, ServerConfig};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
/// Longer datagrams the server takes none.
const MOST_DATAGRAM_BYTES: usize = 300;

/// A server and its door.
fn server() -> (Endpoint<Server>, Door) {
    let identity = Identity::self_signed(["127.0.0.1"]).unwrap();
    let hash = identity.certificate_chain().as_slice()[0].hash();
    let certificate = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let any = "127.0.0.1:0".parse().unwrap();
    let mut config = ServerConfig::builder().with_bind_address(any).with_identity(identity).build();
    let mut bounds = QuicTransportConfig::default();
    bounds.datagram_receive_buffer_size(Some(MOST_DATAGRAM_BYTES));
    config.quic_config_mut().transport_config(Arc::new(bounds));
    let server = Endpoint::server(config).unwrap();
    let url = format!("https://{}/play?x=1", server.local_addr().unwrap());
    (server, Door { url, certificate: Some(certificate) })
}

/// A client that has connected, and its request.
async fn connected(server: &Endpoint<Server>, door: &Door) -> (WebTransport, SessionRequest) {
    let request = async { server.accept().await.await.unwrap() };
    let (client, request) = tokio::join!(WebTransport::connect(door, b"a ticket", Clock::start(), PATIENCE), request);
    (client.unwrap(), request)
}

#[tokio::test]
async fn ticket_and_payloads_go_their_ways() {
    let (server, door) = server();
    let (mut client, request) = connected(&server, &door).await;
    assert_eq!((request.path(), request.origin()), ("/play?x=1", None));
    assert!(door.url.contains(request.authority()));
    let session = request.accept().await.unwrap();
    let (mut out, mut into) = session.accept_bi().await.unwrap();
    let mut ticket = [0; 10];
    into.read_exact(&mut ticket).await.unwrap();
    assert_eq!(ticket, framing::message(b"a ticket")[..]);

    let frame = ClientFrame { ack: SnapshotAck { newest: Tick(3), before: 1 }, commands: InputCommands::default() };
    client.finish_tick(Some(&frame)).unwrap();
    let datagram = session.receive_datagram().await.unwrap();
    assert!(matches!(open(&datagram).unwrap().section, Section::Input(_)));
    client.send_message(vec![7; 900]).unwrap();
    client.finish_tick(None).unwrap();
    let mut length = [0; 2];
    timeout(PATIENCE, into.read_exact(&mut length)).await.expect("it goes on the stream").unwrap();
    let mut long = vec![0; u16::from_le_bytes(length).into()];
    timeout(PATIENCE, into.read_exact(&mut long)).await.expect("all of it").unwrap();
    assert!(open(&long).is_ok() && long.ends_with(&[7; 900]), "what is too long for a datagram");

    session.send_datagram(seal(Section::Snapshot(&[1, 2, 3]))).unwrap();
    client.receive().await.unwrap();
    assert_eq!(client.next_incoming(), Some(Incoming::Frame(vec![1, 2, 3])));
    out.write_all(&framing::message(&seal(Section::Snapshot(&[4])))).await.unwrap();
    client.receive().await.unwrap();
    assert_eq!(client.next_incoming(), Some(Incoming::Frame(vec![4])));
    out.write_all(&framing::end(TRY_AGAIN_LATER)).await.unwrap();
    assert_eq!(client.receive().await, Err(CloseReason::Denied));
}

#[tokio::test]
async fn who_is_refused_learns_it() {
    let (server, door) = server();
    let (mut client, request) = connected(&server, &door).await;
    request.not_found().await;
    assert_eq!(client.receive().await, Err(CloseReason::Denied));
    assert_eq!(client.close_reason(), Some(CloseReason::Denied));
}

#[tokio::test]
async fn another_certificate_is_not_taken() {
    let (server, door) = server();
    for certificate in [Some("00".repeat(32)), None] {
        let door = Door { certificate, ..door.clone() };
        let connecting = WebTransport::connect(&door, b"a ticket", Clock::start(), PATIENCE);
        let (connected, asked) = tokio::join!(connecting, async { server.accept().await.await });
        assert!(matches!(connected, Err(CloseReason::Socket(_))), "{door:?}");
        assert!(asked.is_err(), "nobody asks for a session there");
    }
    let door = Door { certificate: Some("no hash".to_owned()), ..door };
    let connecting = WebTransport::connect(&door, b"a ticket", Clock::start(), PATIENCE);
    assert_eq!(connecting.await.err(), Some(CloseReason::Denied));
}
