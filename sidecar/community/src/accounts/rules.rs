//! Which names, passwords, mail addresses and other texts there may be.

use realmgate_platform::accounts::is_username;
use realmgate_protocol::text::fault_of_line;
use serde_json::Value;

use crate::field_limits::{FieldLimits, size};
use crate::http::Fault;

/// Fewest characters of a password.
const PASSWORD_CHARS: usize = 8;
/// Most bytes of a password.
const PASSWORD_BYTES: usize = 72;
/// Most bytes of the part of an address before its `@`.
const LOCAL_PART_BYTES: usize = 64;
/// Most bytes of a name between dots.
const LABEL_BYTES: usize = 63;

/// What is wrong with a text that has more characters than it may, if it has.
pub(crate) fn length_fault(text: &str, most: u32) -> Option<Fault> {
    (text.chars().count() > size(most)).then(|| format!("should be at most {most} character(s)").into())
}

/// What is wrong with a line that others are shown, if anything: it is what it looks like. It may be empty.
pub(crate) fn line_fault(line: &str, most: u32) -> Option<Fault> {
    let is_shown = || (!line.is_empty()).then(|| fault_of_line(line, line.len())).flatten();
    length_fault(line, most).or_else(|| is_shown().map(|fault| fault.to_string().into()))
}

/// What is wrong with a display name, if anything.
pub(crate) fn display_name_fault(name: &str, limits: &FieldLimits) -> Option<Fault> {
    line_fault(name, limits.max_display_name)
}

/// What is wrong with a user name, if anything.
pub(crate) fn username_fault(name: &str, limits: &FieldLimits) -> Option<Fault> {
    let length = limits.username();
    if is_username(name, length) {
        return None;
    }
    Some(match name.chars().count() {
        chars if chars < length.least => format!("should be at least {} character(s)", length.least).into(),
        chars if chars > length.most => format!("should be at most {} character(s)", length.most).into(),
        _ => "has invalid format".into(),
    })
}

/// What is wrong with a new password, if anything.
pub(crate) fn password_fault(password: &str) -> Option<&'static str> {
    if password.chars().count() < PASSWORD_CHARS {
        Some("should be at least 8 character(s)")
    } else if password.len() > PASSWORD_BYTES {
        Some("should be at most 72 byte(s)")
    } else {
        None
    }
}

/// An e-mail address as accounts have it: trimmed, in small letters. `None` where it is none, or one that not every mail
/// server takes: it has ASCII letters, no quotes, and a host with a dot.
pub(crate) fn address(text: &str, limits: &FieldLimits) -> Option<String> {
    let address = text.trim().to_ascii_lowercase();
    let (local, host) = address.split_once('@')?;
    let is_sign = |byte: u8| b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom =
        |atom: &str| !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte));
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=LABEL_BYTES).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let legal = address.len() <= size(limits.max_email)
        && local.len() <= LOCAL_PART_BYTES
        && local.split('.').all(is_atom)
        && host.contains('.')
        && host.split('.').all(is_label);
    legal.then_some(address)
}

/// What is wrong with a device's id, if anything.
pub(crate) fn device_id_fault(id: &str, limits: &FieldLimits) -> Option<Fault> {
    if id.trim().is_empty() { Some("can't be blank".into()) } else { length_fault(id, limits.max_device_id) }
}

/// What is wrong with metadata, if anything: it is an object of a limited size.
pub(crate) fn metadata_fault(metadata: &Value, limits: &FieldLimits) -> Option<Fault> {
    if !metadata.is_object() {
        Some("is invalid".into())
    } else if metadata.to_string().len() > size(limits.max_metadata_size) {
        Some("is too large".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn address(text: &str) -> Option<String> {
        super::address(text, &FieldLimits::default())
    }

    #[test]
    fn a_line_for_others_is_what_it_looks_like() {
        for fine in ["", "Änn of the Hill", "李雷", "👩🏽\u{200d}🚀"] {
            assert!(line_fault(fine, 80).is_none(), "{fine}");
        }
        for bad in [" ", "two\nlines", "a\u{202e}nn", "hid\u{200b}den", "\u{1b}[31mred", "me\u{2028}admin"] {
            assert!(line_fault(bad, 80).is_some(), "{bad:?}");
        }
        assert!(line_fault(&"x".repeat(81), 80).is_some());
    }

    #[test]
    fn addresses_are_plain_and_of_one_form() {
        for (text, form) in [
            (" Ann@Example.ORG ", "ann@example.org"),
            ("a.b+c_d-e@x-1.co.uk", "a.b+c_d-e@x-1.co.uk"),
            ("o'neil@example.org", "o'neil@example.org"),
        ] {
            assert_eq!(address(text).as_deref(), Some(form));
            assert!(form.parse::<lettre::Address>().is_ok(), "{form} can be written to");
        }
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            "a@b@c.de",
            ".ann@b.de",
            "a..n@b.de",
            "ann@b..de",
            "ann@-b.de",
            "ann@b-.de",
            "a n@b.de",
            "\"a\"@b.de",
            "a@[127.0.0.1]",
            "a<b@c.de",
            "a,b@c.de",
            "\u{e4}@b.de",
            "a@b\u{e4}.de",
            "a\n@b.de",
            "a@b.de\nBcc: x@y.de",
            "a@b.de\0",
        ] {
            assert_eq!(address(bad), None, "{bad:?}");
        }
        let of =
            |local: usize, label: usize| format!("{}@{}.{}.de", "l".repeat(local), "h".repeat(label), "k".repeat(20));
        assert!(address(&of(64, 63)).is_some() && address(&of(65, 1)).is_none() && address(&of(1, 64)).is_none());
        let long = |last: usize| format!("{}@{}.{}.de", "l".repeat(64), "h".repeat(63), "k".repeat(last));
        assert_eq!((long(28).len(), address(&long(28)).is_some(), address(&long(29)).is_some()), (160, true, false));
    }

    #[test]
    fn limits_are_where_they_are_said_to_be() {
        let limits = &FieldLimits::default();
        let name = |length| display_name_fault(&"\u{e4}".repeat(length), limits).is_none();
        assert_eq!([0, 80, 81].map(name), [true, true, false]);
        let password = |length| password_fault(&"x".repeat(length)).is_none();
        assert_eq!([7, 8, 72, 73].map(password), [false, true, true, false]);
        assert!(password_fault(&"\u{e4}".repeat(37)).is_some(), "bytes count");
        let device = |length| device_id_fault(&"x".repeat(length), limits).is_none();
        assert_eq!([0, 1, 256, 257].map(device), [false, true, true, false]);
        let metadata = |length| metadata_fault(&json!({"a": "x".repeat(length)}), limits).is_none();
        assert_eq!([0, 16_376, 16_377].map(metadata), [true, true, false], "with the eight signs around it");
        for bad in [json!([]), json!("x"), json!(null), json!(1)] {
            assert!(metadata_fault(&bad, limits).is_some(), "{bad}");
        }
    }
}
