//! Keeps this server listed: sends heartbeats, registers again when the directory or the map link asks for it, and
//! deregisters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use realmgate_engine::host::HostStatus;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::cookie::CookieJar;
use crate::directory::{Attempt, DirectoryClient, Registration, wait_after};
use crate::endpoints::SelfMade;

/// The entry of this server in the directory.
pub struct Listing {
    /// Client of the directory.
    pub client: DirectoryClient,
    /// The registration of this server. Its cookie is taken from the jar, and its certificate's hash from the certificate.
    pub registration: Registration,
    /// The certificate of which players are told, if nobody has signed it.
    pub self_made: Option<SelfMade>,
    /// Proves the identity of this server.
    pub cookie: CookieJar,
    /// Interval between two heartbeats.
    pub interval: Duration,
    /// Counters that are sent with each heartbeat.
    pub status: Arc<HostStatus>,
    /// Whether the last heartbeat or registration succeeded.
    pub reachable: Arc<AtomicBool>,
    /// Notified by the map link when this server has to register again.
    pub forgotten: Arc<Notify>,
    /// Notifies the map link when the id of this server belongs to another one by now.
    pub disowned: Arc<Notify>,
}

impl Listing {
    /// Keeps the entry until `stop`, then deregisters.
    pub async fn keep(self, stop: CancellationToken) {
        let (mut failures, mut is_ours, mut is_current) = (0, true, true);
        loop {
            let wait = pause(failures, self.interval);
            let kept = tokio::select! {
                () = sleep(wait) => {
                    if is_ours && is_current { self.beat(&mut is_ours).await } else { self.register(&mut is_ours).await }
                }
                () = self.forgotten.notified() => self.register(&mut is_ours).await,
                () = self.certificate_renewed() => {
                    is_current = false;
                    self.register(&mut is_ours).await
                }
                () = stop.cancelled() => break,
            };
            is_current |= kept.is_ok();
            match kept {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!("not registered in the directory, play continues: {error:#}");
                }
            }
            self.reachable.store(failures == 0, Ordering::Relaxed);
        }
        // The next process with this id is a new server, since this one has left nothing behind.
        if self.client.deregister(&self.registration.id).await
            && let Err(error) = self.cookie.forget()
        {
            tracing::warn!("cannot remove the cookie file: {error:#}");
        }
    }

    /// Waits until players have to be told of another certificate.
    async fn certificate_renewed(&self) {
        match &self.self_made {
            Some(made) => made.renewed.notified().await,
            None => std::future::pending().await,
        }
    }

    async fn beat(&self, is_ours: &mut bool) -> anyhow::Result<()> {
        if self.client.beat(&self.registration.id, &self.status).await? {
            return Ok(());
        }
        self.register(is_ours).await
    }

    async fn register(&self, is_ours: &mut bool) -> anyhow::Result<()> {
        let registration = Registration {
            cookie: self.cookie.get(),
            wt_cert_sha256: self.self_made.as_ref().map(|made| made.certificate.sha256()),
            ..self.registration.clone()
        };
        match self.client.register(&registration).await {
            Attempt::Done(registered) => {
                tracing::info!("Registered with World Directory successfully! (again)");
                *is_ours = true;
                self.cookie.keep(&registered.cookie)
            }
            Attempt::Taken => {
                if std::mem::replace(is_ours, false) {
                    self.disowned.notify_one();
                }
                bail!("another server is registered with the id {}", registration.id)
            }
            Attempt::Refused(why) => bail!("the directory rejected the registration: {why}"),
            Attempt::Failed(error) => Err(error),
        }
    }
}

/// How long to wait after this number of failures in a row: never longer than between two heartbeats.
fn pause(failures: u32, interval: Duration) -> Duration {
    if failures == 0 { interval } else { wait_after(failures).min(interval) }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::{HashMap, VecDeque};
    use std::sync::Mutex;

    use axum::Json;
    use axum::Router;
    use axum::extract::{Query, State};
    use axum::http::StatusCode;
    use axum::routing::{delete, get, post};
    use realmgate_engine::transport::webtransport::SelfMadeCertificate;
    use realmgate_protocol::proof::{parse_nonce, prove};
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio::sync::watch;
    use tokio::time::timeout;

    use super::*;
    use crate::directory::tests::{directory, registration};
    use crate::directory_choice::Directory;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A directory that has forgotten the server and answers registrations as a test says.
    #[derive(Clone, Default)]
    pub struct Stub {
        answers: Arc<Mutex<VecDeque<StatusCode>>>,
        /// Those of all registrations.
        pub cookies: Arc<Mutex<Vec<Value>>>,
        /// The certificates of all registrations.
        pub certificates: Arc<Mutex<Vec<Value>>>,
        pub registered: Arc<Notify>,
        /// How many heartbeats have come.
        beats: watch::Sender<u32>,
        has_heard: Arc<AtomicBool>,
    }

    impl Stub {
        /// The entry of a server in it, which nobody keeps yet.
        pub async fn listing(&self, cookie: CookieJar, interval: Duration) -> Listing {
            Listing {
                client: DirectoryClient::new(serve(self).await).unwrap(),
                registration: registration(),
                self_made: None,
                cookie,
                interval,
                status: Arc::default(),
                reachable: Arc::default(),
                forgotten: Arc::default(),
                disowned: Arc::default(),
            }
        }
    }

    async fn register(State(stub): State<Stub>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
        let answer = stub.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::CREATED);
        stub.cookies.lock().unwrap().push(body["cookie"].clone());
        stub.certificates.lock().unwrap().push(body["wt_cert_sha256"].clone());
        if answer.is_success() {
            stub.registered.notify_one();
        }
        (answer, Json(json!({ "cookie": "cookie-2", "heartbeat_interval_ms": 50 })))
    }

    /// Nobody is known by the id at first. From then on a heartbeat is taken for that of the server that has it now.
    async fn beat(State(stub): State<Stub>) -> StatusCode {
        stub.beats.send_modify(|beats| *beats += 1);
        if stub.has_heard.swap(true, Ordering::Relaxed) { StatusCode::OK } else { StatusCode::NOT_FOUND }
    }

    async fn serve(stub: &Stub) -> Directory {
        let router = Router::new()
            .route("/map-registry/register", post(register))
            .route("/map-registry/heartbeat", post(beat))
            .route("/map-registry/server/{id}", delete(async || StatusCode::NO_CONTENT))
            .with_state(stub.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proof = move |Query(question): Query<HashMap<String, String>>| async move {
            let proof = prove("token", &parse_nonce(&question["nonce"]).unwrap(), address);
            Json(json!({ "address": address, "proofs": [proof] }))
        };
        let router = router.route("/map-registry/proof", get(proof));
        let url = format!("http://{address}");
        tokio::spawn(async move { axum::serve(listener, router).await });
        directory(url)
    }

    #[tokio::test]
    async fn an_id_that_is_taken_is_told_once_and_asked_for_until_it_is_free() {
        let stub = Stub::default();
        stub.answers.lock().unwrap().extend([StatusCode::CONFLICT; 3]);
        let folder = tempfile::tempdir().unwrap();
        let cookie = CookieJar::open(folder.path().join("cookie")).unwrap();
        cookie.keep("cookie-1").unwrap();
        let listing = stub.listing(cookie.clone(), Duration::from_millis(10)).await;
        let (disowned, stop) = (listing.disowned.clone(), CancellationToken::new());
        let kept = tokio::spawn(listing.keep(stop.clone()));
        timeout(PATIENCE, disowned.notified()).await.expect("nobody is told");
        // As the client of the map link does.
        cookie.forget().unwrap();
        timeout(PATIENCE, stub.registered.notified()).await.expect("it gives up");
        assert!(timeout(Duration::ZERO, disowned.notified()).await.is_err(), "it is told once");
        let asked = stub.cookies.lock().unwrap().clone();
        assert_eq!(asked.len(), 4, "refused three times, then listed");
        assert_eq!(asked[0], json!("cookie-1"), "it proved who it is");
        stop.cancel();
        timeout(PATIENCE, kept).await.expect("it does not end").unwrap();
        assert_eq!(cookie.get(), None, "deregistered, it is nobody");
    }

    #[tokio::test]
    async fn another_certificate_is_told_until_the_directory_has_heard_it() {
        let stub = Stub::default();
        stub.has_heard.store(true, Ordering::Relaxed);
        stub.answers.lock().unwrap().extend([StatusCode::INTERNAL_SERVER_ERROR; 2]);
        let folder = tempfile::tempdir().unwrap();
        let cookie = CookieJar::open(folder.path().join("cookie")).unwrap();
        let mut listing = stub.listing(cookie, Duration::from_millis(10)).await;
        let certificate = SelfMadeCertificate::new(vec!["localhost".to_owned()]).unwrap();
        let made = SelfMade { certificate: certificate.clone(), renewed: Arc::default() };
        listing.self_made = Some(made.clone());
        let stop = CancellationToken::new();
        let kept = tokio::spawn(listing.keep(stop.clone()));
        let first = certificate.sha256();
        certificate.renew().unwrap();
        made.renewed.notify_one();
        timeout(PATIENCE, stub.registered.notified()).await.expect("it gives up");
        let mut beats = stub.beats.subscribe();
        let until = *beats.borrow() + 2;
        timeout(PATIENCE, beats.wait_for(|beats| *beats >= until)).await.expect("no heartbeats follow").unwrap();
        let second = json!(certificate.sha256());
        assert_ne!(json!(first), second);
        let told = stub.certificates.lock().unwrap().clone();
        assert_eq!(told, [second.clone(), second.clone(), second], "refused twice, then heard, and told no more");
        stop.cancel();
        timeout(PATIENCE, kept).await.expect("it does not end").unwrap();
    }

    #[test]
    fn a_directory_that_is_away_is_asked_as_often_as_one_that_answers() {
        let interval = Duration::from_secs(15);
        let pauses: Vec<u64> = (0..6).map(|failures| pause(failures, interval).as_secs()).collect();
        assert_eq!(pauses, [15, 5, 10, 15, 15, 15]);
        assert_eq!(pause(u32::MAX, interval), interval, "for ever");
    }
}
