//! Settings whose values come from a store of secrets.

use realmgate_platform::config::{ConfigError, STORABLE, StoredSecrets};

use super::{Origin, Settings};

impl Settings {
    /// Fills the secrets that neither a flag, a variable nor a `…_FILE` gives, from `SECRETS_DIR` and `SECRETS_COMMAND`. To be
    /// called once, before anything else uses the settings.
    ///
    /// # Errors
    /// As [`realmgate_platform::config::SecretStoreSettings::read`].
    pub fn fill_secrets(&mut self) -> Result<StoredSecrets, ConfigError> {
        let mut stored = self.secret_stores.read(&STORABLE)?;
        for (key, value, file) in [
            ("JWT_SECRET", &mut self.jwt_secret, &self.jwt_secret_file),
            ("TICKET_KEY", &mut self.ticket_key, &self.ticket_key_file),
            ("SERVICE_TOKEN", &mut self.service_token, &self.service_token_file),
        ] {
            if file.is_none() {
                stored.fill(key, value);
            }
        }
        stored.fill("DATABASE_URL", &mut self.database.database_url);
        stored.fill("REDIS_URL", &mut self.redis_url);
        stored.fill("MAIL_URL", &mut self.mail.mail_url);
        stored.fill("SENTRY_DSN", &mut self.telemetry.sentry_dsn);
        stored.fill("OTEL_EXPORTER_OTLP_HEADERS", &mut self.telemetry.otel_exporter_otlp_headers);
        for key in stored.used() {
            self.in_force.set_origin(key, Origin::SecretStore);
        }
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use secrecy::ExposeSecret;

    use super::super::SettingsInForce;
    use super::*;

    #[test]
    fn a_file_of_its_own_takes_precedence_over_the_stores() {
        let dir = tempfile::tempdir().unwrap();
        for key in STORABLE {
            std::fs::write(dir.path().join(key), format!("stored {key}")).unwrap();
        }
        let mut settings = Settings::with_defaults(PathBuf::from("data"));
        settings.in_force = SettingsInForce::of_line::<Settings>(&[]).unwrap();
        settings.secret_stores.secrets_dir = Some(dir.path().to_owned());
        settings.jwt_secret_file = Some("jwt".into());
        settings.ticket_key = Some("own".into());
        let stored = settings.fill_secrets().unwrap();

        assert!(settings.jwt_secret.is_none(), "its file has it");
        let shown =
            |secret: &Option<secrecy::SecretString>| secret.as_ref().map(|text| text.expose_secret().to_owned());
        assert_eq!(shown(&settings.ticket_key).as_deref(), Some("own"));
        assert_eq!(shown(&settings.service_token).as_deref(), Some("stored SERVICE_TOKEN"));
        assert_eq!(shown(&settings.database.database_url).as_deref(), Some("stored DATABASE_URL"));
        assert_eq!(shown(&settings.telemetry.sentry_dsn).as_deref(), Some("stored SENTRY_DSN"));
        assert_eq!(stored.used().count(), STORABLE.len() - 2);
        let origin = |name: &str| settings.in_force.iter().find(|setting| setting.name == name).unwrap().from;
        assert_eq!((origin("MAIL_URL"), origin("JWT_SECRET")), (Origin::SecretStore, Origin::Default));
    }
}
