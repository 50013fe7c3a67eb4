//! The client: stock renet carries the bytes, the protocol crate reads them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::wire::InputCommand;
use realmgate_protocol::wire::datagram::{self, Section};
use realmgate_protocol::wire::view::View;
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};
use renet_netcode::{ClientAuthentication, ConnectToken, NetcodeClientTransport};

use crate::{ComponentValue, ToClient};

/// Input commands up, snapshots down.
const FRAMES: u8 = 0;
/// Reliable messages both ways.
const MESSAGES: u8 = 1;

/// How long a tick takes: as long as the server's.
const TICK: Duration = Duration::from_millis(33);

/// A connection to an arena.
pub struct Client {
    renet: RenetClient,
    transport: NetcodeClientTransport,
    /// The arena, from the server's welcome on.
    pub view: Option<View<ComponentValue>>,
}

impl Client {
    /// Logs in at `server`, an address with a port, and connects.
    ///
    /// # Errors
    /// Fails if the server cannot be reached or refuses the name.
    #[expect(clippy::disallowed_methods, reason = "connect tokens are dated by Unix time")]
    pub fn connect(server: &str, name: &str) -> Result<Self> {
        let mut login = TcpStream::connect(server).with_context(|| format!("no arena at {server}"))?;
        writeln!(login, "{name}")?;
        let mut token = String::new();
        BufReader::new(login).read_line(&mut token)?;
        ensure!(!token.is_empty(), "the server refused the name {name:?}: it has to start with a letter");
        let connect_token = ConnectToken::read(&mut BASE64_URL_SAFE_NO_PAD.decode(token.trim())?.as_slice())?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let authentication = ClientAuthentication::Secure { connect_token };
        let transport = NetcodeClientTransport::new(now, authentication, UdpSocket::bind("0.0.0.0:0")?)?;
        Ok(Self { renet: RenetClient::new(channels()), transport, view: None })
    }

    /// Receives, sends what the player does in this tick, and waits until it is over. Returns the news.
    ///
    /// # Errors
    /// Fails if the connection has ended.
    pub fn tick(&mut self, command: InputCommand) -> Result<Vec<String>> {
        self.renet.update(TICK);
        self.transport.update(TICK, &mut self.renet).context("the connection has ended")?;
        let mut news = Vec::new();
        while let Some(bytes) = self.renet.receive_message(MESSAGES) {
            match decode_reliable(&bytes)? {
                ToClient::Welcome { tick } => self.view = Some(View::new(tick, ComponentValue::read)),
                ToClient::News { text } => news.push(text),
            }
        }
        while let Some(payload) = self.renet.receive_message(FRAMES) {
            if let (Some(view), Section::Snapshot(body)) = (&mut self.view, datagram::open(&payload)?.section) {
                view.apply(body).context("unreadable snapshot")?;
            }
        }
        // The first payload also shows the server that renet frames this connection.
        let frame = self.view.as_mut().map_or_else(Default::default, |view| view.command(command));
        self.renet.send_message(FRAMES, frame.seal());
        if self.renet.is_connected() {
            self.transport.send_packets(&mut self.renet)?;
        }
        std::thread::sleep(TICK);
        Ok(news)
    }

    /// Disconnects.
    pub fn leave(&mut self) {
        self.transport.disconnect();
    }
}

fn channels() -> ConnectionConfig {
    let channel = |channel_id, send_type| ChannelConfig { channel_id, max_memory_usage_bytes: 1 << 20, send_type };
    let reliable = SendType::ReliableOrdered { resend_time: Duration::from_millis(200) };
    let both = vec![channel(FRAMES, SendType::Unreliable), channel(MESSAGES, reliable)];
    let (server_channels_config, client_channels_config) = (both.clone(), both);
    ConnectionConfig { available_bytes_per_tick: 60_000, server_channels_config, client_channels_config }
}
