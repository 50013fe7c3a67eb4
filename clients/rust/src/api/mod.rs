//! The public HTTP API: accounts and characters, and the [`community`]'s.

pub mod community;
mod error;
mod world_status;

pub use error::{ApiError, Problem};
pub use world_status::{Area, MapStatus, Portal, Spot, WorldStatus, tiles};

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long an answer may take. A kept-alive connection may be dead without the client noticing.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The tokens of a log-in, as answered by register, login and refresh.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// The bearer token.
    pub access_token: String,
    /// The account's id.
    pub user_id: String,
    /// Trades for new tokens, once.
    pub refresh_token: String,
    /// Seconds that the access token is valid.
    pub expires_in: u64,
}

/// A class that a character can have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CharacterClass {
    /// Its id, for [`Api::create_character`].
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its description; may be empty.
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
    /// The display name of its class.
    pub class_name: String,
}

#[derive(Serialize)]
struct Credentials<'a> {
    username: &'a str,
    password: &'a str,
}

/// The default port of the gateway.
const GATEWAY_PORT: u16 = 3_002;

/// A client of the API at one address. Cheap to clone. Clones share connections.
///
/// ```no_run
/// # async fn example() -> Result<(), realmgate_client::api::ApiError> {
/// use realmgate_client::api::Api;
///
/// let api = Api::new("http://127.0.0.1:3000");
/// let (name, password) = ("Adventurer", "correct horse battery");
/// let account = match api.register(name, password).await {
///     Err(error) if error.code() == Some("USERNAME_TAKEN") => api.login(name, password).await?,
///     registered => registered?,
/// };
/// for character in api.characters(&account.access_token).await? {
///     println!("{}, {} of level {}", character.name, character.class_name, character.level);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    http: Client,
}

impl Api {
    /// A client of the API at `base`, such as `http://127.0.0.1:3000`.
    pub fn new(base: &str) -> Self {
        // These settings cannot fail unless the default ones do too.
        let http = Client::builder().timeout(ANSWER_WITHIN).build().unwrap_or_default();
        Self { base: base.trim_end_matches('/').to_owned(), http }
    }

    /// Creates an account and logs in.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `USERNAME_TAKEN` for instance; [`ApiError::Unreachable`] or
    /// [`ApiError::Unreadable`] without a usable answer.
    pub async fn register(&self, username: &str, password: &str) -> Result<Tokens, ApiError> {
        self.answer(self.http.post(self.url("/auth/register")).json(&Credentials { username, password })).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `INVALID_CREDENTIALS` for instance;
    /// [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a usable answer.
    pub async fn login(&self, username: &str, password: &str) -> Result<Tokens, ApiError> {
        self.answer(self.http.post(self.url("/auth/login")).json(&Credentials { username, password })).await
    }

    /// Trades the refresh token for a new pair. The old one is invalid afterwards.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `INVALID_REFRESH_TOKEN` for instance;
    /// [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a usable answer.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, ApiError> {
        let body = serde_json::json!({ "refresh_token": refresh_token });
        self.answer(self.http.post(self.url("/auth/refresh")).json(&body)).await
    }

    /// Ends the session, also in the world.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `UNAUTHORIZED` for instance; [`ApiError::Unreachable`]
    /// without an answer.
    pub async fn logout(&self, access_token: &str) -> Result<(), ApiError> {
        self.done(self.http.post(self.url("/auth/logout")).bearer_auth(access_token)).await
    }

    /// Lists the available classes.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses; [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a
    /// usable answer.
    pub async fn classes(&self) -> Result<Vec<CharacterClass>, ApiError> {
        self.answer(self.http.get(self.url("/character-classes"))).await
    }

    /// Lists the account's characters.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `UNAUTHORIZED` for instance; [`ApiError::Unreachable`] or
    /// [`ApiError::Unreadable`] without a usable answer.
    pub async fn characters(&self, access_token: &str) -> Result<Vec<Character>, ApiError> {
        self.answer(self.http.get(self.url("/characters")).bearer_auth(access_token)).await
    }

    /// Creates a character.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `NAME_TAKEN` or `TOO_MANY_CHARACTERS` for instance;
    /// [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a usable answer.
    pub async fn create_character(
        &self,
        access_token: &str,
        name: &str,
        class_id: &str,
    ) -> Result<Character, ApiError> {
        let body = serde_json::json!({ "name": name, "class_id": class_id });
        self.answer(self.http.post(self.url("/characters")).bearer_auth(access_token).json(&body)).await
    }

    /// Changes the appearance, a flat JSON object, of a character that is not in the world.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `CHARACTER_IN_WORLD` for instance; [`ApiError::Unreachable`]
    /// or [`ApiError::Unreadable`] without a usable answer.
    pub async fn change_appearance(
        &self,
        access_token: &str,
        id: &str,
        appearance: &serde_json::Value,
    ) -> Result<Character, ApiError> {
        let body = serde_json::json!({ "appearance": appearance });
        self.answer(self.http.patch(self.url(&format!("/characters/{id}"))).bearer_auth(access_token).json(&body)).await
    }

    /// Deletes a character that is not in the world. While it is still listed, [`Api::restore_character`] undoes this.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `CHARACTER_IN_WORLD` for instance; [`ApiError::Unreachable`]
    /// without an answer.
    pub async fn delete_character(&self, access_token: &str, id: &str) -> Result<(), ApiError> {
        self.done(self.http.delete(self.url(&format!("/characters/{id}"))).bearer_auth(access_token)).await
    }

    /// Undoes the deletion of a character.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `CHARACTER_NOT_FOUND` for instance;
    /// [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a usable answer.
    pub async fn restore_character(&self, access_token: &str, id: &str) -> Result<Character, ApiError> {
        self.answer(self.http.post(self.url(&format!("/characters/{id}/restore"))).bearer_auth(access_token)).await
    }

    /// What the server says about its maps; `None` if it answers 404 or something that is not a status.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses with another status than 404, [`ApiError::Unreachable`] without an
    /// answer.
    pub async fn world_status(&self) -> Result<Option<WorldStatus>, ApiError> {
        match self.answer(self.http.get(self.url("/status"))).await {
            Ok(status) => Ok(Some(status)),
            Err(ApiError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(ApiError::Unreadable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The URL of the gateway: on the host of the API, at the port that the server names, else 3002.
    ///
    /// # Errors
    /// As [`Self::world_status`].
    pub async fn gateway_url(&self) -> Result<String, ApiError> {
        let port = self.world_status().await?.and_then(|status| status.gateway_port).unwrap_or(GATEWAY_PORT);
        let base = reqwest::Url::parse(&self.base).ok();
        let scheme = if base.as_ref().is_some_and(|base| base.scheme() == "https") { "wss" } else { "ws" };
        let host = base.as_ref().and_then(|base| base.host_str()).unwrap_or("127.0.0.1");
        Ok(format!("{scheme}://{host}:{port}"))
    }

    /// The text of any page, such as metrics. `url` is the complete URL.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the status is not a success, [`ApiError::Unreachable`] without an answer.
    pub async fn text(&self, url: &str) -> Result<String, ApiError> {
        let response = self.http.get(url).send().await?;
        let response = error::refused(response).await?;
        Ok(response.text().await?)
    }

    /// The bytes of any file, such as a picture. `url` is the complete URL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub async fn bytes(&self, url: &str) -> Result<Vec<u8>, ApiError> {
        let response = self.http.get(url).send().await?;
        Ok(error::refused(response).await?.bytes().await?.to_vec())
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
