//! Messages of the channel protocol: JSON arrays `[join_ref, ref, topic, event, payload]` in version 2, JSON objects
//! `{"topic", "event", "payload", "ref"}` in version 1. Both are put together of parts that are JSON already: what goes to many sockets is
//! written once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::Told;

/// Longest reference, topic or event that is read, in bytes.
const LONGEST_TEXT: usize = 256;

/// The version of the channel protocol that a socket speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 1, with objects.
    Objects,
    /// 2, with arrays.
    Arrays,
}

/// A message of version 1. A client may leave out the reference of the join.
#[derive(Deserialize)]
struct ObjectSaid {
    #[serde(default = "no_ref")]
    join_ref: Ref,
    #[serde(rename = "ref")]
    own: Ref,
    topic: String,
    event: String,
    payload: Value,
}

fn no_ref() -> Ref {
    Ref::None(())
}

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

impl Version {
    /// By what the query says; version 1 where it says nothing, as a Phoenix server takes it. `None` for one that is not known.
    pub(super) fn of(asked: Option<&str>) -> Option<Self> {
        match asked.map(|asked| asked.split('.').next().unwrap_or_default()) {
            None | Some("1") => Some(Self::Objects),
            Some("2") => Some(Self::Arrays),
            Some(_) => None,
        }
    }

    /// A frame as this version has it. All parts are JSON.
    fn frame(self, [join_ref, own, topic, event, payload]: [&str; 5]) -> String {
        match self {
            Self::Objects => {
                format!(r#"{{"topic":{topic},"event":{event},"payload":{payload},"ref":{own}}}"#)
            }
            Self::Arrays => format!("[{join_ref},{own},{topic},{event},{payload}]"),
        }
    }

    /// An answer to what a client has said.
    pub(super) fn reply(self, said: &Said, join_ref: &Ref, status: Status, response: &Value) -> String {
        let status = if status == Status::Ok { "ok" } else { "error" };
        let payload = written(&serde_json::json!({"status": status, "response": response}));
        self.frame([&written(join_ref), &written(&said.1), &written(&said.2), r#""phx_reply""#, &payload])
    }

    /// An event for the socket that has joined its topic by this reference. Clients drop what belongs to no join of theirs.
    pub(super) fn event(self, told: &Told, join_ref: &Ref) -> String {
        self.frame([&written(join_ref), "null", &written(&told.topic.to_string()), &told.event, &told.payload])
    }

    /// Something that a client is told on a topic that it has joined.
    pub(super) fn push(self, join_ref: &Ref, topic: &str, event: &str, payload: &impl Serialize) -> String {
        self.frame([&written(join_ref), "null", &written(&topic), &written(&event), &written(payload)])
    }

    /// The end of a channel.
    pub(super) fn close(self, join_ref: &Ref, topic: &str) -> String {
        let join_ref = written(join_ref);
        self.frame([&join_ref, &join_ref, &written(&topic), r#""phx_close""#, "{}"])
    }
}

impl From<ObjectSaid> for Said {
    fn from(said: ObjectSaid) -> Self {
        Self(said.join_ref, said.own, said.topic, said.event, said.payload)
    }
}

impl Said {
    /// Reads a message; `None` if it is none.
    pub(super) fn parse(text: &str, version: Version) -> Option<Self> {
        let said: Self = match version {
            // Serde would take an array for a struct.
            Version::Objects if !text.trim_start().starts_with('{') => return None,
            Version::Objects => serde_json::from_str::<ObjectSaid>(text).ok()?.into(),
            Version::Arrays => serde_json::from_str(text).ok()?,
        };
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

fn written(part: &impl Serialize) -> String {
    // Structs of texts and numbers can be written.
    serde_json::to_string(part).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::Topic;

    #[test]
    fn replies_repeat_the_references() {
        for (join, own) in [(json!("1"), json!("4")), (json!(null), json!("7")), (json!(1), json!(2))] {
            let said = Said::parse(&json!([join, own, "t", "e", {"a": 1}]).to_string(), Version::Arrays).unwrap();
            let answer = Version::Arrays.reply(&said, &said.0, Status::Error, &json!({"reason": "x"}));
            let expected = json!([join, own, "t", "phx_reply", {"status": "error", "response": {"reason": "x"}}]);
            assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), expected);
            let closed: Value = serde_json::from_str(&Version::Arrays.close(&said.0, "t")).unwrap();
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
            assert!(Said::parse(&bad.to_string(), Version::Arrays).is_none(), "{bad}");
        }
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        for version in [Version::Arrays, Version::Objects] {
            assert!(Said::parse("[", version).is_none());
            assert!(Said::parse(&deep, version).is_none(), "however deep");
        }
        for bad in [
            json!(["1", "2", "t", "e", {}]),
            json!({"topic": "t", "event": "e", "payload": {}}),
            json!({"topic": 1, "event": "e", "payload": {}, "ref": "1"}),
            json!({"topic": long, "event": "e", "payload": {}, "ref": "1"}),
        ] {
            assert!(Said::parse(&bad.to_string(), Version::Objects).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_version_is_known_by_its_first_number() {
        for (asked, version) in [
            (None, Some(Version::Objects)),
            (Some("1.0.0"), Some(Version::Objects)),
            (Some("2.0.0"), Some(Version::Arrays)),
            (Some("3.0.0"), None),
            (Some("20"), None),
            (Some(""), None),
        ] {
            assert_eq!(Version::of(asked), version, "{asked:?}");
        }
    }

    #[test]
    fn version_1_has_objects_both_ways() {
        let text =
            json!({"topic": "t", "event": "phx_join", "payload": {"a": 1}, "ref": "1", "join_ref": "1"}).to_string();
        let said = Said::parse(&text, Version::Objects).unwrap();
        let answer = Version::Objects.reply(&said, &said.0, Status::Ok, &json!({}));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let payload = json!({"status": "ok", "response": {}});
        assert_eq!(answer, json!({"topic": "t", "event": "phx_reply", "payload": payload, "ref": "1"}));
        let old = json!({"topic": "t", "event": "e", "payload": {}, "ref": "2"}).to_string();
        assert_eq!(Said::parse(&old, Version::Objects).unwrap().0, Ref::None(()));
    }

    #[test]
    fn an_event_has_the_reference_of_its_join_or_none_in_version_1() {
        let told = Told::event(Topic::Lobbies, "e\"", &json!({"a": [null, "{"]}));
        for (join_ref, expected) in [
            (Ref::Text("7\"".to_owned()), r#"["7\"",null,"lobbies","e\"",{"a":[null,"{"]}]"#),
            (Ref::Number(7), r#"[7,null,"lobbies","e\"",{"a":[null,"{"]}]"#),
            (Ref::None(()), r#"[null,null,"lobbies","e\"",{"a":[null,"{"]}]"#),
        ] {
            assert_eq!(Version::Arrays.event(&told, &join_ref), expected);
            let object = r#"{"topic":"lobbies","event":"e\"","payload":{"a":[null,"{"]},"ref":null}"#;
            assert_eq!(Version::Objects.event(&told, &join_ref), object);
        }
    }
}
