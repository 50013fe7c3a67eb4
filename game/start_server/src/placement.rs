//! Where this server belongs: which directory it joins, or whether it embeds the sidecar.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use realmgate_protocol::ticket::KeyRing;
use realmgate_sidecar::secrets::ServiceToken;
use secrecy::{ExposeSecret, SecretString};

use crate::args::Args;
use crate::failure::Failure;
use crate::trust::Trust;

/// What a server that joins a directory must know.
#[derive(Clone)]
pub struct Directory {
    /// `http://host:port` or `https://host:port`, without a slash at the end.
    pub url: String,
    /// Whom it has to be, with `https://`.
    pub trust: Trust,
    /// Opens the internal routes.
    pub service_token: SecretString,
    /// What tickets are signed with.
    pub keys: KeyRing,
}

/// Where this server belongs.
pub enum Placement {
    /// It registers at a directory that is there.
    Join(Directory),
    /// It embeds the sidecar.
    Embed,
}

/// Decides, by the settings and by asking whether a directory of ours is there.
pub async fn decide(args: &Args) -> Result<Placement, Failure> {
    let settings = &args.sidecar;
    if let Some(url) = args.world_directory_url.as_ref().filter(|url| !url.is_empty()) {
        let url = url.trim_end_matches('/').to_owned();
        let trust = match url.split_once("://") {
            Some(("http", _)) => Trust::default(),
            Some(("https", place)) => match &settings.edge.tls_cert_file {
                // As the sidecar starts us whose settings we share.
                Some(file) if place.parse::<SocketAddr>().is_ok() => Trust::of_certificate(file.clone())?,
                _ => Trust::of_authorities(args.directory_ca_file.as_deref())?,
            },
            _ => {
                let why = format!("WORLD_DIRECTORY_URL: {url} is neither http://host:port nor https://host:port");
                return Err(Failure::Settings(why));
            }
        };
        return join(args, url, trust).map(Placement::Join);
    }
    match settings.directory_addr.port() {
        0 => Ok(Placement::Embed),
        _ => Ok(ask(args, settings.directory_addr).await.map_or(Placement::Embed, Placement::Join)),
    }
}

/// The directory at `addr`, if it is one of ours: it accepts the service token of our DATA_DIR.
pub async fn ask(args: &Args, addr: SocketAddr) -> Option<Directory> {
    let (url, trust) = local(args, addr).ok()?;
    let directory = join(args, url, trust).ok()?;
    let client = http(Duration::from_secs(2), &directory.trust).ok()?;
    let request = client.get(format!("{}/map-registry/servers", directory.url));
    let answer = request.bearer_auth(directory.service_token.expose_secret()).send().await.ok()?;
    answer.status().is_success().then_some(directory)
}

/// How to speak with a directory that has our own settings.
pub fn local(args: &Args, addr: SocketAddr) -> Result<(String, Trust), Failure> {
    match &args.sidecar.edge.tls_cert_file {
        Some(file) => Ok((format!("https://{addr}"), Trust::of_certificate(file.clone())?)),
        None => Ok((format!("http://{addr}"), Trust::default())),
    }
}

/// A server that joins never makes keys of its own: what is missing is an error.
fn join(args: &Args, url: String, trust: Trust) -> Result<Directory, Failure> {
    let settings = &args.sidecar;
    let secrets = settings.data_dir.join("secrets");
    let given = [&settings.service_token, &settings.ticket_key];
    let files = [&settings.service_token_file, &settings.ticket_key_file];
    let read = |which: usize, name: &str, file: &str| {
        secret(given[which].as_ref(), files[which].as_deref(), &secrets.join(file)).ok_or_else(|| {
            Failure::Settings(format!(
                "{name}: a server that joins the directory at {url} needs it, as {name}, {name}_FILE, or {}",
                secrets.join(file).display()
            ))
        })
    };
    let service_token = ServiceToken::new(read(0, "SERVICE_TOKEN", "service_token")?.expose_secret());
    let service_token = SecretString::from(service_token.expose());
    let keys = read(1, "TICKET_KEY", "ticket_key")?;
    let keys = keys.expose_secret().parse().map_err(|error| Failure::Settings(format!("TICKET_KEY: {error}")))?;
    Ok(Directory { url, trust, service_token, keys })
}

/// Read as the sidecar reads it, or the two would not know each other: without white space around, and never empty.
fn secret(given: Option<&SecretString>, file: Option<&Path>, generated: &Path) -> Option<SecretString> {
    let text = match given {
        Some(given) => given.expose_secret().to_owned(),
        None => std::fs::read_to_string(file.unwrap_or(generated)).ok()?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}

/// A client for our own servers. No proxy of the environment gets to see the service token, and nobody else by a
/// redirect.
pub fn http(patience: Duration, trust: &Trust) -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().timeout(patience).no_proxy().redirect(reqwest::redirect::Policy::none());
    trust.apply(client).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_the_sidecar_reads_it() {
        let nowhere = Path::new("/nonexistent");
        let read = |text: &str| secret(Some(&SecretString::from(text)), None, nowhere);
        assert_eq!(read("token\n").unwrap().expose_secret(), "token", "variables often end with a line break");
        assert!(read(" \n").is_none(), "an empty one is missing");
        assert!(secret(None, None, nowhere).is_none());
    }
}
