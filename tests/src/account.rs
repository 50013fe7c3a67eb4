//! An account and its characters, made over the public API.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::api::Api;

/// An account that is logged in.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
    /// Its id.
    pub user_id: String,
    /// Its access token.
    pub access_token: String,
    /// Its refresh token.
    pub refresh_token: String,
}

/// A character of an account.
#[derive(Debug, Clone)]
pub struct Character {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A name that no other test of this process uses.
pub fn fresh_name(prefix: &str) -> String {
    static NAMES: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}{}", NAMES.fetch_add(1, Ordering::Relaxed))
}

impl Account {
    /// Registers a new one.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn register(api: &Api) -> Self {
        let (username, password) = (fresh_name("user"), "correct horse battery".to_owned());
        let body = json!({"username": username, "password": password});
        let tokens = api.post("/auth/register", body).await.json(201);
        let text = |field: &str| tokens[field].as_str().expect("a text").to_owned();
        Self {
            user_id: text("user_id"),
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            username,
            password,
        }
    }

    /// The body of a log-in.
    pub fn credentials(&self) -> Value {
        json!({"username": self.username, "password": self.password})
    }

    /// The API as this account calls it.
    pub fn calls(&self, api: &Api) -> Api {
        api.with_token(&self.access_token)
    }

    /// Makes a character of the first class.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn new_character(&self, api: &Api) -> Character {
        let classes = api.get("/character-classes").await.json(200);
        let name = fresh_name("Hero ");
        let body = json!({"name": name, "class_id": classes[0]["id"]});
        let made = self.calls(api).post("/characters", body).await.json(201);
        Character { id: made["id"].as_str().expect("ids are text").to_owned(), name }
    }
}

/// Header and payload of a JWT.
///
/// # Panics
/// When it is none.
pub fn jwt_parts(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a JWT has three parts");
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (read(parts[0]), read(parts[1]))
}
