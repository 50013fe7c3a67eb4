//! The public HTTP API: accounts and characters.

mod error;
mod world_status;

pub use error::{ApiError, Problem};
pub use world_status::{Area, MapStatus, Portal, Spot, WorldStatus, tiles};

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long an answer may take: a connection that was kept from before may be dead without knowing.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A log-in, from the answer to register, login and refresh.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// The bearer token.
    pub access_token: String,
    /// Whose.
    pub user_id: String,
    /// Gets new tokens once.
    pub refresh_token: String,
    /// Seconds the access token is good for.
    pub expires_in: u64,
}

/// A class a character can be of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CharacterClass {
    /// Its id, for [`Api::create_character`].
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is like.
    #[serde(default)]
    pub description: String,
}

/// A character of the account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Character {
    /// Its id, for the gateway.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: u16,
    /// Its class's name for people.
    pub class_name: String,
}

#[derive(Serialize)]
struct Credentials<'a> {
    username: &'a str,
    password: &'a str,
}

/// A client of the API at one address. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    http: Client,
}

impl Api {
    /// A client of `base`, `http://127.0.0.1:3000` for instance.
    pub fn new(base: &str) -> Self {
        // Settings as plain as these can not fail where the default ones do not.
        let http = Client::builder().timeout(ANSWER_WITHIN).build().unwrap_or_default();
        Self { base: base.trim_end_matches('/').to_owned(), http }
    }

    /// Makes an account and logs in.
    pub async fn register(&self, username: &str, password: &str) -> Result<Tokens, ApiError> {
        self.answer(self.http.post(self.url("/auth/register")).json(&Credentials { username, password })).await
    }

    /// Logs in.
    pub async fn login(&self, username: &str, password: &str) -> Result<Tokens, ApiError> {
        self.answer(self.http.post(self.url("/auth/login")).json(&Credentials { username, password })).await
    }

    /// Trades the refresh token for a new pair; the old one is dead then.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, ApiError> {
        let body = serde_json::json!({ "refresh_token": refresh_token });
        self.answer(self.http.post(self.url("/auth/refresh")).json(&body)).await
    }

    /// Ends the session, in the world too.
    pub async fn logout(&self, access_token: &str) -> Result<(), ApiError> {
        self.done(self.http.post(self.url("/auth/logout")).bearer_auth(access_token)).await
    }

    /// The classes there are.
    pub async fn classes(&self) -> Result<Vec<CharacterClass>, ApiError> {
        self.answer(self.http.get(self.url("/character-classes"))).await
    }

    /// The account's characters.
    pub async fn characters(&self, access_token: &str) -> Result<Vec<Character>, ApiError> {
        self.answer(self.http.get(self.url("/characters")).bearer_auth(access_token)).await
    }

    /// Makes a character.
    pub async fn create_character(
        &self,
        access_token: &str,
        name: &str,
        class_id: &str,
    ) -> Result<Character, ApiError> {
        let body = serde_json::json!({ "name": name, "class_id": class_id });
        self.answer(self.http.post(self.url("/characters")).bearer_auth(access_token).json(&body)).await
    }

    /// Deletes a character that is not in the world.
    pub async fn delete_character(&self, access_token: &str, id: &str) -> Result<(), ApiError> {
        self.done(self.http.delete(self.url(&format!("/characters/{id}"))).bearer_auth(access_token)).await
    }

    /// What the server shows of its maps; `None` where it shows nothing of the kind.
    pub async fn world_status(&self) -> Result<Option<WorldStatus>, ApiError> {
        match self.answer(self.http.get(self.url("/status"))).await {
            Ok(status) => Ok(Some(status)),
            Err(ApiError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(ApiError::Unreadable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text of any page: metrics, for instance. `url` is whole.
    pub async fn text(&self, url: &str) -> Result<String, ApiError> {
        let response = self.http.get(url).send().await?;
        let response = error::refused(response).await?;
        Ok(response.text().await?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn done(&self, request: RequestBuilder) -> Result<(), ApiError> {
        error::refused(request.send().await?).await.map(|_| ())
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let response = error::refused(request.send().await?).await?;
        let bytes = response.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| ApiError::Unreadable(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
