//! Messages of the channel protocol: JSON arrays `[join_ref, ref, topic, event, payload]`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest reference, topic or event that is read, in bytes.
const LONGEST_TEXT: usize = 256;

/// What a client sends.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Said(
    /// The reference of the join that it belongs to.
    pub(super) Ref,
    /// Its own, which the reply repeats.
    pub(super) Ref,
    /// The topic.
    pub(super) String,
    /// The event.
    pub(super) String,
    /// What goes with it.
    pub(super) Value,
);

/// A reference: whatever text or number the client counts with, or null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Ref {
    None(()),
    Text(String),
    Number(i64),
}

/// How a push was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Error,
}

impl Said {
    /// Reads a message; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let said: Self = serde_json::from_str(text).ok()?;
        let short = |text: &str| text.len() <= LONGEST_TEXT;
        let all_short = said.0.is_short() && said.1.is_short() && short(&said.2) && short(&said.3);
        all_short.then_some(said)
    }
}

impl Ref {
    fn is_short(&self) -> bool {
        !matches!(self, Self::Text(text) if text.len() > LONGEST_TEXT)
    }
}

/// An answer to what a client has said.
pub(super) fn reply(said: &Said, join_ref: &Ref, status: Status, response: &Value) -> String {
    let status = if status == Status::Ok { "ok" } else { "error" };
    let payload = serde_json::json!({"status": status, "response": response});
    written(&(join_ref, &said.1, &said.2, "phx_reply", payload))
}

/// Something that a client is told on a topic that it has joined.
pub(super) fn push(join_ref: &Ref, topic: &str, event: &str, payload: &impl Serialize) -> String {
    written(&(join_ref, Ref::None(()), topic, event, payload))
}

/// The end of a channel.
pub(super) fn close(join_ref: &Ref, topic: &str) -> String {
    written(&(join_ref, join_ref, topic, "phx_close", Map::new()))
}

fn written(frame: &impl Serialize) -> String {
    // Structs of texts and numbers can be written.
    serde_json::to_string(frame).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_repeat_the_references() {
        for (join, own) in [(json!("1"), json!("4")), (json!(null), json!("7")), (json!(1), json!(2))] {
            let said = Said::parse(&json!([join, own, "t", "e", {"a": 1}]).to_string()).unwrap();
            let answer = reply(&said, &said.0, Status::Error, &json!({"reason": "x"}));
            let expected = json!([join, own, "t", "phx_reply", {"status": "error", "response": {"reason": "x"}}]);
            assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), expected);
            let closed: Value = serde_json::from_str(&close(&said.0, "t")).unwrap();
            assert_eq!(closed, json!([join, join, "t", "phx_close", {}]));
        }
    }

    #[test]
    fn what_is_no_message_is_not_read() {
        let long = "x".repeat(LONGEST_TEXT + 1);
        for bad in [
            json!({}),
            json!([]),
            json!(["1", "2", "t", "e"]),
            json!(["1", "2", "t", "e", {}, 1]),
            json!(["1", {}, "t", "e", {}]),
            json!([[], "2", "t", "e", {}]),
            json!(["1", "2", 3, "e", {}]),
            json!(["1", "2", "t", null, {}]),
            json!([long, "2", "t", "e", {}]),
            json!(["1", long, "t", "e", {}]),
            json!(["1", "2", long, "e", {}]),
            json!(["1", "2", "t", long, {}]),
        ] {
            assert!(Said::parse(&bad.to_string()).is_none(), "{bad}");
        }
        assert!(Said::parse("[").is_none());
        assert!(Said::parse(&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))).is_none(), "however deep");
    }
}
