//! Calls over HTTP, by a client that keeps its connections as players' programs do.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method};
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::testing::{Answer, TestApp};

/// The client.
pub struct Web(reqwest::Client);

/// A call that is being built.
pub struct Call(reqwest::RequestBuilder);

impl Web {
    pub fn new() -> Self {
        Self(reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build().unwrap())
    }

    /// A call to the listener for players.
    pub fn call(&self, app: &TestApp, method: Method, path: &str) -> Call {
        Call(self.0.request(method, format!("http://{}{path}", app.state().addrs.api)))
    }
}

impl Call {
    /// Sets a header, in place of what it was.
    pub fn header(self, name: &str, value: &str) -> Self {
        let (name, value) = (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
        Self(self.0.headers([(name, value)].into_iter().collect()))
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.header(CONTENT_TYPE.as_str(), content_type).0.body(body.into()))
    }

    pub async fn send(self) -> Answer {
        let answer = self.0.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer::of(status, headers, answer.bytes().await.unwrap())
    }
}
