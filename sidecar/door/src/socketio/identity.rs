//! What a service is passed of a user: in the headers of the handshake, and in the auth object of CONNECT.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::recovery::Pids;
use crate::access::User;
use crate::dictionary::Claim;

/// Longest auth object of a client, in bytes.
pub(super) const MAX_AUTH_BYTES: usize = 16 * 1_024;
/// The fields of an auth object that only the door sets.
const RESERVED: [Claim; 3] = [Claim::UserId, Claim::Role, Claim::Session];

/// The auth object that a client sends in CONNECT.
#[derive(Debug, Default)]
pub(super) struct Auth(Map<String, Value>);

impl Auth {
    /// Parses the payload of CONNECT: an object, or nothing. `None` for another payload.
    pub(super) fn parse(payload: &str) -> Option<Self> {
        if payload.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_str(payload).ok().map(Self)
    }

    /// The access token.
    pub(super) fn token(&self) -> Option<&str> {
        self.0.get("token").and_then(Value::as_str)
    }

    /// The object for the service, as JSON: without the token, with the user's claims, and with the session to recover
    /// if that was signed for this user.
    pub(super) fn for_service(mut self, claims: &[(Claim, HeaderName)], user: Option<&User>, seal: Seal<'_>) -> String {
        self.0.remove("token");
        for claim in RESERVED {
            self.0.remove(name(claim));
        }
        if let Some(user) = user {
            self.0.extend(claims.iter().map(|(claim, _)| (name(*claim).to_owned(), value(*claim, user).into())));
        }
        match self.0.remove("pid").as_ref().and_then(Value::as_str).and_then(|pid| seal.open(pid)) {
            Some(pid) => _ = self.0.insert("pid".into(), pid.into()),
            None => _ = self.0.remove("offset"),
        }
        Value::Object(self.0).to_string()
    }
}

/// Signs and checks the session ids of one user in one namespace.
#[derive(Clone, Copy)]
pub(super) struct Seal<'a> {
    pub(super) pids: &'a Pids,
    /// The namespace at the door.
    pub(super) namespace: &'a str,
    /// The account's id; empty without a user.
    pub(super) user: &'a str,
}

impl<'a> Seal<'a> {
    fn open<'b>(&self, signed: &'b str) -> Option<&'b str> {
        self.pids.open(self.namespace, self.user, signed)
    }

    /// The payload of a service's CONNECT for the client: its `pid` is signed, the rest stays.
    pub(super) fn confirm(&self, payload: &'a str) -> std::borrow::Cow<'a, str> {
        let Ok(Value::Object(mut object)) = serde_json::from_str(payload) else { return payload.into() };
        let Some(pid) = object.remove("pid") else { return payload.into() };
        if let Some(signed) = pid.as_str().and_then(|pid| self.pids.sign(self.namespace, self.user, pid)) {
            object.insert("pid".into(), signed.into());
        }
        Value::Object(object).to_string().into()
    }
}

/// The headers of the handshake with a service.
pub(super) fn headers(claims: &[(Claim, HeaderName)], user: Option<&User>) -> HeaderMap {
    let Some(user) = user else { return HeaderMap::new() };
    let header = |(claim, name): &(Claim, HeaderName)| {
        // Ids and roles are ASCII: no value is left out.
        HeaderValue::from_str(&value(*claim, user)).ok().map(|value| (name.clone(), value))
    };
    claims.iter().filter_map(header).collect()
}

/// The claim's name in an access token.
const fn name(claim: Claim) -> &'static str {
    match claim {
        Claim::UserId => "userId",
        Claim::Role => "role",
        Claim::Session => "sid",
    }
}

fn value(claim: Claim, user: &User) -> String {
    match claim {
        Claim::UserId => user.account.to_string(),
        Claim::Role => user.role.to_string(),
        Claim::Session => user.session.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::AccountId;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn user() -> User {
        User { account: AccountId([7; 16]), session: Uuid::nil(), role: "player".into() }
    }

    fn claims() -> Vec<(Claim, HeaderName)> {
        vec![
            (Claim::UserId, HeaderName::from_static("x-user-id")),
            (Claim::Role, HeaderName::from_static("x-user-role")),
        ]
    }

    fn passed_on(auth: Value, user: Option<&User>) -> Value {
        let pids = Pids::new([1; 32]);
        let account = user.map(|user| user.account.to_string()).unwrap_or_default();
        let seal = Seal { pids: &pids, namespace: "/shop", user: &account };
        let text = Auth::parse(&auth.to_string()).unwrap().for_service(&claims(), user, seal);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn claims_replace_what_the_client_sent() {
        let auth = json!({"token": "t", "userId": "forged", "role": "admin", "sid": "forged", "lang": "de"});
        let user = user();
        let account = user.account.to_string();
        assert_eq!(passed_on(auth, Some(&user)), json!({"userId": account, "role": "player", "lang": "de"}));
    }

    #[test]
    fn client_without_a_user_cannot_set_claims() {
        let auth = json!({"userId": "forged", "role": "admin", "sid": "x", "a": 1});
        assert_eq!(passed_on(auth, None), json!({"a": 1}));
    }

    #[test]
    fn session_is_recovered_with_a_signed_pid_alone() {
        let user = user();
        let account = user.account.to_string();
        let signed = Pids::new([1; 32]).sign("/shop", &account, "p").unwrap();
        let passed = passed_on(json!({"pid": signed, "offset": "o"}), Some(&user));
        assert_eq!((&passed["pid"], &passed["offset"]), (&json!("p"), &json!("o")));
        let passed = passed_on(json!({"pid": "p", "offset": "o"}), Some(&user));
        assert_eq!((&passed["pid"], &passed["offset"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn confirmation_signs_the_pid() {
        let pids = Pids::new([1; 32]);
        let seal = Seal { pids: &pids, namespace: "/shop", user: "u" };
        assert_eq!(seal.confirm(r#"{"sid":"s"}"#), r#"{"sid":"s"}"#);
        let confirmed: Value = serde_json::from_str(&seal.confirm(r#"{"sid":"s","pid":"p"}"#)).unwrap();
        assert_eq!(confirmed["sid"], "s");
        assert_eq!(seal.open(confirmed["pid"].as_str().unwrap()), Some("p"));
    }

    #[test]
    fn auth_is_an_object_or_nothing() {
        assert!(Auth::parse("").is_some());
        assert!(Auth::parse("{}").is_some());
        for payload in ["[]", "1", "null", "{", "7{}"] {
            assert!(Auth::parse(payload).is_none(), "{payload}");
        }
    }

    #[test]
    fn headers_hold_the_claims_of_the_dictionary() {
        let user = user();
        let headers = headers(&claims(), Some(&user));
        assert_eq!(headers["x-user-id"], user.account.to_string().as_str());
        assert_eq!(headers["x-user-role"], "player");
        assert_eq!(headers.len(), 2);
        assert!(super::headers(&claims(), None).is_empty());
    }
}
