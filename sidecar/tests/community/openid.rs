//! A real OpenID provider in a process of its own, with a browser in front of it: npm `oidc-provider`. Tests of whole processes
//! use it too.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use realmgate_skip::skip;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// What the script ends with where the package is missing.
const MISSING: i32 = 77;
/// How long it may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// The provider.
#[derive(Debug)]
pub struct OpenIdProvider {
    /// Where it is.
    pub issuer: String,
    _child: Child,
    commands: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl OpenIdProvider {
    /// Starts it, with a clock that stands at `now_ms` or, for `None`, goes; `None`, with a message, where Node or the package is
    /// missing.
    pub async fn start(now_ms: Option<u64>) -> Option<Self> {
        let mut node = Command::new("node");
        node.envs(realmgate_services::run().environment());
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../sidecar/tests/community/openid.mjs"));
        node.args(now_ms.map(|now_ms| now_ms.to_string()));
        let mut child = match node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip("node (Node.js) is not installed: nobody logged in by OpenID");
                return None;
            }
            child => child.unwrap(),
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap_or_default();
        if !issuer.starts_with("http") {
            assert_eq!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().code(), Some(MISSING), "{issuer}");
            skip(format!("{issuer}: nobody logged in by OpenID"));
            return None;
        }
        let commands = child.stdin.take().unwrap();
        Some(Self { issuer, _child: child, commands, lines })
    }

    async fn told(&mut self, command: Value) -> String {
        self.commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        timeout(PATIENCE, self.lines.next_line()).await.unwrap().unwrap().expect("it goes on")
    }

    /// Goes there in a browser, logs in as a user, and agrees. Returns where the provider sends the browser.
    pub async fn visit(&mut self, url: &str, user: &str) -> String {
        let at = self.told(json!({"visit": url, "as": user})).await;
        assert!(at.starts_with("https://"), "{at}");
        at
    }

    /// It has other keys from now on.
    pub async fn rotate(&mut self) {
        assert_eq!(self.told(json!({"rotate": true})).await, "rotated");
    }

    /// An id token that the provider has signed for a client.
    pub async fn id_token(&mut self, client: &str, user: &str) -> String {
        let url = format!(
            "{}/auth?client_id={client}&response_type=id_token&redirect_uri=https%3A%2F%2F{client}.example%2Fback\
             &scope=openid+email+profile&nonce=mine",
            self.issuer
        );
        let at = self.visit(&url, user).await;
        let token = at.split_once("#id_token=").unwrap_or_else(|| panic!("no token: {at}")).1;
        token.split('&').next().unwrap().to_owned()
    }
}
