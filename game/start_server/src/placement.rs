//! Where this server belongs: which directory it joins, or whether it embeds the sidecar.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use realmgate_protocol::ticket::KeyRing;
use secrecy::{ExposeSecret, SecretString};

use crate::args::Args;
use crate::failure::Failure;

/// What a server that joins a directory must know.
#[derive(Clone)]
pub struct Directory {
    /// `http://host:port`, without a slash at the end.
    pub url: String,
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
        if !url.starts_with("http://") {
            return Err(Failure::Settings(format!("WORLD_DIRECTORY_URL: {url} is not http://host:port")));
        }
        return join(args, url).map(Placement::Join);
    }
    match settings.directory_addr.port() {
        0 => Ok(Placement::Embed),
        _ => Ok(ask(args, settings.directory_addr).await.map_or(Placement::Embed, Placement::Join)),
    }
}

/// The directory at `addr`, if it is one of ours: it accepts the service token of our DATA_DIR.
pub async fn ask(args: &Args, addr: SocketAddr) -> Option<Directory> {
    let directory = join(args, format!("http://{addr}")).ok()?;
    let client = http(Duration::from_secs(2)).ok()?;
    let request = client.get(format!("{}/map-registry/servers", directory.url));
    let answer = request.bearer_auth(directory.service_token.expose_secret()).send().await.ok()?;
    answer.status().is_success().then_some(directory)
}

/// A server that joins never makes keys of its own: what is missing is an error.
fn join(args: &Args, url: String) -> Result<Directory, Failure> {
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
    let service_token = read(0, "SERVICE_TOKEN", "service_token")?;
    let keys = read(1, "TICKET_KEY", "ticket_key")?;
    let keys = keys.expose_secret().parse().map_err(|error| Failure::Settings(format!("TICKET_KEY: {error}")))?;
    Ok(Directory { url, service_token, keys })
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
pub fn http(patience: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(patience).no_proxy().redirect(reqwest::redirect::Policy::none()).build()
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
