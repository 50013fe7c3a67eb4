//! What the door reads from strangers, and from its operator.

use std::path::Path;

use realmgate_door::dictionary::Dictionary;
use realmgate_door::http::path::check_path;
use realmgate_door::socketio::packet;

/// A request's path. One that is accepted stays where it begins, however often a service decodes it.
pub fn path(bytes: &[u8]) {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    if check_path(path).is_err() {
        return;
    }
    let mut read = bytes.to_vec();
    for times in 0..3 {
        let climbs = read.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b".."));
        assert!(!climbs, "{path:?} decoded {times} times: {:?}", String::from_utf8_lossy(&read));
        read = decode(&read);
        if times == 2 {
            break;
        }
    }
}

/// Replaces what is percent-encoded, and leaves all else as it is.
fn decode(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let (mut decoded, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.get(at) {
        let encoded = (byte == b'%').then(|| Some(digit(text.get(at + 1))? << 4 | digit(text.get(at + 2))?)).flatten();
        at += if encoded.is_some() { 3 } else { 1 };
        decoded.push(encoded.unwrap_or(byte));
    }
    decoded
}

/// A `services.toml`. The faults of one that is refused have positions.
pub fn services(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Dictionary::parse(text, Path::new("services.toml")) {
        Ok(dictionary) => {
            for service in &dictionary.services {
                assert!(!service.urls.is_empty(), "a service has a URL: {service:?}");
                assert!(service.path.is_some() || service.socket_io.is_some(), "it can be reached: {service:?}");
            }
        }
        Err(faults) => {
            let text = faults.to_string();
            assert!(text.lines().all(|line| !line.is_empty()) && text.starts_with("services.toml:"), "{text}");
        }
    }
}

/// A message of a Socket.IO client. What is passed on has the same kind, attachments and payload, in another namespace.
pub fn socketio(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = packet::parse_engine(text);
    let Ok(read) = packet::parse(text) else { return };
    let written = read.write("", "/other");
    let again = packet::parse(&written);
    let is_same = |again: &packet::Packet<'_>| {
        (again.kind, again.attachments, again.namespace, again.rest)
            == (read.kind, read.attachments, "/other", read.rest)
    };
    assert!(again.as_ref().is_ok_and(is_same), "{text:?} is passed on as {written:?}");
}
