//! A service as the door calls it: its base URLs with their health, and how many calls may be under way.
//!
//! A base URL is *available* unless its health check fails or its circuit breaker is open. The breaker opens after so many failures in a
//! row, and lets one call through when its time is over: that call closes it or opens it again.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use futures_util::future::join_all;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::connector::Connector;
use crate::dictionary::{BaseUrl, Dictionary, Service};
use crate::http::measures::Measures;

/// How long an idle connection to a service is kept. Node closes its own after 5 s: a request on one that closes would fail.
const KEEP_IDLE: Duration = Duration::from_secs(4);
/// Maximum number of idle connections to a base URL.
const MAX_IDLE: usize = 64;
/// Maximum size of the head of a service's answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1_024;
/// How often health checks run.
pub const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// How long a health check may take.
const HEALTH_WITHIN: Duration = Duration::from_secs(2);

/// A client of HTTP and HTTPS.
pub type HttpClient = Client<HttpsConnector<Connector>, Body>;

/// A service and the state of the calls to it.
pub struct Upstream {
    /// The service, as the dictionary has it.
    pub service: Arc<Service>,
    /// Calls it.
    pub client: HttpClient,
    /// A permit for each request under way.
    pub requests: Arc<Semaphore>,
    /// A permit for each open socket.
    pub sockets: Arc<Semaphore>,
    /// Metrics of the requests to it.
    pub measures: Measures,
    backends: Vec<Backend>,
    turn: AtomicUsize,
    begun: Instant,
}

/// A base URL of a service.
struct Backend {
    url: BaseUrl,
    is_healthy: AtomicBool,
    /// Failures in a row.
    failures: AtomicU32,
    /// When the breaker lets a call through again, in milliseconds since `begun`; 0 while it is closed.
    open_until: AtomicU64,
}

/// A base URL that was chosen for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen(usize);

impl Upstream {
    /// A service that has not been called yet. `tls` verifies services at `https` URLs.
    pub fn new(service: Arc<Service>, tls: rustls::ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(service.limits.connect));
        let connector = Connector::new(tcp, service.limits.connect + service.limits.answer);
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(KEEP_IDLE)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        let backends = service.urls.iter().cloned().map(Backend::new).collect();
        let permits = |most: u32| Arc::new(Semaphore::new(most as usize));
        let (requests, sockets) = (permits(service.limits.max_requests), permits(service.limits.max_sockets));
        let measures = Measures::new(&service.name);
        let turn = AtomicUsize::new(0);
        Self { service, client, requests, sockets, measures, backends, turn, begun: Instant::now() }
    }

    /// An available base URL, each in turn; `None` if there is none that is not in `tried`.
    pub fn choose(&self, tried: &[Chosen]) -> Option<Chosen> {
        let (count, start, now) = (self.backends.len(), self.turn.fetch_add(1, Ordering::Relaxed), self.now_ms());
        let in_turn = (0..count).map(|step| Chosen(start.wrapping_add(step) % count));
        let open_ms = millis(self.service.limits.breaker_open);
        in_turn.filter(|chosen| !tried.contains(chosen)).find(|chosen| self.backends[chosen.0].admits(now, open_ms))
    }

    /// The base URL itself.
    pub fn url(&self, chosen: Chosen) -> &BaseUrl {
        &self.backends[chosen.0].url
    }

    /// The URL of a path and query at a base URL; `None` if they make none.
    pub fn uri(&self, chosen: Chosen, path: &str, query: Option<&str>) -> Option<Uri> {
        let url = self.url(chosen);
        let path = if path.is_empty() { "/" } else { path };
        let whole = match query {
            Some(query) => format!("{}{path}?{query}", url.path),
            None => format!("{}{path}", url.path),
        };
        let whole: PathAndQuery = whole.parse().ok()?;
        Uri::builder().scheme(url.scheme.clone()).authority(url.authority.clone()).path_and_query(whole).build().ok()
    }

    /// A call has succeeded: the breaker closes.
    pub fn succeeded(&self, chosen: Chosen) {
        let backend = &self.backends[chosen.0];
        // Most calls succeed after one that did: then nothing is written.
        if backend.failures.load(Ordering::Relaxed) != 0 {
            backend.failures.store(0, Ordering::Relaxed);
        }
        if backend.open_until.load(Ordering::Relaxed) != 0 {
            backend.open_until.store(0, Ordering::Relaxed);
            tracing::info!(service = self.service.name, url = %backend.url, "circuit breaker closed");
        }
    }

    /// A call has failed: the breaker opens after too many in a row.
    pub fn failed(&self, chosen: Chosen) {
        let (backend, limits) = (&self.backends[chosen.0], &self.service.limits);
        let failures = backend.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < limits.breaker_failures.get() {
            return;
        }
        let until = self.now_ms() + millis(limits.breaker_open).max(1);
        if backend.open_until.swap(until, Ordering::Relaxed) == 0 {
            tracing::warn!(service = self.service.name, url = %backend.url, failures, "circuit breaker opened");
        }
    }

    /// Runs the health check of each base URL, if the service has one.
    pub async fn check_health(&self) {
        let Some(path) = &self.service.health else { return };
        join_all((0..self.backends.len()).map(Chosen).map(|chosen| async move {
            let is_healthy = self.answers(chosen, path).await;
            let backend = &self.backends[chosen.0];
            if backend.is_healthy.swap(is_healthy, Ordering::Relaxed) != is_healthy {
                let state = if is_healthy { "service is healthy" } else { "service is unhealthy" };
                tracing::warn!(service = self.service.name, url = %backend.url, "{state}");
            }
        }))
        .await;
        let healthy = self.backends.iter().filter(|backend| backend.is_healthy.load(Ordering::Relaxed)).count();
        metrics::gauge!("realmgate_door_healthy_urls", "service" => self.service.name.clone()).set(healthy as f64);
    }

    async fn answers(&self, chosen: Chosen, path: &str) -> bool {
        let Some(uri) = self.uri(chosen, path, None) else { return false };
        let Ok(request) = Request::get(uri).body(Body::empty()) else { return false };
        matches!(timeout(HEALTH_WITHIN, self.client.request(request)).await, Ok(Ok(answer)) if answer.status().is_success())
    }

    fn now_ms(&self) -> u64 {
        millis(self.begun.elapsed())
    }
}

impl Backend {
    fn new(url: BaseUrl) -> Self {
        let (failures, open_until) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { url, is_healthy: AtomicBool::new(true), failures, open_until }
    }

    /// Whether a call may go there now. Of the calls that come when the breaker's time is over, one may.
    fn admits(&self, now_ms: u64, open_ms: u64) -> bool {
        if !self.is_healthy.load(Ordering::Relaxed) {
            return false;
        }
        let until = self.open_until.load(Ordering::Relaxed);
        until == 0
            || (until <= now_ms
                && self
                    .open_until
                    .compare_exchange(until, now_ms + open_ms.max(1), Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The services behind the door, as the dictionary has them now.
pub struct Upstreams {
    tls: rustls::ClientConfig,
    current: RwLock<Arc<Current>>,
}

/// A dictionary and its services.
pub struct Current {
    /// The dictionary.
    pub dictionary: Arc<Dictionary>,
    /// Headers that only the door sets.
    pub identity: crate::http::headers::IdentityHeaders,
    upstreams: Vec<Arc<Upstream>>,
}

impl Upstreams {
    /// The services of a dictionary. `tls` verifies services at `https` URLs.
    pub fn new(dictionary: Arc<Dictionary>, tls: rustls::ClientConfig) -> Self {
        let current = Current::new(dictionary, &tls, &[]);
        Self { tls, current: RwLock::new(Arc::new(current)) }
    }

    /// The services now. A request keeps what it was begun with.
    pub fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a changed dictionary. A service that has not changed keeps its connections and its state.
    pub fn replace(&self, dictionary: Arc<Dictionary>) {
        let next = Current::new(dictionary, &self.tls, &self.current().upstreams);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

impl Current {
    fn new(dictionary: Arc<Dictionary>, tls: &rustls::ClientConfig, before: &[Arc<Upstream>]) -> Self {
        let upstream = |service: &Service| {
            let same = before.iter().find(|upstream| *upstream.service == *service).cloned();
            same.unwrap_or_else(|| Arc::new(Upstream::new(Arc::new(service.clone()), tls.clone())))
        };
        let upstreams = dictionary.services.iter().map(upstream).collect();
        let identity = crate::http::headers::IdentityHeaders::new(dictionary.identity_headers().iter());
        Self { dictionary, identity, upstreams }
    }

    /// The service of a path, and the rest of the path.
    pub fn at_path<'a>(&self, path: &'a str) -> Option<(&Arc<Upstream>, &'a str)> {
        let (service, rest) = self.dictionary.at_path(path)?;
        Some((self.upstream(&service.name)?, rest))
    }

    /// The service of a Socket.IO namespace.
    pub fn of_namespace(&self, namespace: &str) -> Option<&Arc<Upstream>> {
        self.upstream(&self.dictionary.of_namespace(namespace)?.name)
    }

    /// All services.
    pub fn all(&self) -> &[Arc<Upstream>] {
        &self.upstreams
    }

    fn upstream(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.iter().find(|upstream| upstream.service.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{base_url, service};
    use crate::tls;

    fn upstream(urls: &[&str], open: Duration) -> Upstream {
        let mut service = service("shop", urls[0]);
        service.urls = urls.iter().map(|url| base_url(url)).collect();
        service.limits.breaker_open = open;
        Upstream::new(Arc::new(service), tls::client_config())
    }

    #[tokio::test]
    async fn base_urls_are_used_in_turn() {
        let upstream = upstream(&["http://a:1", "http://b:1"], Duration::from_secs(600));
        let chosen: Vec<String> = (0..4)
            .filter_map(|_| upstream.choose(&[]))
            .map(|chosen| upstream.url(chosen).authority.to_string())
            .collect();
        assert_eq!(chosen, ["a:1", "b:1", "a:1", "b:1"]);
        let first = upstream.choose(&[]).unwrap();
        assert_ne!(upstream.choose(&[first]), Some(first));
        assert_eq!(upstream.choose(&[Chosen(0), Chosen(1)]), None);
    }

    #[tokio::test]
    async fn breaker_opens_after_failures_in_a_row_and_a_success_resets_them() {
        let upstream = upstream(&["http://a:1"], Duration::from_secs(600));
        let only = upstream.choose(&[]).unwrap();
        for _ in 0..4 {
            upstream.failed(only);
        }
        upstream.succeeded(only);
        for _ in 0..4 {
            upstream.failed(only);
            assert_eq!(upstream.choose(&[]), Some(only));
        }
        upstream.failed(only);
        assert_eq!(upstream.choose(&[]), None, "it is open");
        upstream.succeeded(only);
        assert_eq!(upstream.choose(&[]), Some(only), "it is closed");
    }

    #[tokio::test]
    async fn one_call_tries_a_base_url_again_when_the_time_is_over() {
        let upstream = upstream(&["http://a:1"], Duration::from_millis(1));
        let only = upstream.choose(&[]).unwrap();
        let backend = &upstream.backends[0];
        backend.open_until.store(5, Ordering::Relaxed);
        assert!(!backend.admits(4, 1_000), "it is open");
        assert!(backend.admits(5, 1_000), "its time is over");
        assert!(!backend.admits(6, 1_000), "one call at a time");
        upstream.succeeded(only);
        assert!(backend.admits(7, 1_000) && backend.admits(8, 1_000));
    }

    #[tokio::test]
    async fn unhealthy_base_url_is_left_out() {
        let upstream = upstream(&["http://a:1", "http://b:1"], Duration::from_secs(600));
        upstream.backends[0].is_healthy.store(false, Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(upstream.choose(&[]), Some(Chosen(1)));
        }
    }

    #[tokio::test]
    async fn paths_are_joined_to_the_base_url() {
        let upstream = upstream(&["http://a:1/api"], Duration::from_secs(600));
        let only = upstream.choose(&[]).unwrap();
        for (path, query, whole) in [
            ("", None, "http://a:1/api/"),
            ("/items", None, "http://a:1/api/items"),
            ("/items/", Some("a=1&b=%20"), "http://a:1/api/items/?a=1&b=%20"),
        ] {
            assert_eq!(upstream.uri(only, path, query).unwrap().to_string(), whole);
        }
    }

    #[tokio::test]
    async fn unchanged_service_keeps_its_state_when_the_dictionary_changes() {
        let [shop, forum] = ["shop", "forum"].map(|name| service(name, "http://a:1"));
        let upstreams = Upstreams::new(Arc::new(Dictionary { services: vec![shop.clone()] }), tls::client_config());
        let before = upstreams.current().all()[0].clone();
        upstreams.replace(Arc::new(Dictionary { services: vec![forum, shop.clone()] }));
        let now = upstreams.current();
        assert!(Arc::ptr_eq(now.at_path("/shop/a").unwrap().0, &before) && now.all().len() == 2);
        let mut changed = shop;
        changed.limits.retries = 7;
        upstreams.replace(Arc::new(Dictionary { services: vec![changed] }));
        assert!(!Arc::ptr_eq(&upstreams.current().all()[0], &before));
    }
}
