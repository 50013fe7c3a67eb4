//! What a request says of the trace that it belongs to: the header `traceparent` of W3C Trace Context.

use axum::http::{HeaderName, HeaderValue};

use crate::telemetry::ids::{SpanNumber, TraceNumber};

/// The span of somebody else that ours belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    pub(super) trace: TraceNumber,
    pub(super) span: SpanNumber,
    /// Whether its other spans are kept, so that ours are worth it.
    pub(super) is_sampled: bool,
}

impl Parent {
    /// The header that names one.
    pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

    /// Reads `00-<32 digits>-<16 digits>-<2 digits>`. What later versions add behind that is not read.
    pub fn read(value: &HeaderValue) -> Option<Self> {
        let mut parts = value.to_str().ok()?.split('-');
        let (version, trace) = (parts.next()?, TraceNumber::parse(parts.next()?)?);
        let (span, flags) = (SpanNumber::parse(parts.next()?)?, byte(parts.next()?)?);
        let is_known = match byte(version)? {
            0 => parts.next().is_none(),
            255 => false,
            _ => true,
        };
        is_known.then_some(Self { trace, span, is_sampled: flags & 1 == 1 })
    }

    /// The id of its trace, as 32 digits.
    pub fn trace_id(&self) -> String {
        self.trace.to_string()
    }
}

fn byte(text: &str) -> Option<u8> {
    let is_hex = text.len() == 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn read(text: &str) -> Option<Parent> {
        Parent::read(&HeaderValue::from_str(text).unwrap())
    }

    #[test]
    fn a_header_names_trace_span_and_whether_they_are_kept() {
        let parent = read(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!((parent.trace_id(), parent.span.to_string(), parent.is_sampled), (TRACE.into(), SPAN.into(), true));
        assert!(!read(&format!("00-{TRACE}-{SPAN}-00")).unwrap().is_sampled);
        assert!(read(&format!("cc-{TRACE}-{SPAN}-03-what-will-be")).unwrap().is_sampled, "a later version");
    }

    #[test]
    fn anything_else_names_nothing() {
        let zeros = ("0".repeat(32), "0".repeat(16));
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", zeros.0),
            format!("00-{TRACE}-{}-01", zeros.1),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-+1"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }
}
