//! Reliable messages and those of the map link.

use realmgate_protocol::codec::{CodecError, decode_link, decode_reliable, decode_split, encode_link, encode_split};
use realmgate_protocol::link::{FromMap, ToMap};
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Decode<T> = fn(&[u8]) -> Result<T, CodecError>;
type Encode<T> = fn(&T) -> Result<Vec<u8>, CodecError>;

/// What was decoded is encoded in no more bytes, which decode to what encodes the same.
fn comes_back<T: Serialize + DeserializeOwned>(bytes: &[u8], decode: Decode<T>, encode: Encode<T>) {
    let Ok(message) = decode(bytes) else { return };
    let written = encode(&message).expect("what was read can be written");
    // A number may be written in more bytes than it needs.
    assert!(written.len() <= bytes.len(), "{} bytes became {}", bytes.len(), written.len());
    let again = decode(&written).expect("what was written can be read");
    assert_eq!(encode(&again).as_deref(), Ok(&written[..]), "it reads back as something else");
}

/// What a map server reads from a client.
pub fn from_client(bytes: &[u8]) {
    comes_back::<ClientMessage>(bytes, decode_reliable, encode_split);
}

/// What a client reads from a map server, whole or put together from parts.
pub fn from_server(bytes: &[u8]) {
    comes_back::<ServerMessage>(bytes, decode_reliable, encode_split);
    comes_back::<ServerMessage>(bytes, decode_split, encode_split);
}

/// What the two ends of the map link read.
pub fn link(bytes: &[u8]) {
    comes_back::<ToMap>(bytes, decode_link, encode_link);
    comes_back::<FromMap>(bytes, decode_link, encode_link);
}
