//! Secrets never reach a log. A test binary of its own: its log is the whole process's, threads of libraries included.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

#[expect(dead_code, reason = "the API's tests use the rest")]
mod testing;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use testing::{PASSWORD, TestApp};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn passwords_and_tokens_are_in_no_log_and_no_file() {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).init();

    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let again = app.login("ann").await;
    app.try_login("ann", "a wrong password").send().await;
    app.post("/auth/login", json!({"username": "ann", "password": {"nested": PASSWORD}})).send().await;
    app.get(&format!("/characters?token={}", user.access)).send().await;
    app.get("/characters").bearer(&user.access).send().await;
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    app.post("/auth/logout", json!({})).bearer(&again.access).send().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("/auth/login"), "something was logged: {text}");
    let stored = all_text(&app.data_dir());
    let secrets = &app.state().config.secrets;
    for (what, secret) in [
        ("password", PASSWORD),
        ("wrong password", "a wrong password"),
        ("access token", &user.access),
        ("refresh token", &user.refresh),
        ("second refresh token", &again.refresh),
        ("service token", secrets.service_token.expose()),
    ] {
        assert!(!text.contains(secret), "the {what} is in the log");
        assert!(!stored.contains(secret), "the {what} is in the database");
    }
}

/// All text in the files of a folder.
fn all_text(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()).collect()
}
