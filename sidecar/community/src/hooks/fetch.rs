//! Calls of scripts to other programs over HTTP: only to those that the operator has named, for a bounded time, with answers of a
//! bounded size.

use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::args::Fault;
use crate::bounded_body;

/// How long an answer may take; less where less is left of the script's call.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;
/// Calls under way at once, of all scripts.
const MAX_CALLS: usize = 64;
/// Most headers of a call.
const MAX_HEADERS: usize = 16;
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Where scripts may call: origins, such as `https://api.example.org`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MayCall(Vec<String>);

impl FromStr for MayCall {
    type Err = String;

    /// Reads origins with commas between.
    fn from_str(text: &str) -> Result<Self, String> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let read = |written: &str| {
            // Of a fragment nothing is left once it is read.
            let is_more = |uri: &Uri| {
                uri.path() != "/" || uri.query().is_some() || written.ends_with('/') || written.contains('#')
            };
            let uri = written.parse::<Uri>().ok().filter(|uri| !is_more(uri));
            let origin = uri.as_ref().and_then(origin);
            origin.ok_or_else(|| {
                format!("`{written}` is not an origin: expected https://HOST[:PORT] or http://HOST[:PORT]")
            })
        };
        origins.map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// Scheme, host and port, as they are compared.
fn origin(uri: &Uri) -> Option<String> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let default_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    // Whoever is named before an `@` is no host.
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let host = authority.host();
    let port = match authority.as_str().strip_prefix(host)? {
        "" => default_port,
        // One that is no number from 0 to 65535 is no port, and not the default one.
        written => written.strip_prefix(':')?.parse::<u16>().ok()?,
    };
    Some(format!("{scheme}://{}:{port}", host.to_ascii_lowercase()))
}

/// Calls other programs.
pub(crate) struct Fetcher {
    may_call: MayCall,
    client: Option<Client>,
    calls: Semaphore,
}

impl Fetcher {
    /// One that may call there. It follows nobody elsewhere.
    pub(crate) fn new(may_call: MayCall) -> Self {
        let client = Client::builder().timeout(ANSWER_WITHIN).redirect(Policy::none()).no_proxy();
        let client = client.user_agent(concat!("realmgate/", env!("CARGO_PKG_VERSION"))).build();
        let client =
            client.inspect_err(|error| tracing::error!(%error, "creating the HTTP client of scripts failed")).ok();
        Self { may_call, client, calls: Semaphore::new(MAX_CALLS) }
    }

    /// Does a call: `url`, and if they are given `method`, `headers`, and `body`, a text or what is sent as JSON. Answers `status` and
    /// `body`, and the body as `json` where it is some.
    pub(super) async fn fetch(&self, wish: &Map<String, Value>) -> Result<Value, Fault> {
        let url = wish.get("url").and_then(Value::as_str).ok_or("`url` must be a string")?;
        let uri: Uri = url.parse().map_err(|_| Fault::from("`url` is not a URL"))?;
        let origin = origin(&uri).ok_or("`url` is not an HTTP URL")?;
        if !self.may_call.0.contains(&origin) {
            return Err(Fault(format!("{origin} is not in HOOKS_MAY_CALL")));
        }
        let client = self.client.as_ref().ok_or("HTTP calls are unavailable")?;
        let _call = self.calls.try_acquire().map_err(|_| Fault::from("too many HTTP calls at once"))?;
        let mut call = client.request(method(wish)?, url);
        for (name, value) in headers(wish)? {
            call = call.header(name, value);
        }
        call = match wish.get("body") {
            None | Some(Value::Null) => call,
            Some(Value::String(text)) => call.body(text.clone()),
            Some(body) => call.json(body),
        };
        let answer = call.send().await.map_err(away)?;
        let status = answer.status().as_u16();
        let body = bounded_body::read(answer, MAX_ANSWER_BYTES).await.map_err(away)?;
        let body = body.ok_or_else(|| Fault(format!("the response has more than {MAX_ANSWER_BYTES} bytes")))?;
        let read: Option<Value> = serde_json::from_slice(&body).ok();
        Ok(json!({"status": status, "body": String::from_utf8_lossy(&body), "json": read}))
    }
}

fn method(wish: &Map<String, Value>) -> Result<Method, Fault> {
    let name = match wish.get("method") {
        None | Some(Value::Null) => "GET",
        Some(name) => name
            .as_str()
            .filter(|name| METHODS.contains(name))
            .ok_or("`method` must be GET, POST, PUT, PATCH or DELETE")?,
    };
    name.parse().map_err(|_| "`method` must be GET, POST, PUT, PATCH or DELETE".into())
}

fn headers(wish: &Map<String, Value>) -> Result<Vec<(&str, &str)>, Fault> {
    let wrong = "`headers` must be a table of up to 16 strings";
    let given = match wish.get("headers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(given) => given.as_object().filter(|given| given.len() <= MAX_HEADERS).ok_or(wrong)?,
    };
    let pairs = given.iter().map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    pairs.collect::<Option<_>>().ok_or_else(|| wrong.into())
}

/// The address of a call may have secrets in it.
fn away(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let what = if error.is_timeout() {
        "the HTTP call timed out"
    } else if error.is_builder() {
        "the request is invalid"
    } else {
        "the connection failed"
    };
    tracing::debug!(error = &error as &dyn std::error::Error, "HTTP call of a script failed");
    what.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(wish: Value) -> Map<String, Value> {
        wish.as_object().cloned().unwrap()
    }

    #[test]
    fn origins_are_read_whole_and_nothing_else_is_taken() {
        let may: MayCall = "https://API.Example.org, http://127.0.0.1:9000,http://a.example,".parse().unwrap();
        assert_eq!(may.0, ["https://api.example.org:443", "http://127.0.0.1:9000", "http://a.example:80"]);
        assert_eq!("".parse::<MayCall>().unwrap(), MayCall::default());
        for bad in [
            "api.example.org",
            "ftp://a.example",
            "https://a.example/path",
            "https://a.example/",
            "https://",
            "https://u@a.example",
            "https://a.example?a=b",
            "https://a.example#a",
            "https://a.example:99999",
            "https://a.example:80a",
            "https://a.example:",
        ] {
            assert!(bad.parse::<MayCall>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn nobody_else_is_called() {
        let fetcher = Fetcher::new("https://api.example.org".parse().unwrap());
        for (url, fault) in [
            (
                "https://api.example.org.evil.example/",
                "https://api.example.org.evil.example:443 is not in HOOKS_MAY_CALL",
            ),
            ("http://api.example.org/", "http://api.example.org:80 is not in HOOKS_MAY_CALL"),
            ("https://api.example.org:444/", "https://api.example.org:444 is not in HOOKS_MAY_CALL"),
            ("https://api.example.org@evil.example/", "`url` is not an HTTP URL"),
            ("ftp://api.example.org/", "`url` is not an HTTP URL"),
            ("/admin", "`url` is not an HTTP URL"),
        ] {
            let refused = fetcher.fetch(&wish(json!({"url": url}))).await.unwrap_err();
            assert_eq!(refused, Fault(fault.to_owned()), "{url}");
        }
        for (bad, fault) in [
            (json!({}), "`url` must be a string"),
            (
                json!({"url": "https://api.example.org/", "method": "TRACE"}),
                "`method` must be GET, POST, PUT, PATCH or DELETE",
            ),
            (
                json!({"url": "https://api.example.org/", "headers": {"a": 1}}),
                "`headers` must be a table of up to 16 strings",
            ),
        ] {
            assert_eq!(fetcher.fetch(&wish(bad)).await.unwrap_err(), fault.into());
        }
    }

    /// Serves these routes on a free port. Returns their origin.
    async fn serve(routes: axum::Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    #[tokio::test]
    async fn who_is_named_is_called_and_nobody_through_them() {
        use axum::response::Redirect;
        use axum::routing::get;

        let elsewhere = serve(axum::Router::new().route("/", get(async || "not asked for"))).await;
        let routes = axum::Router::new()
            .route("/elsewhere", get(async move || Redirect::temporary(&elsewhere)))
            .route("/largest", get(async || "x".repeat(MAX_ANSWER_BYTES)))
            .route("/larger", get(async || "x".repeat(MAX_ANSWER_BYTES + 1)))
            .route("/json", get(async || r#"{"a": 1}"#));
        let url = serve(routes).await;
        let fetcher = Fetcher::new(url.parse().unwrap());
        let fetch = async |path: &str| fetcher.fetch(&wish(json!({"url": format!("{url}{path}")}))).await;
        let moved = fetch("/elsewhere").await.unwrap();
        assert_eq!((&moved["status"], &moved["body"]), (&json!(307), &json!("")), "a redirect is not followed");
        assert_eq!(fetch("/largest").await.unwrap()["body"].as_str().unwrap().len(), MAX_ANSWER_BYTES);
        assert_eq!(fetch("/larger").await.unwrap_err(), "the response has more than 65536 bytes".into());
        assert_eq!(fetch("/json").await.unwrap(), json!({"status": 200, "body": r#"{"a": 1}"#, "json": {"a": 1}}));
    }
}
