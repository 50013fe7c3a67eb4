//! Bodies of the kind `multipart/form-data`: forms as pages and tools send them.

use serde_json::{Map, Value};

/// Most parts of a body that are read.
const MOST_PARTS: usize = 128;
/// Longest boundary, in bytes, as the standard has it.
const LONGEST_BOUNDARY: usize = 70;

/// The boundary that a `Content-Type` names.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let (_, boundary) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim_matches('"');
    (1..=LONGEST_BOUNDARY).contains(&boundary.len()).then_some(boundary)
}

/// The fields of a body; files are none. `None` where it cannot be read.
pub(super) fn fields(body: &[u8], boundary: &str) -> Option<Map<String, Value>> {
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut rest = body.strip_prefix(delimiter.get(2..)?)?;
    let mut fields = Map::new();
    for _ in 0..=MOST_PARTS {
        if rest.starts_with(b"--") {
            return Some(fields);
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, &delimiter)?;
        fields.extend(field(part.get(..end)?)?);
        rest = part.get(end + delimiter.len()..)?;
    }
    None
}

/// The name and the text of a part; nothing of a file.
fn field(part: &[u8]) -> Option<Option<(String, Value)>> {
    let end = find(part, b"\r\n\r\n")?;
    let head = str::from_utf8(part.get(..end)?).ok()?;
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let (_, about) = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let parameter = |wanted: &str| {
        let mut all = about.split(';').filter_map(|parameter| parameter.trim().split_once('='));
        all.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim_matches('"'))
    };
    let name = parameter("name")?.to_owned();
    if parameter("filename").is_some() {
        return Some(None);
    }
    let text = str::from_utf8(part.get(end + 4..)?).ok()?;
    Some(Some((name, Value::from(text))))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n\
        --x\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=b\r\n\r\n\r\n\
        --x\r\nContent-Disposition: form-data; name=\"c\"; filename=\"c.png\"\r\n\r\nPNG\r\n--x--\r\n";

    #[test]
    fn fields_are_read_and_files_are_not() {
        let read = |body: &str| fields(body.as_bytes(), "x").map(Value::Object);
        assert_eq!(read(BODY), Some(json!({"a": "one\r\ntwo", "b": ""})));
        assert_eq!(read("--x--"), Some(json!({})));
        for end in 0..BODY.len() - "--\r\n".len() {
            assert_eq!(read(&BODY[..end]), None, "cut off at {end}");
        }
        for bad in ["", "--y--", "--x\r\n\r\none\r\n--x--", "--x\r\nContent-Disposition: form-data\r\n\r\none\r\n--x--"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        assert!(read(&format!("{}--x--", part.repeat(MOST_PARTS))).is_some());
        assert_eq!(read(&format!("{}--x--", part.repeat(MOST_PARTS + 1))), None);
        let bytes = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--";
        assert_eq!(fields(bytes, "x"), None);
    }

    #[test]
    fn the_boundary_is_what_the_kind_says() {
        for (kind, named) in [
            ("multipart/form-data; boundary=aB-c", Some("aB-c")),
            ("multipart/form-data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
        ] {
            assert_eq!(boundary(kind), named, "{kind}");
        }
        for (length, is_taken) in [(70, true), (71, false)] {
            let kind = format!("multipart/form-data; boundary={}", "x".repeat(length));
            assert_eq!(boundary(&kind).map(str::len), is_taken.then_some(length), "70 bytes are the most");
        }
    }
}
