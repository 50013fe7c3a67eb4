//! The source of a mail, as mail servers take it: ASCII, whatever it says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use realmgate_protocol::cron::date;

/// Longest line that is sent as it is, in bytes. The standard's limit is 998.
const LONGEST_LINE: usize = 900;
/// Longest header that is sent as it is, in bytes.
const LONGEST_HEADER: usize = 60;
/// Bytes of a text that fit into one encoded word of a header.
const WORD_BYTES: usize = 42;
/// Signs of a line of base64.
const BASE64_LINE: usize = 76;
const DAY_S: u64 = 24 * 60 * 60;

/// Whom mails are from.
#[derive(Debug, Clone)]
pub struct Sender {
    name: String,
    address: Address,
}

/// A mail that is ready to be sent.
pub(super) struct Letter {
    pub from: Address,
    pub to: Address,
    pub source: Vec<u8>,
}

/// What a mail is made of.
pub(super) struct Content<'a> {
    /// The same for every try, so that mail servers know a mail that comes twice.
    pub id: &'a str,
    pub to: Address,
    pub subject: &'a str,
    pub text: &'a str,
    pub at_ms: u64,
}

impl Sender {
    /// `ADDRESS` or `NAME <ADDRESS>`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(named) => named.split_once('<')?,
            None => ("", text.trim()),
        };
        let name = name.trim().trim_matches('"').to_owned();
        let address: Address = address.parse().ok()?;
        let is_legal =
            address.to_string().is_ascii() && !name.contains(|sign: char| sign.is_control() || "<>\"".contains(sign));
        is_legal.then_some(Self { name, address })
    }

    /// Puts a mail together.
    pub(super) fn letter(&self, content: Content<'_>) -> Letter {
        let Content { id, to, subject, text, at_ms } = content;
        let from = match self.name.is_empty() {
            true => self.address.to_string(),
            false => format!("{} <{}>", header(&self.name, |byte| byte.is_ascii_alphanumeric()), self.address),
        };
        let (encoding, body) = body(text);
        let source = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{id}@{}>\r\n\
             Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}",
            header(subject, |byte| byte.is_ascii_graphic() && byte != b'='),
            rfc_date(at_ms / 1_000),
            self.address.domain(),
        );
        Letter { from: self.address.clone(), to, source: source.into_bytes() }
    }
}

/// A text as a header has it: as it is if it is short and made of `plain` signs and spaces, else in encoded words.
fn header(text: &str, plain: impl Fn(u8) -> bool) -> String {
    if text.len() <= LONGEST_HEADER && text.bytes().all(|byte| byte == b' ' || plain(byte)) {
        return text.to_owned();
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for sign in text.chars() {
        if word.len() + sign.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(sign);
    }
    words.push(word);
    let encoded: Vec<String> = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join("\r\n ")
}

/// A text with its encoding: as it is wherever that is legal, so that whoever reads a mail's file finds its link.
fn body(text: &str) -> (&'static str, String) {
    if text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST_LINE) {
        return ("7bit", text.replace('\n', "\r\n"));
    }
    let encoded = STANDARD.encode(text.replace('\n', "\r\n"));
    let mut lines = String::new();
    for (at, sign) in encoded.chars().enumerate() {
        if at > 0 && at % BASE64_LINE == 0 {
            lines.push_str("\r\n");
        }
        lines.push(sign);
    }
    ("base64", lines + "\r\n")
}

/// A time in Unix seconds, as mails have it.
fn rfc_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (seconds / DAY_S, seconds % DAY_S);
    let (year, month, day) = date(days);
    let name = |names: &'static [&'static str], index: u64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} +0000",
        name(&DAYS, days % 7),
        name(&MONTHS, month.saturating_sub(1)),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(sender: &str, subject: &str, text: &str) -> String {
        let to = "ann@example.org".parse().unwrap();
        let content = Content { id: "an-id", to, subject, text, at_ms: 1_800_000_000_000 };
        String::from_utf8(Sender::parse(sender).unwrap().letter(content).source).unwrap()
    }

    #[test]
    fn plain_mails_are_plain() {
        let expected = "From: Realm <post@realm.example>\r\nTo: ann@example.org\r\nSubject: Your account at Realm\r\n\
            Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <an-id@realm.example>\r\nAuto-Submitted: auto-generated\r\n\
            MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
            One\r\n\r\nTwo\r\n";
        assert_eq!(source("Realm <post@realm.example>", "Your account at Realm", "One\n\nTwo\n"), expected);
    }

    #[test]
    fn names_of_any_kind_are_ascii_and_stay_in_their_header() {
        for name in [
            "M\u{f6}rderland",
            "Line\r\nBcc: eve@example.org",
            &"\u{4e16}".repeat(700),
            &"x".repeat(2_000),
            "=?utf-8?B?eA==?=",
        ] {
            let mail = source("post@realm.example", name, name);
            assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() < 998), "{mail}");
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains("Bcc") && head.contains("Subject: =?utf-8?B?"), "{head}");
            let words: String = head
                .split("=?utf-8?B?")
                .skip(1)
                .map(|word| String::from_utf8(STANDARD.decode(word.split('?').next().unwrap()).unwrap()).unwrap())
                .collect();
            assert_eq!(words, name);
            if head.ends_with("base64") {
                let told = STANDARD.decode(body.replace("\r\n", "")).unwrap();
                assert_eq!(String::from_utf8(told).unwrap(), name.replace('\n', "\r\n"));
            }
        }
    }

    #[test]
    fn senders_have_an_address_and_perhaps_a_name() {
        for (text, from) in [
            ("post@realm.example", "From: post@realm.example\r\n"),
            ("\"The Realm\" <post@realm.example>", "From: The Realm <post@realm.example>\r\n"),
            ("R. <post@realm.example>", "From: =?utf-8?B?Ui4=?= <post@realm.example>\r\n"),
        ] {
            assert!(source(text, "x", "x").starts_with(from), "{text}");
        }
        for bad in ["", "nobody", "a <b>", "<a@b.de", "a\r\nBcc: <a@b.de>", "a <b> <c@d.de>", "a@\u{e4}.de"] {
            assert!(Sender::parse(bad).is_none(), "{bad:?}");
        }
    }
}
