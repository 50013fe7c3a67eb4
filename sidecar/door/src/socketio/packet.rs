//! The heads of Socket.IO packets (protocol 5), and the Engine.IO packets (protocol 4) that a service sends.
//!
//! A head is `<type>[<attachments>-][<namespace>,]`. The acknowledgement id and the payload follow; the relay does not
//! read them. Sources: <https://socket.io/docs/v4/socket-io-protocol/> and
//! <https://socket.io/docs/v4/engine-io-protocol/>.

use std::time::Duration;

/// Maximum number of binary attachments of a packet.
pub const MAX_ATTACHMENTS: usize = 16;
/// Maximum length of a namespace, in bytes.
pub const MAX_NAMESPACE_BYTES: usize = 64;
/// Separates the packets of a long-polling payload. JSON has no raw control characters, so a packet never contains it.
const RECORD_SEPARATOR: u8 = 0x1e;
/// Longest interval or timeout of a service's handshake. A longer one counts as this one.
const MAX_HEARTBEAT_MS: u64 = 600_000;

/// The type of a Socket.IO packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client joins a namespace, or the server confirms it.
    Connect,
    /// One side leaves a namespace.
    Disconnect,
    /// An event.
    Event,
    /// An acknowledgement of an event.
    Ack,
    /// The server refuses a namespace.
    ConnectError,
    /// An event with binary attachments.
    BinaryEvent,
    /// An acknowledgement with binary attachments.
    BinaryAck,
}

/// A Socket.IO packet whose head is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its type.
    pub kind: Kind,
    /// The number of binary messages that follow it.
    pub attachments: usize,
    /// Its namespace, `/` by default.
    pub namespace: &'a str,
    /// The acknowledgement id and the payload, unparsed.
    pub rest: &'a str,
}

/// Why a text is not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketFault {
    /// The first character is not a type.
    #[error("unknown packet type")]
    Kind,
    /// The number of attachments is missing, not a number or above [`MAX_ATTACHMENTS`].
    #[error("attachments must be a number up to {MAX_ATTACHMENTS}")]
    Attachments,
    /// The namespace is longer than [`MAX_NAMESPACE_BYTES`].
    #[error("a namespace must have at most {MAX_NAMESPACE_BYTES} bytes")]
    Namespace,
    /// What follows the head is neither an id nor JSON.
    #[error("the payload must be JSON")]
    Payload,
    /// The Engine.IO handshake is not the JSON that the protocol names.
    #[error("the handshake must have pingInterval and pingTimeout")]
    Handshake,
}

impl Kind {
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            b'0' => Self::Connect,
            b'1' => Self::Disconnect,
            b'2' => Self::Event,
            b'3' => Self::Ack,
            b'4' => Self::ConnectError,
            b'5' => Self::BinaryEvent,
            b'6' => Self::BinaryAck,
            _ => return None,
        })
    }

    const fn digit(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    /// Whether the number of attachments is part of the head.
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }
}

/// Parses the head of a packet.
///
/// # Errors
/// For a text whose head breaks the protocol or a limit. The payload is not checked, except that it must not look like
/// another head.
pub fn parse(text: &str) -> Result<Packet<'_>, PacketFault> {
    let kind = text.bytes().next().and_then(Kind::of).ok_or(PacketFault::Kind)?;
    let rest = &text[1..];
    let (attachments, rest) = if kind.is_binary() { parse_attachments(rest)? } else { (0, rest) };
    let (namespace, rest) = parse_namespace(rest)?;
    // Written with the namespace `/`, which is left out, it would be in the namespace that it begins with.
    let is_head = rest.starts_with('/');
    if is_head || rest.bytes().any(|byte| byte == RECORD_SEPARATOR) {
        return Err(PacketFault::Payload);
    }
    Ok(Packet { kind, attachments, namespace, rest })
}

fn parse_attachments(text: &str) -> Result<(usize, &str), PacketFault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].strip_prefix('-').ok_or(PacketFault::Attachments)?;
    let number = text[..digits].parse().map_err(|_| PacketFault::Attachments)?;
    if number > MAX_ATTACHMENTS {
        return Err(PacketFault::Attachments);
    }
    Ok((number, rest))
}

/// A namespace ends with a comma, or with the packet.
fn parse_namespace(text: &str) -> Result<(&str, &str), PacketFault> {
    if !text.starts_with('/') {
        return Ok(("/", text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    if namespace.len() > MAX_NAMESPACE_BYTES || namespace.bytes().any(|byte| byte == RECORD_SEPARATOR) {
        return Err(PacketFault::Namespace);
    }
    Ok((namespace, rest))
}

impl Packet<'_> {
    /// The packet in another namespace, after `prefix`: nothing, or the type of the Engine.IO packet that carries it.
    pub fn write(&self, prefix: &str, namespace: &str) -> String {
        let mut text = String::with_capacity(prefix.len() + namespace.len() + self.rest.len() + 6);
        text.push_str(prefix);
        text.push(self.kind.digit());
        if self.kind.is_binary() {
            text.push_str(&self.attachments.to_string());
            text.push('-');
        }
        if namespace != "/" {
            text.push_str(namespace);
            text.push(',');
        }
        text.push_str(self.rest);
        text
    }
}

/// A packet of this type without attachments, as text.
pub(super) fn write(prefix: &str, kind: Kind, namespace: &str, rest: &str) -> String {
    Packet { kind, attachments: 0, namespace, rest }.write(prefix, namespace)
}

/// An Engine.IO packet of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnginePacket<'a> {
    /// The handshake.
    Open(Heartbeat),
    /// The service closes the connection.
    Close,
    /// A heartbeat.
    Ping,
    /// A Socket.IO packet.
    Message(&'a str),
    /// A packet that means nothing on a WebSocket.
    Noop,
}

/// How often a service sends pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The time between two pings.
    pub interval: Duration,
    /// How much later than that a ping may come.
    pub timeout: Duration,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handshake {
    ping_interval: u64,
    ping_timeout: u64,
}

/// Parses an Engine.IO packet of a service.
///
/// # Errors
/// For a text that is not a packet which a server sends, and for a handshake without the heartbeat's times.
pub fn parse_engine(text: &str) -> Result<EnginePacket<'_>, PacketFault> {
    let kind = text.bytes().next().ok_or(PacketFault::Kind)?;
    Ok(match kind {
        b'0' => EnginePacket::Open(parse_handshake(&text[1..])?),
        b'1' => EnginePacket::Close,
        b'2' => EnginePacket::Ping,
        b'4' => EnginePacket::Message(&text[1..]),
        b'6' => EnginePacket::Noop,
        _ => return Err(PacketFault::Kind),
    })
}

fn parse_handshake(json: &str) -> Result<Heartbeat, PacketFault> {
    let handshake: Handshake = serde_json::from_str(json).map_err(|_| PacketFault::Handshake)?;
    let bounded = |millis: u64| Duration::from_millis(millis.min(MAX_HEARTBEAT_MS));
    Ok(Heartbeat { interval: bounded(handshake.ping_interval), timeout: bounded(handshake.ping_timeout) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet<'a>(kind: Kind, attachments: usize, namespace: &'a str, rest: &'a str) -> Packet<'a> {
        Packet { kind, attachments, namespace, rest }
    }

    #[test]
    fn heads_of_the_protocol_are_parsed() {
        let cases = [
            ("0", packet(Kind::Connect, 0, "/", "")),
            (r#"0/shop,{"token":"x"}"#, packet(Kind::Connect, 0, "/shop", r#"{"token":"x"}"#)),
            ("0/shop", packet(Kind::Connect, 0, "/shop", "")),
            ("1/shop,", packet(Kind::Disconnect, 0, "/shop", "")),
            (r#"2["a,b"]"#, packet(Kind::Event, 0, "/", r#"["a,b"]"#)),
            (r#"2/shop,12["a"]"#, packet(Kind::Event, 0, "/shop", r#"12["a"]"#)),
            (r#"61-/shop,7[{"_placeholder":true,"num":0}]"#, {
                packet(Kind::BinaryAck, 1, "/shop", r#"7[{"_placeholder":true,"num":0}]"#)
            }),
            ("50-[]", packet(Kind::BinaryEvent, 0, "/", "[]")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn faulty_heads_are_refused() {
        let long = format!("0/{},", "x".repeat(MAX_NAMESPACE_BYTES));
        let cases = [
            ("", PacketFault::Kind),
            ("7", PacketFault::Kind),
            ("é", PacketFault::Kind),
            ("5[]", PacketFault::Attachments),
            ("5-[]", PacketFault::Attachments),
            ("517-[]", PacketFault::Attachments),
            ("599999999999999999999999-[]", PacketFault::Attachments),
            (&long, PacketFault::Namespace),
            ("2[\"a\x1e42/other,[]\"]", PacketFault::Payload),
            ("2/a\x1eb,[]", PacketFault::Namespace),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn payload_that_names_a_second_namespace_is_refused() {
        assert_eq!(parse(r#"2/shop,/admin,["x"]"#), Err(PacketFault::Payload));
        assert_eq!(parse(r#"51-/shop,/admin,["x"]"#), Err(PacketFault::Payload));
    }

    #[test]
    fn namespace_is_replaced_and_the_rest_stays() {
        let text = r#"52-/shop,9["a",{"_placeholder":true,"num":0}]"#;
        let packet = parse(text).unwrap();
        assert_eq!(packet.write("4", "/"), r#"452-9["a",{"_placeholder":true,"num":0}]"#);
        assert_eq!(packet.write("", "/x"), r#"52-/x,9["a",{"_placeholder":true,"num":0}]"#);
    }

    #[test]
    fn engine_packets_are_parsed() {
        let open = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        let heartbeat = Heartbeat { interval: Duration::from_secs(25), timeout: Duration::from_secs(20) };
        assert_eq!(parse_engine(open), Ok(EnginePacket::Open(heartbeat)));
        assert_eq!(parse_engine("1"), Ok(EnginePacket::Close));
        assert_eq!(parse_engine("2"), Ok(EnginePacket::Ping));
        assert_eq!(parse_engine("42[]"), Ok(EnginePacket::Message("2[]")));
        assert_eq!(parse_engine("6"), Ok(EnginePacket::Noop));
        assert_eq!(parse_engine("0{}"), Err(PacketFault::Handshake));
        assert_eq!(parse_engine("3"), Err(PacketFault::Kind));
        assert_eq!(parse_engine(""), Err(PacketFault::Kind));
    }

    #[test]
    fn endless_heartbeats_are_bounded() {
        let open = format!(r#"0{{"pingInterval":{0},"pingTimeout":{0}}}"#, u64::MAX);
        let bound = Duration::from_millis(MAX_HEARTBEAT_MS);
        assert_eq!(parse_engine(&open), Ok(EnginePacket::Open(Heartbeat { interval: bound, timeout: bound })));
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        (b'0'..=b'6').prop_map(|digit| Kind::of(digit).unwrap())
    }

    proptest! {
        #[test]
        fn packets_survive_a_round_trip(
            kind in kinds(),
            attachments in 0..=MAX_ATTACHMENTS,
            namespace in "/[a-z0-9/-]{0,40}",
            rest in "([0-9]{0,9}[\\[{][^\x1e]*)?",
        ) {
            let attachments = if kind.is_binary() { attachments } else { 0 };
            let packet = Packet { kind, attachments, namespace: &namespace, rest: &rest };
            let written = packet.write("", &namespace);
            prop_assert_eq!(parse(&written), Ok(packet));
        }

        #[test]
        fn parsed_packet_is_written_into_the_given_namespace(text in "[0-6][0-9]{0,2}-?[/a,\\[0-9]{0,12}") {
            if let Ok(packet) = parse(&text) {
                for namespace in ["/", "/shop"] {
                    let written = packet.write("", namespace);
                    let again = parse(&written);
                    prop_assert_eq!(again, Ok(Packet { namespace, ..packet }), "{}", written);
                }
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*", head in "[0-9]{0,4}-?/?") {
            let both = format!("{head}{text}");
            let _ = (parse(&text), parse(&both), parse_engine(&text), parse_engine(&both));
        }
    }
}
