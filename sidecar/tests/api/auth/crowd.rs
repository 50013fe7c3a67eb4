//! Many log-ins at the same time: a client that asks for little gets in, whatever others ask for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::testing::{PASSWORD, TestApp};

/// Number of log-ins of the victim, one after the other.
const LOG_INS: usize = 20;
const FULL_WITHIN: Duration = Duration::from_secs(60);

/// Clients that log in again after every answer, and after a refusal as soon as one of them has had an answer.
struct Crowd {
    again: Arc<Semaphore>,
    /// How often one of them was turned away.
    refused: Arc<watch::Sender<usize>>,
    tasks: JoinSet<()>,
}

impl Crowd {
    fn new() -> Self {
        Self { again: Arc::new(Semaphore::new(0)), refused: Arc::default(), tasks: JoinSet::new() }
    }

    /// Adds a client that logs in from `from`.
    fn join(&mut self, app: &Arc<TestApp>, name: &str, from: &str) {
        let (app, name, from) = (app.clone(), name.to_owned(), from.to_owned());
        let (again, refused) = (self.again.clone(), self.refused.clone());
        self.tasks.spawn(async move {
            loop {
                match app.try_login(&name, PASSWORD).from(&from).send().await.status.as_u16() {
                    // There is one more place: two ask for it.
                    200 | 401 => again.add_permits(2),
                    429 | 503 => {
                        refused.send_modify(|times| *times += 1);
                        again.acquire().await.unwrap().forget();
                    }
                    status => panic!("{status}"),
                }
            }
        });
    }

    /// Waits until it takes every place there is: two more of it ask, and one is turned away.
    async fn fills_every_place(&self) {
        let mut refused = self.refused.subscribe();
        self.again.add_permits(2);
        let refused = tokio::time::timeout(FULL_WITHIN, refused.changed()).await;
        refused.expect("the crowd asks for more than there is").expect("the crowd is there");
    }

    /// Ends it. There was one if it has been turned away more often than the victim has logged in.
    async fn go(mut self) {
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next().await {
            assert!(!ended.is_err_and(|error| error.is_panic()), "one of the crowd got another answer");
        }
        let refused = *self.refused.borrow();
        assert!(refused > LOG_INS, "it asked for more than there was: {refused} refusals");
    }
}

/// A sidecar where so many log-ins may wait.
async fn app(queue: u32) -> Arc<TestApp> {
    let app = TestApp::start_with(|settings| {
        settings.passwords.queue = queue;
        // The test has to pass without these limits: many accounts and addresses could stay below them.
        settings.calls_per_min = 1_000_000;
        settings.log_ins_per_min = 1_000_000;
        settings.failed_logins_per_min = 1_000_000;
    })
    .await;
    app.register("victim").await;
    Arc::new(app)
}

/// Checks that every log-in of the victim succeeds, though the crowd has taken every place before each of them.
async fn gets_in(app: &TestApp, from: &str, crowd: &Crowd) {
    let mut answers = Vec::new();
    for _ in 0..LOG_INS {
        crowd.fills_every_place().await;
        answers.push(app.try_login("victim", PASSWORD).from(from).send().await.status.as_u16());
    }
    assert_eq!(answers, [200; LOG_INS], "the victim gets in whenever it asks");
}

#[tokio::test]
async fn one_account_that_floods_starves_nobody_on_its_own_address() {
    // No more places than one account may have.
    let app = app(2).await;
    app.register("flooder").await;
    let mut crowd = Crowd::new();
    for _ in 0..40 {
        crowd.join(&app, "flooder", "127.0.0.1");
    }
    gets_in(&app, "127.0.0.1", &crowd).await;
    crowd.go().await;
}

#[tokio::test]
async fn ten_addresses_starve_nobody_elsewhere() {
    // Fewer places than ten accounts may have.
    let app = app(16).await;
    let mut crowd = Crowd::new();
    for host in 1..=10 {
        let name = format!("flooder-{host}");
        app.register(&name).await;
        for _ in 0..4 {
            crowd.join(&app, &name, &format!("203.0.113.{host}"));
        }
    }
    gets_in(&app, "198.51.100.1", &crowd).await;
    crowd.go().await;
}

#[tokio::test]
async fn many_ipv6_networks_of_one_customer_starve_nobody_elsewhere() {
    // More networks than places: one place for each would leave none.
    let app = app(16).await;
    let mut crowd = Crowd::new();
    for network in 0..40 {
        // None of these accounts exists, which costs as much.
        crowd.join(&app, &format!("flooder-{network}"), &format!("2001:db8:0:{network:x}::1"));
    }
    gets_in(&app, "2001:db8:1::1", &crowd).await;
    crowd.go().await;
}
