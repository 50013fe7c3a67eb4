//! Where traces and errors are sent.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::defaults::defaults;
use super::{ConfigError, secret};

/// What a realm for players is called, and every one that is called nothing.
const PRODUCTION: &str = "production";
/// Longest name of a service or an environment, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Most headers that a collector may want.
const MAX_HEADERS: usize = 16;

/// Flags and environment variables of traces and error reports.
#[derive(Debug, Clone, clap::Args)]
pub struct TelemetrySettings {
    /// OTLP collector that gets traces, such as http://HOST:4318 [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// Headers for the collector, NAME=VALUE,NAME=VALUE
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true, value_parser = secret)]
    pub otel_exporter_otlp_headers: Option<SecretString>,
    /// Fraction of requests that is traced, 0 to 1
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", value_name = "RATIO")]
    pub otel_traces_sampler_arg: f64,
    /// Name of this program in traces [default: sidecar or start_server]
    #[arg(long, env = "OTEL_SERVICE_NAME", value_name = "NAME")]
    pub otel_service_name: Option<String>,
    /// Sentry that gets errors and panics, https://KEY@HOST/PROJECT [default: none]
    #[arg(long, env = "SENTRY_DSN", hide_env_values = true, value_parser = secret)]
    pub sentry_dsn: Option<SecretString>,
    /// Name of this realm in traces and errors; if not production, community responses carry their duration
    #[arg(long, env = "DEPLOYMENT_ENVIRONMENT", default_value = PRODUCTION, value_name = "NAME")]
    pub deployment_environment: String,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        defaults()
    }
}

/// The checked settings of traces and error reports.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// The program's name.
    pub service: String,
    /// Which of the programs of that name it is.
    pub instance: String,
    /// The name of the realm's environment.
    pub environment: String,
    /// Where traces are sent; `None` for nowhere.
    pub traces: Option<TraceSink>,
    /// Where errors are sent; `None` for nowhere.
    pub errors: Option<ErrorSink>,
}

/// A collector of traces.
#[derive(Debug, Clone)]
pub struct TraceSink {
    /// The address that batches are posted to.
    pub url: Url,
    /// What it wants in its headers.
    pub headers: HeaderMap,
    /// Which part of all traces it gets, 0 to 1.
    pub ratio: f64,
}

/// A project of a Sentry.
#[derive(Clone)]
pub struct ErrorSink {
    /// The address that envelopes are posted to.
    pub url: Url,
    /// What opens it.
    pub key: SecretString,
}

impl fmt::Debug for ErrorSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorSink").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl TelemetrySettings {
    /// Checks the settings. `program` names the service where no setting does, and `instance` is which one of several it is.
    ///
    /// # Errors
    /// When a setting cannot be used; the error names it, and quotes none that is secret.
    pub fn resolve(&self, program: &str, instance: &str) -> Result<TelemetryConfig, ConfigError> {
        let service = given(self.otel_service_name.as_deref()).unwrap_or(program);
        let endpoint = given(self.otel_exporter_otlp_endpoint.as_deref());
        let dsn = given(self.sentry_dsn.as_ref().map(|dsn| dsn.expose_secret()));
        Ok(TelemetryConfig {
            service: name("OTEL_SERVICE_NAME", service)?,
            instance: instance.to_owned(),
            environment: name("DEPLOYMENT_ENVIRONMENT", &self.deployment_environment)?,
            traces: endpoint.map(|endpoint| self.traces(endpoint)).transpose()?,
            errors: dsn.map(error_sink).transpose()?,
        })
    }

    /// Whether this is the realm that players play on, and not one for those who develop.
    pub fn is_production(&self) -> bool {
        self.deployment_environment == PRODUCTION
    }

    fn traces(&self, endpoint: &str) -> Result<TraceSink, ConfigError> {
        let ratio = self.otel_traces_sampler_arg;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(ConfigError::new("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1"));
        }
        let text = self.otel_exporter_otlp_headers.as_ref().map(|text| text.expose_secret());
        Ok(TraceSink { url: traces_url(endpoint)?, headers: headers(text.unwrap_or_default())?, ratio })
    }
}

/// What was given: an empty variable counts as none.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn name(key: &str, text: &str) -> Result<String, ConfigError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=MAX_NAME_BYTES).contains(&text.len()) || !text.bytes().all(is_plain) {
        return Err(ConfigError::new(key, format!("must have 1 to {MAX_NAME_BYTES} characters of a-z A-Z 0-9 . _ -")));
    }
    Ok(text.to_owned())
}

/// The address of a server, if it is one that can be posted to.
fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_http && url.query().is_none() && url.fragment().is_none()).then_some(url)
}

/// As the standard has it, the path of the signal comes after that of the endpoint.
fn traces_url(endpoint: &str) -> Result<Url, ConfigError> {
    let why = "must be http://HOST[:PORT][/PATH] or https://…; put credentials into OTEL_EXPORTER_OTLP_HEADERS";
    let bad = || ConfigError::new("OTEL_EXPORTER_OTLP_ENDPOINT", why);
    let mut url =
        http_url(endpoint).filter(|url| url.username().is_empty() && url.password().is_none()).ok_or_else(bad)?;
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// Reads `NAME=VALUE,NAME=VALUE`, where values are written as in a URL.
fn headers(text: &str) -> Result<HeaderMap, ConfigError> {
    let bad = || {
        let why = format!("must be NAME=VALUE,NAME=VALUE with at most {MAX_HEADERS} headers");
        ConfigError::new("OTEL_EXPORTER_OTLP_HEADERS", why)
    };
    let mut headers = HeaderMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(bad)?;
        let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
        let mut value = HeaderValue::from_bytes(&unescaped(value.trim()).ok_or_else(bad)?).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if headers.len() > MAX_HEADERS { Err(bad()) } else { Ok(headers) }
}

/// Text with `%20` and the like read.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut read = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        read.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    Some(read)
}

/// Reads `https://KEY@HOST[:PORT][/PATH]/PROJECT`. Some have a second key behind the first, which nobody needs any more.
fn error_sink(dsn: &str) -> Result<ErrorSink, ConfigError> {
    let bad = || ConfigError::new("SENTRY_DSN", "must be https://KEY@HOST[:PORT]/PROJECT");
    let mut url = http_url(dsn).ok_or_else(bad)?;
    let key = url.username().to_owned();
    let is_key = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let path = url.path().trim_end_matches('/').to_owned();
    let (before, project) = path.rsplit_once('/').ok_or_else(bad)?;
    let is_project = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_key(&key) || !is_project {
        return Err(bad());
    }
    url.set_path(&format!("{before}/api/{project}/envelope/"));
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| bad())?;
    Ok(ErrorSink { url, key: key.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(change: impl FnOnce(&mut TelemetrySettings)) -> Result<TelemetryConfig, ConfigError> {
        let mut settings = TelemetrySettings::default();
        change(&mut settings);
        settings.resolve("sidecar", "gateway-1")
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        for empty in [None, Some(""), Some(" ")] {
            let config = resolved(|settings| {
                settings.otel_exporter_otlp_endpoint = empty.map(str::to_owned);
                settings.sentry_dsn = empty.map(Into::into);
            });
            let config = config.unwrap();
            assert!(config.traces.is_none() && config.errors.is_none(), "{empty:?}: {config:?}");
            assert_eq!((config.service.as_str(), config.environment.as_str()), ("sidecar", "production"));
        }
    }

    #[test]
    fn the_path_of_traces_comes_after_the_collector_s() {
        let url = |text: &str| {
            let config = resolved(|settings| settings.otel_exporter_otlp_endpoint = Some(text.to_owned()));
            config.unwrap().traces.unwrap().url.to_string()
        };
        assert_eq!(url("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(url("https://otel.example/team/"), "https://otel.example/team/v1/traces");
        for bad in ["otel.example:4318", "grpc://otel.example", "http://", "http://u:p@otel.example", "http://a?b=c"] {
            let error = resolved(|settings| settings.otel_exporter_otlp_endpoint = Some(bad.to_owned())).unwrap_err();
            assert_eq!(error.key, "OTEL_EXPORTER_OTLP_ENDPOINT", "{bad}");
        }
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let with = |text: &str| {
            resolved(|settings| {
                settings.otel_exporter_otlp_endpoint = Some("http://127.0.0.1:4318".to_owned());
                settings.otel_exporter_otlp_headers = Some(text.into());
            })
        };
        let config = with("authorization=Basic%20aGlkZGVu, x-team = a=b ,").unwrap();
        assert!(!format!("{config:?}").contains("aGlkZGVu"), "{config:?}");
        let headers = config.traces.unwrap().headers;
        assert_eq!(
            (&headers["authorization"], &headers["x-team"]),
            (&"Basic aGlkZGVu".parse().unwrap(), &"a=b".parse().unwrap())
        );
        for bad in ["hidden", "two words=hidden", "a=hidden%2", "a=hidden%0a"] {
            let error = with(bad).unwrap_err();
            assert_eq!(error.key, "OTEL_EXPORTER_OTLP_HEADERS", "{bad}");
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_dsn_says_where_envelopes_go_and_its_key_is_not_shown() {
        let with = |dsn: &str| resolved(|settings| settings.sentry_dsn = Some(dsn.into()));
        for (dsn, url) in [
            ("https://hidden@sentry.example/42", "https://sentry.example/api/42/envelope/"),
            ("https://hidden:old@sentry.example:9000/42/", "https://sentry.example:9000/api/42/envelope/"),
            ("http://hidden@127.0.0.1:9/below/here/7", "http://127.0.0.1:9/below/here/api/7/envelope/"),
        ] {
            let config = with(dsn).unwrap();
            assert!(!format!("{config:?}").contains("hidden"), "{config:?}");
            let errors = config.errors.unwrap();
            assert_eq!((errors.url.as_str(), errors.key.expose_secret()), (url, "hidden"));
        }
        for bad in [
            "hidden",
            "https://sentry.example/42",
            "https://hidden@sentry.example",
            "ftp://hidden@a/1",
            "https://hidden@a/b%20c",
        ] {
            let error = with(bad).unwrap_err();
            assert_eq!(error.key, "SENTRY_DSN", "{bad}");
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn names_and_the_ratio_are_checked() {
        let key = |change: fn(&mut TelemetrySettings)| resolved(change).unwrap_err().key;
        assert_eq!(key(|settings| settings.otel_service_name = Some("two words".to_owned())), "OTEL_SERVICE_NAME");
        assert_eq!(key(|settings| settings.deployment_environment = String::new()), "DEPLOYMENT_ENVIRONMENT");
        for ratio in [-0.1, 1.1, f64::NAN] {
            let error = resolved(|settings| {
                settings.otel_exporter_otlp_endpoint = Some("http://127.0.0.1:4318".to_owned());
                settings.otel_traces_sampler_arg = ratio;
            });
            assert_eq!(error.unwrap_err().key, "OTEL_TRACES_SAMPLER_ARG", "{ratio}");
        }
    }
}
