//! Accounts around the worlds, below `/api/v1` (docs/community.md): log-in by a device, the own profile, and those of others.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Api, ApiError, Tokens};

/// A user, as the caller may see it. Texts that are not there are empty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// The account's id.
    pub id: String,
    /// Its unique name.
    pub username: String,
    /// What it wants to be called.
    pub display_name: String,
    /// Whether it is connected.
    pub is_online: bool,
    /// When it was here last, ISO 8601; 1970 if that is not known.
    pub last_seen_at: String,
    /// What programs keep with it; only administrators change it.
    #[serde(default)]
    pub metadata: serde_json::Map<String, Value>,
    /// Whether it has a password. Only of the caller.
    #[serde(default)]
    pub has_password: bool,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles {
    /// Those of this page.
    pub users: Vec<Profile>,
    /// Whether there is a page behind it.
    pub has_more: bool,
}

/// How these routes wrap an answer.
#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<Profile>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    has_more: bool,
}

impl Api {
    /// Logs in by a device; the first time, an account is made. Whoever knows the id has the account: make it of 128 random
    /// bits at least, and keep it. The tokens open the world as those of [`Api::login`] do, but are made new by
    /// [`Api::refresh_kept`].
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `ACCOUNT_NOT_ACTIVATED` for instance;
    /// [`ApiError::Unreachable`] or [`ApiError::Unreadable`] without a usable answer.
    pub async fn device_login(&self, device_id: &str) -> Result<Tokens, ApiError> {
        let body = json!({ "device_id": device_id });
        let answer: Data<_> = self.answer(self.http.post(self.url("/api/v1/login/device")).json(&body)).await?;
        Ok(answer.data)
    }

    /// Gets a new access token for a log-in of [`Api::device_login`]; the refresh token stays.
    ///
    /// # Errors
    /// As [`Api::device_login`].
    pub async fn refresh_kept(&self, refresh_token: &str) -> Result<Tokens, ApiError> {
        let body = json!({ "refresh_token": refresh_token });
        let answer: Data<_> = self.answer(self.http.post(self.url("/api/v1/refresh")).json(&body)).await?;
        Ok(answer.data)
    }

    /// The caller's own profile.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when the server refuses, with `UNAUTHORIZED` for instance; [`ApiError::Unreachable`] or
    /// [`ApiError::Unreadable`] without a usable answer.
    pub async fn me(&self, access_token: &str) -> Result<Profile, ApiError> {
        self.answer(self.http.get(self.url("/api/v1/me")).bearer_auth(access_token)).await
    }

    /// The profile of a user.
    ///
    /// # Errors
    /// As [`Api::me`], with `NOT_FOUND` for instance.
    pub async fn user(&self, id: &str) -> Result<Profile, ApiError> {
        self.answer(self.http.get(self.url(&format!("/api/v1/users/{id}")))).await
    }

    /// Users whose user name or display name begins so, a page of 25 at a time; the first is 1.
    ///
    /// # Errors
    /// As [`Api::me`].
    pub async fn find_users(&self, begins: &str, page: u32) -> Result<Profiles, ApiError> {
        let (address, page) = (self.url("/api/v1/users"), page.to_string());
        // An address that is none fails as every other call there does.
        let url = Url::parse_with_params(&address, [("q", begins), ("page", &page)]).map_or(address, String::from);
        let listed: Listed = self.answer(self.http.get(url)).await?;
        Ok(Profiles { users: listed.data, has_more: listed.meta.has_more })
    }

    /// Changes what the caller wants to be called: up to 80 characters, or none.
    ///
    /// # Errors
    /// As [`Api::me`], with `INVALID_DATA` and the field for instance.
    pub async fn set_display_name(&self, access_token: &str, name: &str) -> Result<(), ApiError> {
        self.change(access_token, Method::PATCH, "/api/v1/me/display_name", &json!({ "display_name": name })).await
    }

    /// Changes the caller's unique name.
    ///
    /// # Errors
    /// As [`Api::set_display_name`].
    pub async fn set_username(&self, access_token: &str, name: &str) -> Result<(), ApiError> {
        self.change(access_token, Method::PATCH, "/api/v1/me/username", &json!({ "username": name })).await
    }

    /// Sets the caller's password; `current` is the one so far, where there is one. Every log-in ends, this one too.
    ///
    /// # Errors
    /// As [`Api::set_display_name`], with `INVALID_CURRENT_PASSWORD` for instance.
    pub async fn set_password(
        &self,
        access_token: &str,
        password: &str,
        current: Option<&str>,
    ) -> Result<(), ApiError> {
        let body = json!({ "password": password, "current_password": current });
        self.change(access_token, Method::PATCH, "/api/v1/me/password", &body).await
    }

    /// Lets a device open the caller's account, in place of an earlier one.
    ///
    /// # Errors
    /// As [`Api::set_display_name`]: the device may be another account's.
    pub async fn link_device(&self, access_token: &str, device_id: &str) -> Result<(), ApiError> {
        self.change(access_token, Method::POST, "/api/v1/me/device", &json!({ "device_id": device_id })).await
    }

    /// Lets no device open the caller's account.
    ///
    /// # Errors
    /// As [`Api::set_display_name`]: it may be the last way to log in.
    pub async fn unlink_device(&self, access_token: &str) -> Result<(), ApiError> {
        self.change(access_token, Method::DELETE, "/api/v1/me/device", &json!({})).await
    }

    /// Deletes the caller's account with everything that is its own.
    ///
    /// # Errors
    /// As [`Api::me`].
    pub async fn delete_account(&self, access_token: &str) -> Result<(), ApiError> {
        self.change(access_token, Method::DELETE, "/api/v1/me", &json!({})).await
    }

    async fn change(&self, access_token: &str, method: Method, path: &str, body: &Value) -> Result<(), ApiError> {
        let request = self.http.request(method, self.url(path));
        self.done(request.bearer_auth(access_token).json(body)).await
    }
}
