//! A mail server for tests: it speaks as much SMTP as a mail takes, and can refuse, keep silent and go away.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

/// What the server does with whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes every mail.
    Takes,
    /// Refuses every recipient for good.
    Refuses,
    /// Says nothing, until it is told to go on.
    Silent,
}

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub to: String,
    pub text: String,
}

/// A mail server at an address of its own.
pub struct MailServer {
    addr: SocketAddr,
    own: Arc<Own>,
    received: mpsc::UnboundedReceiver<Received>,
    listening: AbortHandle,
}

struct Own {
    manner: Mutex<Manner>,
    /// A connection to which nothing is said.
    silent: Notify,
    go_on: Notify,
    received: mpsc::UnboundedSender<Received>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        let (silent, go_on) = (Notify::new(), Notify::new());
        let own = Arc::new(Own { manner: Mutex::new(Manner::Takes), silent, go_on, received: sender });
        let listening = listen(listener, own.clone());
        Self { addr, own, received, listening }
    }

    /// Makes a sidecar send its mails here.
    pub fn of(&self) -> impl Fn(&mut Settings) + use<> {
        let url = format!("smtp://user:a%20password@{}", self.addr);
        move |settings| {
            settings.mail.mail_url = Some(url.clone().into());
            settings.mail.mail_from = Some("Realm <post@realm.example>".to_owned());
            settings.mail.public_url = Some("https://realm.example".to_owned());
        }
    }

    /// What new connections meet.
    pub fn set(&self, manner: Manner) {
        *self.own.manner.lock().unwrap() = manner;
    }

    /// Waits until a connection is met with silence.
    pub async fn is_silent(&self) {
        soon("a connection", self.own.silent.notified()).await;
    }

    /// The one that was met with silence is answered.
    pub fn go_on(&self) {
        self.own.go_on.notify_one();
    }

    /// Nobody listens any more.
    pub async fn go_away(&self) {
        self.listening.abort();
        soon("the end", async {
            while TcpStream::connect(self.addr).await.is_ok() {
                a_moment().await;
            }
        })
        .await;
    }

    /// Somebody listens again, at the same address.
    pub async fn come_back(&mut self) {
        self.listening = listen(TcpListener::bind(self.addr).await.unwrap(), self.own.clone());
    }

    /// The next mail.
    pub async fn next(&mut self) -> Received {
        soon("a mail", self.received.recv()).await.unwrap()
    }

    /// The token in the next mail with a link, which must be to this address.
    pub async fn token(&mut self, to: &str) -> String {
        loop {
            let mail = self.next().await;
            if let Some(token) = mail.token() {
                assert_eq!(mail.to, to, "{mail:?}");
                return token;
            }
        }
    }

    /// Waits for a mail to this address that says this.
    pub async fn says(&mut self, to: &str, text: &str) {
        while !self.next().await.is(to, text) {}
    }

    /// Whether no other mail has come.
    pub fn has_none(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Received {
    fn is(&self, to: &str, text: &str) -> bool {
        // Lines are folded.
        let words = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.to == to && words.contains(text)
    }

    /// The token of the link in it.
    pub fn token(&self) -> Option<String> {
        let (_, rest) = self.text.split_once("https://realm.example/account/link?token=")?;
        rest.split_whitespace().next().map(str::to_owned)
    }
}

fn listen(listener: TcpListener, own: Arc<Own>) -> AbortHandle {
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, own.clone()));
        }
    });
    listening.abort_handle()
}

/// One client, until it says goodbye. A client that ends is no fault.
async fn serve(stream: TcpStream, own: Arc<Own>) -> std::io::Result<()> {
    let manner = *own.manner.lock().unwrap();
    let mut stream = BufReader::new(stream);
    if manner == Manner::Silent {
        own.silent.notify_one();
        own.go_on.notified().await;
    }
    stream.write_all(b"220 mail.example ready\r\n").await?;
    let mut to = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split([' ', '\r', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.example\r\n250 AUTH PLAIN\r\n",
            "AUTH" => {
                // NUL user NUL password, as base64.
                assert_eq!(line.trim_end(), "AUTH PLAIN AHVzZXIAYSBwYXNzd29yZA==");
                "235 welcome\r\n"
            }
            "RCPT" if manner == Manner::Refuses => "550 no such user here\r\n",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                let text = content(&mut stream).await?;
                // Before the answer: whoever hears it may look at once.
                let _ = own.received.send(Received { to: to.clone(), text });
                "250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// A mail up to the dot that ends it.
async fn content(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix("..").map_or(&line, |_| &line[1..]));
    }
}
