//! Services that fail in every way: what the client is answered, and that the other services go on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::http::{Method, StatusCode};
use axum::routing::get;
use axum::{Router, body::Body};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use realmgate_platform::testing::{a_moment, soon};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::by_hand::{exchange, rest, statuses};
use crate::place::{Place, answer, entry, until, until_late};
use crate::service::{RawService, Service, nowhere, read_head};

/// No token, no second try, and a breaker that stays closed.
const PLAIN: &str = "http = \"open\"\nretries = 0\nbreaker = { failures = 1000 }\n";
/// A timeout that a test waits for.
const SHORT: &str = "connect_timeout_s = 0.1\ntimeout_s = 0.2\n";
const WELL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A door in front of a faulty service at `/bad`, and of one that is well.
async fn door_of(bad: &str, keys: &str) -> (Place, Service) {
    let well = Service::start();
    let services = [entry("bad", bad, keys), entry("well", &well.url(), "http = \"open\"")];
    (Place::new(&services.concat()).await, well)
}

async fn others_go_on(place: &Place) {
    answer(place.get("/well/x")).await.expect(StatusCode::OK);
}

/// A service that reads the head of each request, and writes these bytes.
fn answering(bytes: impl Into<Vec<u8>>) -> RawService {
    let bytes = Arc::new(bytes.into());
    RawService::start(move |mut stream, _| {
        let bytes = bytes.clone();
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
        }
    })
}

#[tokio::test]
async fn service_that_refuses_connections_is_502() {
    let (place, _well) = door_of(&nowhere(), PLAIN).await;
    let problem = answer(place.get("/bad/x")).await.problem(502, "SERVICE_UNREACHABLE");
    assert_eq!(problem["title"], "The service cannot be reached");
    let refused = answer(place.call(Method::POST, "/bad/x").body("hello")).await;
    refused.problem(502, "SERVICE_UNREACHABLE");
    others_go_on(&place).await;
}

#[tokio::test]
async fn answer_that_is_not_http_is_502() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(200 << 10));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    let answers = [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "hello\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nA: b\r\n\0: c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "\x15\x03\x01\0\x02\x02\x28",
        &huge,
        &many,
    ];
    let (well, bad) = (Service::start(), answers.map(answering));
    let entries = bad.iter().enumerate().map(|(number, bad)| entry(&format!("bad-{number}"), &bad.url(), PLAIN));
    let place = Place::new(&entries.chain([entry("well", &well.url(), "http = \"open\"")]).collect::<String>()).await;
    for (number, bytes) in answers.iter().enumerate() {
        let refused = answer(place.get(&format!("/bad-{number}/x"))).await;
        assert_eq!(refused.status.as_u16(), 502, "{:?}", &bytes[..bytes.len().min(80)]);
        refused.problem(502, "SERVICE_UNREACHABLE");
        others_go_on(&place).await;
    }
}

#[tokio::test]
async fn service_that_never_answers_is_504() {
    let silent = RawService::start(|mut stream, _| async move { drop(rest(&mut stream).await) });
    let (place, _well) = door_of(&silent.url(), &format!("{PLAIN}{SHORT}")).await;
    let calls =
        [place.get("/bad/x"), place.call(Method::POST, "/bad/x").body("hello"), place.call(Method::DELETE, "/bad/x")];
    for call in calls {
        let (refused, ()) = tokio::join!(answer(call), others_go_on(&place));
        refused.problem(504, "SERVICE_TIMEOUT");
    }
}

#[tokio::test]
async fn service_that_takes_no_more_of_an_upload_is_504_and_freed() {
    let service = RawService::start(|mut stream, _| async move {
        let (head, _) = read_head(&mut stream).await;
        match head.starts_with("POST") {
            true => std::future::pending().await,
            false => drop(stream.write_all(WELL).await),
        }
    });
    let keys = format!("{PLAIN}{SHORT}max_requests = 1\nmax_body_bytes = 100000000\n");
    let (place, _well) = door_of(&service.url(), &keys).await;
    let head = "POST /bad/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n";
    let received = exchange(place.addr(), [head.as_bytes(), &vec![b'x'; 100_000_000]].concat()).await;
    // The door closes while the client still sends: that may lose the answer.
    assert!(matches!(*statuses(&received), [504] | []), "{received}");
    answer(place.get("/bad/x")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn answer_that_breaks_off_breaks_off_for_the_client() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nrubbish\r\n",
    ] {
        let bad = answering(bytes);
        let (place, _well) = door_of(&bad.url(), PLAIN).await;
        let broken = soon("the answer", place.get("/bad/x").send()).await.unwrap();
        assert_eq!(broken.status(), 200);
        assert!(soon("the body", broken.bytes()).await.is_err(), "{bytes:?}");
        others_go_on(&place).await;
    }
}

#[tokio::test]
async fn answer_without_more_bytes_is_cut_after_the_idle_timeout() {
    let bad = RawService::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello").await;
        rest(&mut stream).await;
    });
    let (place, _well) = door_of(&bad.url(), &format!("{PLAIN}max_requests = 1\nidle_timeout_s = 0.2\n")).await;
    for _ in 0..2 {
        let broken = soon("the answer", place.get("/bad/x").send()).await.unwrap();
        assert_eq!(broken.status(), 200, "the one before has ended");
        assert!(soon("the body", broken.bytes()).await.is_err());
    }
}

#[tokio::test]
async fn answer_with_two_lengths_has_one_for_the_client() {
    let bad =
        answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let (place, _well) = door_of(&bad.url(), PLAIN).await;
    let answered = answer(place.get("/bad/x")).await;
    assert_eq!((answered.status, answered.text.as_str()), (StatusCode::OK, "hello"));
}

#[tokio::test]
async fn bytes_after_an_answer_are_no_other_answer() {
    let stray = [WELL, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"].concat();
    let bad = RawService::start(move |mut stream, _| {
        let stray = stray.clone();
        async move {
            while !read_head(&mut stream).await.0.is_empty() {
                let _ = stream.write_all(&stray).await;
            }
        }
    });
    let (place, _well) = door_of(&bad.url(), PLAIN).await;
    for _ in 0..10 {
        let answered = answer(place.get("/bad/x")).await;
        assert_ne!(answered.text, "stolen");
    }
}

#[tokio::test]
async fn service_that_floods_ends_with_its_client() {
    let flood =
        || async { Body::from_stream(stream::repeat(Bytes::from_static(&[7; 64 << 10])).map(Ok::<_, Infallible>)) };
    let bad = Service::with(Router::new().route("/flood", get(flood)));
    let (place, _well) = door_of(&bad.url(), &format!("{PLAIN}max_requests = 1\n")).await;
    let mut flooded = soon("the answer", place.get("/bad/flood").send()).await.unwrap();
    for _ in 0..100 {
        assert!(soon("a chunk", flooded.chunk()).await.unwrap().is_some());
        others_go_on(&place).await;
    }
    answer(place.get("/bad/x")).await.problem(503, "SERVICE_UNAVAILABLE");
    drop(flooded);
    until("the end of the flood", || async { answer(place.get("/bad/x")).await.status == 200 }).await;
}

/// A service that closes each connection without an answer while it is ill, and the number of its requests.
fn ailing(is_ill: &Arc<AtomicBool>) -> (RawService, Arc<AtomicUsize>) {
    let (is_ill, count) = (is_ill.clone(), Arc::<AtomicUsize>::default());
    let counted = count.clone();
    let service = RawService::start(move |mut stream, _| {
        let (is_ill, counted) = (is_ill.clone(), counted.clone());
        async move {
            while !read_head(&mut stream).await.0.is_empty() {
                counted.fetch_add(1, Ordering::Relaxed);
                if is_ill.load(Ordering::Relaxed) {
                    return;
                }
                let _ = stream.write_all(WELL).await;
            }
        }
    });
    (service, count)
}

#[tokio::test]
async fn circuit_breaker_opens_after_failures_and_closes_again() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let (service, count) = ailing(&is_ill);
    let (place, _well) =
        door_of(&service.url(), "http = \"open\"\nretries = 0\nbreaker = { failures = 3, open_s = 1.0 }\n").await;
    for _ in 0..3 {
        answer(place.get("/bad/x")).await.problem(502, "SERVICE_UNREACHABLE");
    }
    let opened = || async {
        let before = count.load(Ordering::Relaxed);
        let refused = answer(place.get("/bad/x")).await;
        if refused.status == 502 {
            // Its time was over: this was the call that tries the service again.
            return false;
        }
        refused.problem(503, "SERVICE_UNAVAILABLE");
        assert_eq!(
            (refused.header("retry-after"), count.load(Ordering::Relaxed)),
            (Some("1"), before),
            "it is not called"
        );
        true
    };
    until("an open breaker", opened).await;
    others_go_on(&place).await;
    is_ill.store(false, Ordering::Relaxed);
    until("a closed breaker", || async { answer(place.get("/bad/x")).await.status == 200 }).await;
    for _ in 0..10 {
        answer(place.get("/bad/x")).await.expect(StatusCode::OK);
    }
}

/// A service whose answers name it, and whose health check fails on demand.
fn named(name: &'static str, is_ill: &Arc<AtomicBool>) -> Service {
    let is_ill = is_ill.clone();
    let health = move || async move {
        if is_ill.load(Ordering::Relaxed) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    };
    Service::with(Router::new().route("/name", get(move || async move { name })).route("/healthz", get(health)))
}

fn two(one: &str, other: &str, keys: &str) -> String {
    format!("[services.bad]\nurls = [\"{one}\", \"{other}\"]\npath = \"/bad\"\nhttp = \"open\"\n{keys}")
}

#[tokio::test]
async fn unhealthy_base_url_is_left_out_until_it_is_healthy_again() {
    let [one_is_ill, other_is_ill] = [(); 2].map(|()| Arc::<AtomicBool>::default());
    let (one, other) = (named("one", &one_is_ill), named("other", &other_is_ill));
    let place = Place::new(&two(&one.url(), &other.url(), "health = \"/healthz\"\nretries = 0\n")).await;
    let names = || async {
        let answers = stream::iter(0..6).then(|_| answer(place.get("/bad/name"))).map(|answer| answer.text);
        answers.collect::<Vec<_>>().await
    };
    assert_eq!(names().await, ["one", "other", "one", "other", "one", "other"]);
    one_is_ill.store(true, Ordering::Relaxed);
    until_late("the unhealthy one's absence", || async { names().await.iter().all(|name| name == "other") }).await;
    other_is_ill.store(true, Ordering::Relaxed);
    until_late("the refusal", || async { answer(place.get("/bad/name")).await.status == 503 }).await;
    one_is_ill.store(false, Ordering::Relaxed);
    until_late("the healthy one's return", || async { names().await.iter().all(|name| name == "one") }).await;
}

#[tokio::test]
async fn failed_call_is_repeated_at_another_base_url_where_that_is_safe() {
    let well = Service::start();
    let keys = "retries = 1\nbreaker = { failures = 1000 }\n";
    let place = Place::new(&two(&nowhere(), &well.url(), keys)).await;
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for _ in 0..4 {
            answer(place.call(method.clone(), "/bad/x")).await.expect(StatusCode::OK);
        }
    }
    let before = well.seen().len();
    for (method, body) in [(Method::POST, ""), (Method::PATCH, ""), (Method::PUT, "hello")] {
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(answer(place.call(method.clone(), "/bad/x").body(body)).await.status.as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 502, 502], "{method} {body:?}");
    }
    assert_eq!(well.seen().len() - before, 6);
}

#[tokio::test]
async fn failed_call_is_repeated_at_the_only_base_url_as_often_as_allowed() {
    for (retries, status, calls) in [(0, 502, 1), (1, 502, 2), (2, 200, 3), (5, 200, 3)] {
        let count = Arc::<AtomicUsize>::default();
        let counted = count.clone();
        let service = RawService::start(move |mut stream, number| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                read_head(&mut stream).await;
                if number == 2 {
                    let _ = stream.write_all(WELL).await;
                }
            }
        });
        let (place, _well) = door_of(&service.url(), &format!("http = \"open\"\nretries = {retries}\n")).await;
        assert_eq!(answer(place.get("/bad/x")).await.status.as_u16(), status, "{retries} retries");
        assert_eq!(count.load(Ordering::Relaxed), calls, "{retries} retries");
    }
}

#[tokio::test]
async fn full_service_is_503_and_others_go_on() {
    let go = Arc::new(Notify::new());
    let wait = {
        let go = go.clone();
        move || async move { go.notified().await }
    };
    let bad = Service::with(Router::new().route("/wait", get(wait)));
    let (place, _well) = door_of(&bad.url(), &format!("{PLAIN}max_requests = 2\n")).await;
    let waiting = [(); 2].map(|()| tokio::spawn(answer(place.get("/bad/wait"))));
    until("both requests", || async { bad.seen().len() == 2 }).await;
    let refused = answer(place.get("/bad/x")).await;
    refused.problem(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    others_go_on(&place).await;
    go.notify_waiters();
    for waiting in waiting {
        waiting.await.unwrap().expect(StatusCode::OK);
    }
    until("room", || async { answer(place.get("/bad/x")).await.status == 200 }).await;
}

#[tokio::test]
async fn client_that_leaves_frees_its_service() {
    let bad = RawService::start(|mut stream, _| async move {
        let (head, _) = read_head(&mut stream).await;
        match head.contains("/wait") {
            true => drop(rest(&mut stream).await),
            false => drop(stream.write_all(WELL).await),
        }
    });
    let (place, _well) = door_of(&bad.url(), &format!("{PLAIN}max_requests = 1\n")).await;
    let mut client = TcpStream::connect(place.addr()).await.unwrap();
    client.write_all(b"GET /bad/wait HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until("the request", || async { answer(place.get("/bad/x")).await.status == 503 }).await;
    drop(client);
    until("room", || async { answer(place.get("/bad/x")).await.status == 200 }).await;
}

#[tokio::test]
async fn head_without_an_end_is_504() {
    let flood: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let slow: &[u8] = b"H";
    for (first, then) in [(&b""[..], flood), (b"HTTP/1.1 200 OK\r\n", slow)] {
        let bad = RawService::start(move |mut stream, _| async move {
            read_head(&mut stream).await;
            let mut sent = stream.write_all(first).await;
            while sent.is_ok() {
                a_moment().await;
                sent = stream.write_all(then).await;
            }
        });
        let (place, _well) = door_of(&bad.url(), &format!("{PLAIN}{SHORT}")).await;
        let (refused, ()) = tokio::join!(answer(place.get("/bad/x")), others_go_on(&place));
        refused.problem(504, "SERVICE_TIMEOUT");
    }
}
