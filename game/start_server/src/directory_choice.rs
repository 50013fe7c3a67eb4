//! Decides which directory this server joins, or whether it embeds the sidecar.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use realmgate_platform::secrets::ServiceToken;
use realmgate_protocol::ticket::KeyRing;
use secrecy::{ExposeSecret, SecretString};

use crate::args::Args;
use crate::failure::Failure;
use crate::tls_roots::TlsRoots;

/// Everything a server must know to join a directory.
#[derive(Clone)]
pub struct Directory {
    /// `http://host:port` or `https://host:port`, without a slash at the end.
    pub url: String,
    /// How its certificate is verified, with `https://`.
    pub tls_roots: TlsRoots,
    /// Whether nothing stands in between, as when we have found it ourselves. Then the answer must come from the
    /// address we have asked.
    pub is_asked_directly: bool,
    /// Grants access to the internal routes.
    pub service_token: SecretString,
    /// Keys that sign tickets.
    pub keys: KeyRing,
}

/// Whether this server joins a directory or embeds the sidecar.
pub enum DirectoryChoice {
    /// It registers at a running directory.
    Join(Directory),
    /// It embeds the sidecar.
    Embed,
}

/// Decides by the settings, and by asking whether a directory of ours is running.
///
/// # Errors
///
/// Fails if `WORLD_DIRECTORY_URL` is invalid, a certificate file is bad, or a secret is missing or invalid.
pub async fn decide(args: &Args) -> Result<DirectoryChoice, Failure> {
    let settings = &args.sidecar;
    if let Some(url) = args.world_directory_url.as_ref().filter(|url| !url.is_empty()) {
        let url = url.trim_end_matches('/').to_owned();
        let tls_roots = match url.split_once("://") {
            Some(("http", _)) => TlsRoots::default(),
            Some(("https", place)) => match &settings.edge.tls_cert_file {
                // This is how a sidecar that shares our settings starts us.
                Some(file) if place.parse::<SocketAddr>().is_ok() => TlsRoots::of_certificate(file.clone())?,
                _ => TlsRoots::of_authorities(args.directory_ca_file.as_deref())?,
            },
            _ => {
                let why = format!("WORLD_DIRECTORY_URL: {url} must be http://host:port or https://host:port");
                return Err(Failure::Settings(why));
            }
        };
        // A load balancer or address translation may stand in between.
        return with_secrets(args, url, tls_roots, false).map(DirectoryChoice::Join);
    }
    match settings.directory_addr.port() {
        0 => Ok(DirectoryChoice::Embed),
        _ => Ok(ask(args, settings.directory_addr).await.map_or(DirectoryChoice::Embed, DirectoryChoice::Join)),
    }
}

/// The directory at `addr`, if it is one of ours, which means that it knows the service token of our DATA_DIR.
pub async fn ask(args: &Args, addr: SocketAddr) -> Option<Directory> {
    let (url, tls_roots) = local(args, addr).ok()?;
    let directory = with_secrets(args, url, tls_roots, true).ok()?;
    let client = http(Duration::from_secs(2), &directory.tls_roots).ok()?;
    let known = async {
        directory.prove(&client).await?;
        // A certificate proves its identity, but not that it accepts our token.
        if directory.url.starts_with("https://") {
            let request = client.get(format!("{}/map-registry/servers", directory.url));
            let answer = directory.call(&client, request).await?;
            ensure!(answer.status().is_success(), "unexpected status {}", answer.status());
        }
        anyhow::Ok(())
    };
    match known.await {
        Ok(()) => Some(directory),
        Err(error) => {
            tracing::debug!("no directory with our service token at {}: {error:#}", directory.url);
            None
        }
    }
}

/// URL and TLS roots of a directory that shares our settings.
///
/// # Errors
///
/// Fails if TLS cannot be configured.
pub fn local(args: &Args, addr: SocketAddr) -> Result<(String, TlsRoots), Failure> {
    match &args.sidecar.edge.tls_cert_file {
        Some(file) => Ok((format!("https://{addr}"), TlsRoots::of_certificate(file.clone())?)),
        None => Ok((format!("http://{addr}"), TlsRoots::default())),
    }
}

/// Reads the secrets for a directory to join. A server that joins never generates keys: a missing one is an error.
fn with_secrets(args: &Args, url: String, tls_roots: TlsRoots, is_asked_directly: bool) -> Result<Directory, Failure> {
    let settings = &args.sidecar;
    let secrets = settings.data_dir.join("secrets");
    let given = [&settings.service_token, &settings.ticket_key];
    let files = [&settings.service_token_file, &settings.ticket_key_file];
    let read = |which: usize, name: &str, file: &str| {
        secret(given[which].as_ref(), files[which].as_deref(), &secrets.join(file)).ok_or_else(|| {
            Failure::Settings(format!(
                "{name}: required to join the directory at {url}; set {name} or {name}_FILE, or provide {}",
                secrets.join(file).display()
            ))
        })
    };
    let service_token = ServiceToken::new(read(0, "SERVICE_TOKEN", "service_token")?.expose_secret());
    let service_token = SecretString::from(service_token.expose());
    let keys = read(1, "TICKET_KEY", "ticket_key")?;
    let keys = keys.expose_secret().parse().map_err(|error| Failure::Settings(format!("TICKET_KEY: {error}")))?;
    Ok(Directory { url, tls_roots, is_asked_directly, service_token, keys })
}

/// Reads a secret in the same way as the sidecar, or the two would not accept each other: trimmed, and never empty.
fn secret(given: Option<&SecretString>, file: Option<&Path>, generated: &Path) -> Option<SecretString> {
    let text = match given {
        Some(given) => given.expose_secret().to_owned(),
        None => std::fs::read_to_string(file.unwrap_or(generated)).ok()?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}

/// Creates an HTTP client for our own servers. It uses no proxy of the environment and follows no redirects, so that
/// nobody else gets to see the service token.
///
/// # Errors
///
/// Fails if the client cannot be built.
pub fn http(patience: Duration, tls_roots: &TlsRoots) -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().timeout(patience).no_proxy().redirect(reqwest::redirect::Policy::none());
    tls_roots.apply(client).build()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use clap::Parser;
    use realmgate_platform::secrets::{SecretSource, SecretSources};
    use realmgate_sidecar::Sidecar;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const TOKEN: &str = "x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu";
    const PATIENCE: Duration = Duration::from_secs(20);

    fn args(data_dir: &Path, addr: SocketAddr) -> Args {
        let mut args = Args::try_parse_from(["start_server", "1", "0"]).unwrap();
        args.sidecar.data_dir = data_dir.to_owned();
        args.sidecar.directory_addr = addr;
        args.sidecar.service_token = Some(TOKEN.into());
        args.sidecar.ticket_key = Some("a key of at least thirty-two bytes!".into());
        args
    }

    /// Starts a directory of ours on a free port.
    async fn directory(data_dir: &Path) -> realmgate_sidecar::Running {
        let mut args = args(data_dir, "127.0.0.1:0".parse().unwrap());
        args.sidecar.api_addr.set_port(0);
        args.sidecar.gateway_addr.set_port(0);
        Sidecar::start(args.sidecar.resolve().unwrap(), None).await.unwrap()
    }

    /// Starts an impostor on the directory's port. It answers everything with `answer`, given its address, and records
    /// what it received.
    async fn impostor(answer: fn(SocketAddr) -> String) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, heard) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let (kept, answer) = (heard.clone(), answer(addr));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut part = vec![0; 4_096];
                while let Ok(read @ 1..) = stream.read(&mut part).await {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..read]);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        (addr, heard)
    }

    #[tokio::test]
    async fn a_listener_that_proves_nothing_is_told_no_token() {
        let dir = tempfile::tempdir().unwrap();
        let answers: [fn(SocketAddr) -> String; 3] = [
            |_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]".to_owned(),
            |_| "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
            |addr| {
                let body = format!(r#"{{"address":"{addr}","proofs":["","AAAA"]}}"#);
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            },
        ];
        for answer in answers {
            let (addr, heard) = impostor(answer).await;
            let joined = tokio::time::timeout(PATIENCE, ask(&args(dir.path(), addr), addr)).await.expect("it waits");
            assert!(joined.is_none(), "it joins whoever listens");
            let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
            assert!(!heard.is_empty() && !heard.contains(TOKEN), "it was told: {heard}");
        }
    }

    #[tokio::test]
    async fn the_directory_of_our_own_is_joined() {
        let dir = tempfile::tempdir().unwrap();
        let sidecar = directory(dir.path()).await;
        let addr = sidecar.addrs().directory;
        let joined = ask(&args(dir.path(), addr), addr).await.expect("it is our own");
        assert_eq!((joined.url, joined.is_asked_directly), (format!("http://{addr}"), true));
        assert_eq!(joined.service_token.expose_secret(), TOKEN);
        let mut other = args(dir.path(), addr);
        other.sidecar.service_token = Some("another token of thirty-two bytes, or so".into());
        assert!(ask(&other, addr).await.is_none(), "it does not know that token");
        sidecar.shutdown().await;
    }

    #[tokio::test]
    async fn a_listener_that_passes_questions_on_to_the_directory_is_told_no_token() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        let dir = tempfile::tempdir().unwrap();
        let sidecar = directory(dir.path()).await;
        let real = sidecar.addrs().directory;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut asked, mut answers) = stream.into_split();
                let (mut answered, mut asks) = TcpStream::connect(real).await.unwrap().into_split();
                tokio::spawn(async move { copy(&mut answered, &mut answers).await });
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut part = vec![0; 4_096];
                    while let Ok(read @ 1..) = asked.read(&mut part).await {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..read]);
                        if asks.write_all(&part[..read]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        assert!(ask(&args(dir.path(), addr), addr).await.is_none(), "it joins whoever stands in between");
        let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
        assert!(heard.contains("/proof?nonce=") && !heard.contains(TOKEN), "it was told: {heard}");
        sidecar.shutdown().await;
    }

    #[test]
    fn a_secret_is_read_as_the_sidecar_reads_it() {
        let nowhere = Path::new("/nonexistent");
        let read = |text: &str| secret(Some(&SecretString::from(text)), None, nowhere);
        assert_eq!(read("token\n").unwrap().expose_secret(), "token", "variables often end with a line break");
        assert_eq!(read("\t token \r\n").unwrap().expose_secret(), "token", "nor does a space before it count");
        assert!(read(" \n").is_none(), "an empty one is missing");
        assert!(secret(None, None, nowhere).is_none());
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (given, generated, blank) =
            (file("given", " of a file\r\n"), file("generated", "made\n"), file("blank", " \n"));
        let found = |file: Option<&Path>, generated: &Path| {
            secret(None, file, generated).map(|text| text.expose_secret().to_owned())
        };
        assert_eq!(found(Some(&given), &generated).as_deref(), Some("of a file"));
        assert_eq!(found(None, &generated).as_deref(), Some("made"));
        assert_eq!(found(Some(&blank), &generated), None, "an empty file is no reason to look further");
        let text = secret(Some(&"token".into()), Some(&given), &generated).unwrap();
        assert_eq!(text.expose_secret(), "token", "what is given comes first");
        let of_sidecar = |value: Option<&str>, file: Option<&Path>| {
            let service_token = SecretSource { value: value.map(SecretString::from), file: file.map(Path::to_owned) };
            let secrets = SecretSources { service_token, ..Default::default() }.resolve(folder.path(), false);
            secrets.ok().map(|secrets| secrets.service_token.expose().to_owned())
        };
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for text in [TOKEN, &format!("{TOKEN}\n"), &format!("\t{TOKEN} \r\n"), " \n"] {
            let made = file("secrets/service_token", text);
            let value = read(text).map(|text| text.expose_secret().to_owned());
            let ours = [value, found(Some(&made), nowhere), found(None, &made)];
            let theirs = [of_sidecar(Some(text), None), of_sidecar(None, Some(&made)), of_sidecar(None, None)];
            assert_eq!(ours, theirs, "{text:?} as a value, in a file, and where the sidecar makes one");
        }
    }
}
