//! What users say to each other over the socket: whispers, parties and the chats of maps; and the log-out.

use std::collections::BTreeSet;
use std::sync::Arc;

use realmgate_protocol::ids::{AccountId, CharacterId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::frame::{Said, Status};
use super::socket::Client;
use crate::events::{End, Told, Topic};
use crate::social::{SocialAsk, SocialPush};

/// The event that shows a party.
pub(super) const PARTY_UPDATED: &str = "party_updated";
/// The key under which a channel remembers the last party that it sent.
const PARTY: Uuid = Uuid::max();
/// The refusal where the database or the parties cannot be asked.
const UNAVAILABLE: &str = "unavailable";
/// The refusal of a character's id that is none.
const NO_CHARACTER: &str = "no_character";

/// The values of a push. What is missing or has another type counts as empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pushed {
    #[serde(deserialize_with = "lenient")]
    to: String,
    #[serde(deserialize_with = "lenient")]
    text: String,
    #[serde(deserialize_with = "lenient")]
    party: u64,
    #[serde(deserialize_with = "lenient")]
    character: Option<String>,
}

/// A value, or its default if it has another type.
fn lenient<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).unwrap_or_default())
}

/// What a push asks; `None` for a push of another kind. The error is the code of its refusal.
pub(super) fn asked(topic: Topic, said: &Said) -> Option<Result<SocialAsk, &'static str>> {
    let pushed: Pushed = serde_json::from_value(said.4.clone()).unwrap_or_default();
    let Pushed { to, text, party, character } = pushed;
    let push = match (topic, said.3.as_str()) {
        (Topic::User(_), "whisper") => SocialPush::Whisper { to, text },
        (Topic::User(_), "party_invite") => SocialPush::PartyInvite { to },
        (Topic::User(_), "party_accept") => SocialPush::PartyAnswer { party, accept: true },
        (Topic::User(_), "party_decline") => SocialPush::PartyAnswer { party, accept: false },
        (Topic::User(_), "party_leave") => SocialPush::PartyLeave,
        (Topic::User(_), "party_chat") => SocialPush::PartyChat { text },
        (Topic::Map(map), "chat") => SocialPush::MapChat { map, text },
        _ => return None,
    };
    let character = character.map(|id| id.parse::<CharacterId>().map_err(|_| NO_CHARACTER)).transpose();
    Some(character.map(|character| SocialAsk { character, push }))
}

/// The event that shows a party to a member at a socket.
pub(super) fn party_updated(account: AccountId, party: &Value) -> Arc<Told> {
    Told::once(Topic::User(account), PARTY_UPDATED, PARTY, party)
}

/// Whose texts a socket leaves out of the chats of maps.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    accounts: BTreeSet<AccountId>,
    /// In small letters.
    names: BTreeSet<String>,
}

/// The sender of a text, as far as it may be ignored.
#[derive(Deserialize)]
struct Sent {
    from: Sender,
}

#[derive(Deserialize)]
struct Sender {
    user_id: String,
    name: String,
}

impl Ignored {
    /// Whether an event is a text of an ignored user.
    pub(super) fn covers(&self, told: &Told) -> bool {
        if !matches!(told.topic, Topic::Map(_)) || (self.accounts.is_empty() && self.names.is_empty()) {
            return false;
        }
        let sent = serde_json::from_str::<Sent>(&told.payload);
        sent.is_ok_and(|Sent { from }| {
            let account = from.user_id.parse::<AccountId>();
            account.is_ok_and(|account| self.accounts.contains(&account))
                || self.names.contains(&from.name.to_lowercase())
        })
    }
}

impl Client {
    /// Lets a client join the chat of a map.
    pub(super) async fn join_map(&mut self, said: &Said, topic: Topic) -> Result<(), End> {
        match self.load_ignored().await {
            Some(ignored) => self.ignored = ignored,
            None => return self.give_up(said, topic, "join crashed").await,
        }
        self.answer(said, &said.0, Status::Ok, json!({})).await
    }

    /// Reads whom the account ignores, if it follows a chat.
    pub(super) async fn refresh_ignored(&mut self) {
        if self.follows_a_chat()
            && let Some(ignored) = self.load_ignored().await
        {
            self.ignored = ignored;
        }
    }

    async fn load_ignored(&mut self) -> Option<Ignored> {
        let account = self.caller.account;
        let accounts =
            self.community.audience.blocked_by(account).await.map_err(realmgate_platform::error::Error::from);
        let names = self.community.world.ignored_names(account).await;
        match (accounts, names) {
            (Ok(accounts), Ok(names)) => Some(Ignored { accounts, names }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, %account, "reading an account's ignore lists failed");
                None
            }
        }
    }

    /// Carries out what a push asks, and answers.
    pub(super) async fn ask(&mut self, said: &Said, asked: Result<SocialAsk, &'static str>) -> Result<(), End> {
        let account = self.caller.account;
        let done = match asked {
            Ok(ask) => self.community.world.social(account, ask).await,
            Err(code) => return self.answer(said, &said.0, Status::Error, json!({"error": code})).await,
        };
        let (status, response) = match done {
            Ok(Ok(response)) => (Status::Ok, response),
            Ok(Err(refusal)) => (Status::Error, json!({"error": refusal.code()})),
            Err(error) => {
                tracing::warn!(%error, %account, "a social push failed");
                (Status::Error, json!({"error": UNAVAILABLE}))
            }
        };
        self.answer(said, &said.0, status, response).await
    }

    /// Ends the login of the socket, as `POST /auth/logout` does. The answer comes before the close.
    pub(super) async fn log_out(&mut self, said: &Said) -> Result<(), End> {
        let (account, session) = (self.caller.account, self.caller.session);
        if let Err(error) = self.community.sessions.end(session, self.community.http.clock.now_ms()).await {
            tracing::warn!(%error, %account, "ending a login failed");
            return self.answer(said, &said.0, Status::Error, json!({"error": UNAVAILABLE})).await;
        }
        // A client that does not read keeps its player no longer in the world.
        let answered = self.answer(said, &said.0, Status::Ok, json!({})).await;
        if let Err(error) = self.community.world.log_out(account, vec![session]).await {
            tracing::error!(%error, %account, "login revoked, but cleanup failed");
        }
        answered.and(Err(End::LoggedOut))
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Version;
    use super::*;

    const ANN: AccountId = AccountId([1; 16]);

    fn said(topic: Topic, event: &str, payload: Value) -> Said {
        let text = json!(["1", "2", topic.to_string(), event, payload]).to_string();
        Said::parse(&text, Version::Arrays).unwrap()
    }

    fn ask_of(topic: Topic, event: &str, payload: Value) -> Option<Result<SocialAsk, &'static str>> {
        asked(topic, &said(topic, event, payload))
    }

    #[test]
    fn pushes_are_read_by_topic_and_event() {
        let user = Topic::User(ANN);
        let without = |push| Some(Ok(SocialAsk { character: None, push }));
        let (to, text) = ("Bob".to_owned(), "hi".to_owned());
        assert_eq!(
            ask_of(user, "whisper", json!({"to": "Bob", "text": "hi"})),
            without(SocialPush::Whisper { to, text: text.clone() })
        );
        assert_eq!(ask_of(Topic::Map(7), "chat", json!({"text": "hi"})), without(SocialPush::MapChat { map: 7, text }));
        assert_eq!(
            ask_of(user, "party_accept", json!({"party": 3})),
            without(SocialPush::PartyAnswer { party: 3, accept: true })
        );
        for (topic, event) in [(user, "chat"), (Topic::Map(7), "whisper"), (user, "x"), (Topic::Lobbies, "chat")] {
            assert_eq!(ask_of(topic, event, json!({})), None, "{topic} {event}");
        }
    }

    #[test]
    fn values_of_another_type_count_as_empty() {
        let user = Topic::User(ANN);
        let empty = SocialPush::Whisper { to: String::new(), text: String::new() };
        for payload in
            [json!(null), json!([1]), json!({"to": 1, "text": {"a": []}}), json!("x"), json!({"character": 3})]
        {
            let asked = ask_of(user, "whisper", payload.clone());
            assert_eq!(asked, Some(Ok(SocialAsk { character: None, push: empty.clone() })), "{payload}");
        }
        let id = "0198a6e2-0000-7000-8000-00000000000a";
        let chosen = ask_of(user, "party_leave", json!({"character": id})).unwrap().unwrap();
        assert_eq!(chosen.character.map(|id| id.to_string()).as_deref(), Some(id));
        assert_eq!(ask_of(user, "party_leave", json!({"character": "me"})), Some(Err(NO_CHARACTER)));
    }

    #[test]
    fn texts_of_ignored_senders_are_left_out_of_chats_alone() {
        let text = |topic, account: AccountId, name: &str| {
            Told::event(topic, "chat", &json!({"from": {"user_id": account.to_string(), "name": name}, "text": "hi"}))
        };
        let ben = AccountId([2; 16]);
        let mut ignored = Ignored::default();
        assert!(!ignored.covers(&text(Topic::Map(1), ben, "Bob")));
        ignored.accounts.insert(ben);
        ignored.names.insert("zoe".to_owned());
        assert!(ignored.covers(&text(Topic::Map(1), ben, "Bob")));
        assert!(ignored.covers(&text(Topic::Map(1), ANN, "ZOE")));
        assert!(!ignored.covers(&text(Topic::Map(1), ANN, "Ann")));
        assert!(!ignored.covers(&text(Topic::User(ANN), ben, "Bob")));
        assert!(!ignored.covers(&Told::event(Topic::Map(1), "chat", &"no sender")));
    }
}
