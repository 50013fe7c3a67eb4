//! Which names, passwords and other texts there may be.

use serde_json::Value;

/// Most characters of a display name.
const DISPLAY_NAME_CHARS: usize = 80;
/// Most characters of a device's id.
const DEVICE_ID_CHARS: usize = 256;
/// Most bytes of metadata, as JSON.
const METADATA_BYTES: usize = 16_384;
/// Fewest characters of a password.
const PASSWORD_CHARS: usize = 8;
/// Most bytes of a password.
const PASSWORD_BYTES: usize = 72;

/// What is wrong with a display name, if anything.
pub(crate) fn display_name_fault(name: &str) -> Option<&'static str> {
    (name.chars().count() > DISPLAY_NAME_CHARS).then_some("should be at most 80 character(s)")
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

/// What is wrong with a device's id, if anything.
pub(crate) fn device_id_fault(id: &str) -> Option<&'static str> {
    if id.trim().is_empty() {
        Some("can't be blank")
    } else if id.chars().count() > DEVICE_ID_CHARS {
        Some("should be at most 256 character(s)")
    } else {
        None
    }
}

/// What is wrong with metadata, if anything: it is an object of a limited size.
pub(crate) fn metadata_fault(metadata: &Value) -> Option<&'static str> {
    if !metadata.is_object() {
        Some("is invalid")
    } else if metadata.to_string().len() > METADATA_BYTES {
        Some("is too large")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_where_they_are_said_to_be() {
        let name = |length| display_name_fault(&"\u{e4}".repeat(length)).is_none();
        assert_eq!([0, 80, 81].map(name), [true, true, false]);
        let password = |length| password_fault(&"x".repeat(length)).is_none();
        assert_eq!([7, 8, 72, 73].map(password), [false, true, true, false]);
        assert!(password_fault(&"\u{e4}".repeat(37)).is_some(), "bytes count");
        let device = |length| device_id_fault(&"x".repeat(length)).is_none();
        assert_eq!([0, 1, 256, 257].map(device), [false, true, true, false]);
        let metadata = |length| metadata_fault(&json!({"a": "x".repeat(length)})).is_none();
        assert_eq!([0, 16_376, 16_377].map(metadata), [true, true, false], "with the eight signs around it");
        for bad in [json!([]), json!("x"), json!(null), json!(1)] {
            assert!(metadata_fault(&bad).is_some(), "{bad}");
        }
    }
}
