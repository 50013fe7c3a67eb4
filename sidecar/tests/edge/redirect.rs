//! `HTTP_REDIRECT_ADDR`: redirects with 308 to HTTPS.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::certificates::Certificates;
use crate::testing::TestApp;

async fn start(certificates: &Certificates, port: Option<u16>) -> TestApp {
    TestApp::start_with(|settings| {
        certificates.put_into(settings);
        settings.edge.http_redirect_addr = "127.0.0.1:0".parse().ok();
        settings.edge.http_redirect_port = port;
    })
    .await
}

/// Status line and headers of the answer to a request written by hand.
async fn ask(addr: SocketAddr, request_line: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("{request_line} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn path_query_and_method_go_along() {
    let certificates = Certificates::new();
    let app = start(&certificates, None).await;
    let addrs = app.state().addrs;
    let port = addrs.api.port();
    for (request, host, location) in [
        ("GET /", "localhost", format!("https://localhost:{port}/")),
        ("GET /status?a=b&c=%20", "127.0.0.1:80", format!("https://127.0.0.1:{port}/status?a=b&c=%20")),
        ("POST /auth/login", "[::1]:8080", format!("https://[::1]:{port}/auth/login")),
        ("GET //evil.example/", "localhost", format!("https://localhost:{port}//evil.example/")),
    ] {
        let answer = ask(addrs.redirect.unwrap(), request, &format!("Host: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 308 "), "{request}: {answer}");
        assert!(answer.contains(&format!("\r\nlocation: {location}\r\n")), "{location}: {answer}");
    }
}

#[tokio::test]
async fn the_port_outside_may_be_another() {
    let certificates = Certificates::new();
    for (port, location) in [(443, "https://localhost/status"), (8443, "https://localhost:8443/status")] {
        let app = start(&certificates, Some(port)).await;
        let answer = ask(app.state().addrs.redirect.unwrap(), "GET /status", "Host: localhost\r\n").await;
        assert!(answer.contains(&format!("\r\nlocation: {location}\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_a_host_that_the_certificate_is_not_for() {
    let certificates = Certificates::new();
    let app = start(&certificates, None).await;
    for host in [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "Host: a@localhost\r\n",
        "Host: 127.0.0.2\r\n",
        "Host: \r\n",
        "",
    ] {
        let answer = ask(app.state().addrs.redirect.unwrap(), "GET /", host).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{host:?}: {answer}");
        assert!(!answer.contains("location:"), "{answer}");
    }
}

#[tokio::test]
async fn no_route_is_behind_it() {
    let certificates = Certificates::new();
    let app = start(&certificates, None).await;
    let documents = [realmgate_sidecar::http::document(), realmgate_community::http::document()];
    let paths = documents.iter().flat_map(|document| document.paths.paths.keys());
    let documented: Vec<String> = paths.map(|path| format!("GET {}", path.replace(['{', '}'], ""))).collect();
    assert!(documented.len() > 50, "{documented:?}");
    // What no document names, and a route that takes no GET.
    let others = ["GET /", "GET /play", "GET /map-link", "GET /ws", "POST /auth/login"].map(str::to_owned);
    for request in documented.iter().chain(&others) {
        let answer = ask(app.state().addrs.redirect.unwrap(), request, "Host: localhost\r\n").await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer with a head");
        assert!(head.starts_with("HTTP/1.1 308 ") && body.is_empty(), "{request}: {answer}");
    }
}
