//! A plain HTTP client: what the contract says is tested on the wire, not through our client library.

use std::net::{IpAddr, SocketAddr};

use realmgate_client::scrape::Scrape;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A client of one listener.
///
/// It belongs to one test: its connections live on that test's runtime.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    token: Option<String>,
    is_pooled: bool,
    http: Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Api {
    /// A client of a listener.
    pub fn new(address: SocketAddr) -> Self {
        Self::at(&format!("http://{address}"))
    }

    /// A client of `http://host:port`.
    ///
    /// # Panics
    /// Never, unless no client can be made at all.
    pub fn at(base: &str) -> Self {
        let http = Client::builder().no_proxy().tls_certs_only([]).build().expect("a plain client can be made");
        Self { base: base.to_owned(), token: None, is_pooled: true, http }
    }

    /// Where a WebSocket of this listener is.
    pub fn socket_url(&self, path: &str) -> String {
        format!("{}{path}", self.base.replacen("http", "ws", 1))
    }

    /// The same with a connection for each call: behind a balancer, calls in a row reach different replicas.
    ///
    /// # Panics
    /// Never, unless no client can be made at all.
    pub fn unpooled(&self) -> Self {
        let http = Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0).build();
        Self { is_pooled: false, http: http.expect("a plain client can be made"), ..self.clone() }
    }

    /// The same that believes this certificate alone, for `https`.
    ///
    /// # Panics
    /// When it is no PEM certificate.
    pub fn believing(&self, pem: &str) -> Self {
        let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).expect("a PEM certificate");
        let http = Client::builder().no_proxy().tls_certs_only([certificate]).build();
        Self { http: http.expect("a plain client can be made"), ..self.clone() }
    }

    /// The same with a bearer token in every call.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same without a token.
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same from another address of this machine.
    ///
    /// # Panics
    /// Never, unless no client can be made at all.
    pub fn from_source(&self, source: IpAddr) -> Self {
        let idle = if self.is_pooled { usize::MAX } else { 0 };
        let http =
            Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(idle).local_address(source).build();
        Self { http: http.expect("a plain client can be made"), ..self.clone() }
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// A POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// A PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A figure of `/metrics`, by its name and labels as they are written there; 0 where it was never counted.
    ///
    /// # Panics
    /// When there are no metrics.
    pub async fn figure(&self, sample: &str) -> f64 {
        let metrics = self.get("/metrics").await;
        assert_eq!(metrics.status, 200, "{}", metrics.text);
        Scrape::of(&metrics.text).value(sample).unwrap_or(0.0)
    }

    /// A request that a test goes on with.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends what a test has put together.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap_or_else(|error| panic!("half an answer: {error:?}"));
        Answer { status, headers, text }
    }
}

impl Answer {
    /// The JSON body of an answer with this status; null for one without a body.
    ///
    /// # Panics
    /// When the status is another one, or the body is no JSON.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// The problem document of a refusal with this status and code.
    ///
    /// # Panics
    /// When the answer is anything else.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(self.header(CONTENT_TYPE.as_str()), Some("application/problem+json"), "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
        }
        problem
    }

    /// The fields of a body that a refusal complains about, in the order of the alphabet.
    ///
    /// # Panics
    /// When the answer is anything else, or says nothing of one of them.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let problem = self.problem(422, "VALIDATION_FAILED");
        let errors = problem["errors"].as_object().expect("complaints by field");
        let says_something = |complaints: &Value| {
            complaints.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string))
        };
        assert!(errors.values().all(says_something), "{problem}");
        let mut fields: Vec<String> = errors.keys().cloned().collect();
        fields.sort_unstable();
        fields
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
