//! Providers that speak protocols of their own: answers as they document them, or whatever a test wants them to say.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::task::AbortHandle;

/// What was asked for: query and form as one, and `authorization` among them.
pub type Asked = BTreeMap<String, String>;
type Says = Arc<dyn Fn(&Asked) -> (u16, String) + Send + Sync>;

#[derive(Default)]
struct Own {
    answers: Mutex<HashMap<String, Says>>,
    asked: Mutex<HashMap<String, Asked>>,
}

/// A server that answers as it is told.
pub struct Elsewhere {
    pub addr: SocketAddr,
    own: Arc<Own>,
    serving: AbortHandle,
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Elsewhere {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, own) = (listener.local_addr().unwrap(), Arc::<Own>::default());
        let router = Router::new().fallback(answer).with_state(own.clone());
        let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() }).abort_handle();
        Self { addr, own, serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What a path says from now on.
    pub fn says(&self, path: &str, answer: Value) {
        self.does(path, move |_| (200, answer.to_string()));
    }

    /// The same, by what is asked.
    pub fn does(&self, path: &str, says: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) {
        self.own.answers.lock().unwrap().insert(path.to_owned(), Arc::new(says));
    }

    /// What a path was asked last.
    pub fn asked(&self, path: &str) -> Asked {
        self.own.asked.lock().unwrap().get(path).cloned().unwrap_or_else(|| panic!("nobody asked {path}"))
    }
}

async fn answer(State(own): State<Arc<Own>>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(&body));
    let mut asked: Asked = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    if let Some(by) = headers.get("authorization") {
        asked.insert("authorization".to_owned(), by.to_str().unwrap().to_owned());
    }
    own.asked.lock().unwrap().insert(uri.path().to_owned(), asked.clone());
    let says = own.answers.lock().unwrap().get(uri.path()).cloned();
    let (status, text) = says.map_or_else(|| (404, String::new()), |says| says(&asked));
    (StatusCode::from_u16(status).unwrap(), text)
}
