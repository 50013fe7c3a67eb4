//! `providers.toml`: by which other accounts players may log in. A section that is not there is a provider that is not offered.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jsonwebtoken::EncodingKey;
use realmgate_platform::config::ConfigError;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::apple::signing_key;
use super::outward::{Outward, is_safe};

/// The setting that names the file.
const KEY: &str = "PROVIDERS_FILE";

/// Google's client, or any OpenID provider's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleSettings {
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    /// Clients of our own apps, whose id tokens are believed too.
    #[serde(default)]
    pub app_client_ids: Vec<String>,
    #[serde(default = "google")]
    pub issuer: String,
}

/// Discord's client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordSettings {
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    #[serde(default = "discord")]
    pub url: String,
}

/// Facebook's app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacebookSettings {
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    #[serde(default = "facebook")]
    pub url: String,
    #[serde(default = "facebook_graph")]
    pub graph_url: String,
}

/// Apple's services id and key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppleSettings {
    /// The services id, for browsers.
    pub client_id: String,
    /// The bundle id, for apps.
    pub app_id: Option<String>,
    pub team_id: String,
    pub key_id: String,
    /// The `.p8` file's text.
    #[serde(deserialize_with = "secret")]
    pub private_key: SecretString,
    #[serde(default = "apple")]
    pub issuer: String,
}

/// Steam's key and app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteamSettings {
    #[serde(deserialize_with = "secret")]
    pub api_key: SecretString,
    #[serde(default)]
    pub app_id: String,
    #[serde(default = "steam")]
    pub url: String,
    #[serde(default = "steam_api")]
    pub api_url: String,
}

/// The file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    google: Option<GoogleSettings>,
    discord: Option<DiscordSettings>,
    apple: Option<AppleSettings>,
    facebook: Option<FacebookSettings>,
    steam: Option<SteamSettings>,
}

/// The providers that are configured, checked.
#[derive(Clone, Default)]
pub struct ProvidersConfig {
    pub(super) google: Option<GoogleSettings>,
    pub(super) discord: Option<DiscordSettings>,
    pub(super) apple: Option<(AppleSettings, EncodingKey)>,
    pub(super) facebook: Option<FacebookSettings>,
    pub(super) steam: Option<SteamSettings>,
    /// Calls them; `None` where there is none of them, since TLS needs the machine's certificates.
    pub(super) outward: Option<Arc<Outward>>,
}

impl std::fmt::Debug for ProvidersConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ProvidersConfig").finish_non_exhaustive()
    }
}

impl ProvidersConfig {
    /// Reads the file. Without one, there is no provider.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or what it says cannot be used.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let complain = |why: String| ConfigError::new(KEY, format!("{}: {why}", file.display()));
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(complain(error.to_string())),
        };
        // The parser's own text quotes the line, which may be a secret.
        let settings: ProviderSettings = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            complain(format!("line {line}: {}", error.message()))
        })?;
        settings.check().map_err(complain)
    }
}

impl ProviderSettings {
    fn check(self) -> Result<ProvidersConfig, String> {
        let Self { google, discord, apple, facebook, steam } = self;
        let mut urls = Vec::new();
        urls.extend(google.iter().map(|google| &google.issuer));
        urls.extend(discord.iter().map(|discord| &discord.url));
        urls.extend(facebook.iter().flat_map(|facebook| [&facebook.url, &facebook.graph_url]));
        urls.extend(apple.iter().map(|apple| &apple.issuer));
        urls.extend(steam.iter().flat_map(|steam| [&steam.url, &steam.api_url]));
        if let Some(bad) = urls.into_iter().find(|url| !is_safe(url) || url.ends_with('/')) {
            return Err(format!("{bad} must be https://HOST without a slash at the end"));
        }
        let apple = apple.map(|apple| {
            let key = signing_key(apple.private_key.expose_secret());
            key.map(|key| (apple, key)).ok_or_else(|| "apple: private_key must be the text of a .p8 file".to_owned())
        });
        let is_any = google.is_some() || discord.is_some() || apple.is_some() || facebook.is_some() || steam.is_some();
        let outward = is_any.then(Outward::new).transpose().map_err(|error| format!("cannot set up TLS: {error}"))?;
        Ok(ProvidersConfig {
            google,
            discord,
            apple: apple.transpose()?,
            facebook,
            steam,
            outward: outward.map(Arc::new),
        })
    }
}

/// A secret, or `file:PATH` for one in a file, as secrets of containers are.
fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(input)?;
    let text = match text.strip_prefix("file:") {
        None => text,
        Some(path) => {
            let unreadable = |error: io::Error| serde::de::Error::custom(format!("{path}: {error}"));
            std::fs::read_to_string(path).map_err(unreadable)?.trim().to_owned()
        }
    };
    if text.is_empty() { Err(serde::de::Error::custom("a secret must not be empty")) } else { Ok(text.into()) }
}

fn google() -> String {
    "https://accounts.google.com".to_owned()
}

fn discord() -> String {
    "https://discord.com".to_owned()
}

fn facebook() -> String {
    "https://www.facebook.com/v21.0".to_owned()
}

fn facebook_graph() -> String {
    "https://graph.facebook.com/v21.0".to_owned()
}

fn apple() -> String {
    "https://appleid.apple.com".to_owned()
}

fn steam() -> String {
    "https://steamcommunity.com".to_owned()
}

fn steam_api() -> String {
    "https://api.steampowered.com".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ProvidersConfig, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("providers.toml");
        std::fs::write(&file, text).unwrap();
        ProvidersConfig::read(&file).map_err(|error| error.why.replace(&dir.path().display().to_string(), ""))
    }

    #[test]
    fn a_section_is_a_provider_with_its_own_addresses() {
        let config = read("[discord]\nclient_id = \"7\"\nclient_secret = \"s\"").unwrap();
        assert!(config.google.is_none() && config.steam.is_none());
        assert_eq!(config.discord.unwrap().url, "https://discord.com");
        let client = "client_id = \"7\"\nclient_secret = \"s\"";
        let all = format!("[google]\n{client}\n[facebook]\n{client}\n[steam]\napi_key = \"k\"");
        let all = read(&all).unwrap();
        assert_eq!(all.google.unwrap().issuer, "https://accounts.google.com");
        let (facebook, steam) = (all.facebook.unwrap(), all.steam.unwrap());
        for (url, own) in [
            (facebook.url, "https://www.facebook.com/"),
            (facebook.graph_url, "https://graph.facebook.com/"),
            (steam.url, "https://steamcommunity.com"),
            (steam.api_url, "https://api.steampowered.com"),
        ] {
            assert!(url.starts_with(own), "{url}");
        }
        let apple = "client_id = \"a\"\nteam_id = \"b\"\nkey_id = \"c\"\nprivate_key = \"k\"";
        assert_eq!(toml::from_str::<AppleSettings>(apple).unwrap().issuer, "https://appleid.apple.com");
        let elsewhere = read(&format!("[discord]\n{client}\nurl = \"http://127.0.0.1:9\"")).unwrap();
        assert_eq!(elsewhere.discord.unwrap().url, "http://127.0.0.1:9", "what is written goes before");
        assert!(
            ProvidersConfig::read(Path::new("/nowhere/providers.toml")).unwrap().google.is_none(),
            "there need be none"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_secrets() {
        for (text, why) in [
            ("[discord]\nclient_id = \"7\"", "/providers.toml: line 1: missing field `client_secret`"),
            (
                "[x]",
                "/providers.toml: line 1: unknown field `x`, expected one of `google`, `discord`, `apple`, `facebook`, `steam`",
            ),
            (
                "[steam]\napi_key = \"plainly\"\napp = 1",
                "/providers.toml: line 3: unknown field `app`, expected one of `api_key`, `app_id`, `url`, `api_url`",
            ),
            (
                "[steam]\napi_key = \"file:/no/such/file\"",
                "/providers.toml: line 2: /no/such/file: No such file or directory (os error 2)",
            ),
            ("[steam]\napi_key = \"\"", "/providers.toml: line 2: a secret must not be empty"),
            (
                "[steam]\napi_key = \"plainly\"\nurl = \"http://steam.example\"",
                "/providers.toml: http://steam.example must be https://HOST without a slash at the end",
            ),
            (
                "[apple]\nclient_id = \"a\"\nteam_id = \"b\"\nkey_id = \"c\"\nprivate_key = \"plainly\"",
                "/providers.toml: apple: private_key must be the text of a .p8 file",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), why, "{text}");
        }
        assert!(!format!("{:?}", read("[steam]\napi_key = \"plainly\"").unwrap()).contains("plainly"));
    }
}
