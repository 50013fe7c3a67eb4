//! Lines that players write for others.

use realmgate_protocol::limits::{MAX_CHAT_BYTES, MAX_MARKS};
use realmgate_protocol::text::{TextFault, fault_of_line};

/// A line of any bytes, in place of those that are no text.
pub fn line(bytes: &[u8]) {
    let line = String::from_utf8_lossy(bytes);
    let fault = fault_of_line(&line, MAX_CHAT_BYTES);
    assert_eq!(fault == Some(TextFault::TooLong), line.len() > MAX_CHAT_BYTES, "its length is judged first");
    if fault.is_some() {
        return;
    }
    assert!(!line.trim().is_empty(), "there is something to be seen");
    assert!(!line.chars().any(is_never_shown), "{line:?}");
    let marks = line.as_bytes().windows(2 * (MAX_MARKS + 1));
    assert!(!marks.into_iter().any(|run| run.chunks(2).all(|mark| mark == [0xcc, 0x81])), "{line:?}");
    if 2 * line.len() < MAX_CHAT_BYTES {
        assert_eq!(fault_of_line(&format!("{line} {line}"), MAX_CHAT_BYTES), None, "it reaches beyond its end");
    }
}

/// What no script and no emoji needs: controls, separators, directions, fillers, what means nothing.
fn is_never_shown(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{e002f}' | '\u{e0080}'..='\u{10ffff}')
}
