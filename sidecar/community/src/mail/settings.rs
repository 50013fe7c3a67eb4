//! The settings of mails.

use std::path::Path;

use axum::http::Uri;
use realmgate_platform::config::{ConfigError, secret};
use secrecy::{ExposeSecret, SecretString};

use super::{Carrier, Sender};

/// Whom mails are from where they only become files.
const NOBODY: &str = "noreply@localhost";

/// Flags and environment variables of mails.
#[derive(Debug, Clone, clap::Args)]
pub struct MailSettings {
    /// Mail server, smtps://USER:PASSWORD@HOST or smtp:// for STARTTLS [default: none, mails are files in DATA_DIR/mail]
    #[arg(long, env = "MAIL_URL", hide_env_values = true, value_parser = secret)]
    pub mail_url: Option<SecretString>,
    /// Sender of mails, such as "Realm <post@realm.example>"
    #[arg(long, env = "MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// URL of this server for players' browsers, used in mails and for login with providers [default: API_ADDR]
    #[arg(long, env = "PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// The checked settings of mails.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// How mails leave.
    pub carrier: Carrier,
    /// Whom they are from.
    pub from: Sender,
    /// What links begin with, without a slash at the end; `None` for the address of the public API.
    pub public_url: Option<String>,
}

impl MailConfig {
    /// Whether mails go to a mail server, and not into a folder.
    pub fn has_server(&self) -> bool {
        matches!(self.carrier, Carrier::Server(_))
    }
}

impl MailSettings {
    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// When one of them cannot be used, or belongs to another that is missing.
    pub fn resolve(&self, data_dir: &Path) -> Result<MailConfig, ConfigError> {
        let from = self.mail_from.as_deref().unwrap_or(NOBODY);
        let from =
            Sender::parse(from).ok_or_else(|| ConfigError::new("MAIL_FROM", "must be ADDRESS or NAME <ADDRESS>"))?;
        let public_url = self.public_url.as_deref().map(read_public_url).transpose()?;
        let url = self.mail_url.as_ref().map(ExposeSecret::expose_secret).filter(|url| !url.is_empty());
        let carrier = match url {
            None => Carrier::folder(data_dir.join("mail")),
            Some(url) => {
                for (key, given) in [("MAIL_FROM", &self.mail_from), ("PUBLIC_URL", &self.public_url)] {
                    if given.is_none() {
                        return Err(ConfigError::new(key, "is required with MAIL_URL"));
                    }
                }
                // What is wrong with it may quote the password.
                let refuse = || ConfigError::new("MAIL_URL", "must be smtps://[USER:PASSWORD@]HOST[:PORT] or smtp://…");
                let url = with_tls(url).ok_or_else(refuse)?;
                Carrier::server(&url).ok_or_else(refuse)?
            }
        };
        Ok(MailConfig { carrier, from, public_url })
    }
}

/// The URL with what is meant by it: mails and passwords go in the clear only on this machine, or where `tls=none` says so.
fn with_tls(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match (uri.scheme_str()?, uri.query()) {
        ("smtps", None) | ("smtp", Some("tls=required" | "tls=opportunistic")) => Some(url.to_owned()),
        ("smtp", Some("tls=none")) => url.strip_suffix("?tls=none").map(str::to_owned),
        ("smtp", None) if is_here => Some(url.to_owned()),
        ("smtp", None) => Some(format!("{url}?tls=required")),
        _ => None,
    }
}

fn read_public_url(given: &str) -> Result<String, ConfigError> {
    let refuse = || ConfigError::new("PUBLIC_URL", "must be https://HOST, without a path");
    let uri: Uri = given.parse().map_err(|_| refuse())?;
    let is_plain = uri.path() == "/" && uri.query().is_none() && !given.contains(['@', '#']);
    match (uri.scheme_str(), uri.host()) {
        (Some("https" | "http"), Some(host)) if is_plain && !host.is_empty() => {
            Ok(given.trim_end_matches('/').to_owned())
        }
        _ => Err(refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, from: Option<&str>, public: Option<&str>) -> MailSettings {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        MailSettings { mail_url: Some(url.into()), mail_from: owned(from), public_url: owned(public) }
    }

    #[test]
    fn a_mail_server_comes_with_a_sender_and_a_public_url() {
        let key = |from, public| {
            settings("smtp://localhost", from, public).resolve(Path::new("data")).map_err(|error| error.key)
        };
        let (from, public) = (Some("Realm <post@realm.example>"), Some("https://realm.example/"));
        assert_eq!(key(from, public).unwrap().public_url.as_deref(), Some("https://realm.example"));
        assert_eq!(key(None, public).unwrap_err(), "MAIL_FROM");
        assert_eq!(key(from, None).unwrap_err(), "PUBLIC_URL");
        assert_eq!(key(Some("nobody"), public).unwrap_err(), "MAIL_FROM");
        for bad in
            ["", "realm.example", "ftp://realm.example", "https://realm.example/folder", "https://a@b", "https://a?b"]
        {
            assert_eq!(key(from, Some(bad)).unwrap_err(), "PUBLIC_URL", "{bad}");
        }
        assert!(settings("", None, None).resolve(Path::new("data")).is_ok(), "an empty one is none");
    }

    #[test]
    fn no_mail_goes_in_the_clear_to_another_machine_unless_it_is_said() {
        let meant = |url: &str| with_tls(url);
        for (url, with) in [
            ("smtps://u:p@mail.example", "smtps://u:p@mail.example"),
            ("smtp://u:p@mail.example:2525", "smtp://u:p@mail.example:2525?tls=required"),
            ("smtp://mail.example?tls=none", "smtp://mail.example"),
            ("smtp://mail.example?tls=opportunistic", "smtp://mail.example?tls=opportunistic"),
            ("smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
            ("smtp://[::1]:25", "smtp://[::1]:25"),
        ] {
            assert_eq!(meant(url).as_deref(), Some(with), "{url}");
        }
        for bad in ["mail.example", "http://mail.example", "smtp://", "smtp://a?tls=maybe", "smtps://a?tls=none"] {
            assert_eq!(meant(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_error_and_no_debug_form() {
        for url in ["smtp://user:plainly-visible@", "smtps://user:plainly-visible@mail.example?x=1"] {
            let settings = settings(url, Some("a@b.example"), Some("https://b.example"));
            let error = settings.resolve(Path::new("data")).unwrap_err();
            assert!(!format!("{settings:?} {error} {error:?}").contains("plainly"), "{error}");
        }
        let url = "smtps://user:plainly-visible@mail.example";
        let config = settings(url, Some("a@b.example"), Some("https://b.example")).resolve(Path::new("data"));
        assert!(!format!("{config:?}").contains("plainly"));
    }
}
