//! The settings in force, as an administrator may see them. A setting's declaration on the command line decides whether its
//! value is shown; what is not known to be harmless is not, so that a setting which is added later tells nothing by mistake.

use std::any::TypeId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};

/// Settings whose type does not say that they may be shown: texts that hold no secret, and numbers whose names sound like one.
/// Those with addresses refuse a user name and a password in them.
const HARMLESS: [&str; 24] = [
    "ACCESS_TOKEN_SECONDS",
    "ALLOWED_ORIGINS",
    "ASSETS_BASE_URL",
    "DEPLOYMENT_ENVIRONMENT",
    "GATEWAY_ID",
    "HOOKS_MAY_CALL",
    "LIMIT_MAX_LOBBY_PASSWORD",
    "LOG",
    "MAIL_FROM",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER_ARG",
    "PASSWORD_QUEUE",
    "PASSWORD_THREADS",
    "PUBLIC_URL",
    "REALM_NAME",
    "REDIS_PREFIX",
    "REFRESH_TOKEN_DAYS",
    "ROLES",
    "RUST_LOG",
    "SECRETS_COMMAND_SECONDS",
    "SECRETS_DIR",
    "SERVER_ID",
    "SERVER_NAME",
    "TRUSTED_PROXIES",
];
/// What the names of secrets contain.
const SECRETS: [&str; 6] = ["PASSWORD", "SECRET", "TOKEN", "KEY", "PIN", "CREDENTIAL"];
/// A longer value is cut.
const MOST_SIGNS: usize = 300;

/// Every setting of this process that has an environment variable, in the order of its `--help`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsInForce(Vec<Setting>);

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its environment variable.
    pub name: String,
    /// Its flag, with the dashes.
    pub flag: String,
    /// Its value, as it was written; `None` where there is none, and for one that is not shown.
    pub value: Option<String>,
    /// Whether its value may be shown.
    pub is_shown: bool,
    /// Where the value is from.
    pub from: Origin,
    /// What it is for, in a line.
    pub help: String,
}

/// Where a value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has said anything.
    Default,
    /// Its environment variable.
    Environment,
    /// The command line.
    CommandLine,
    /// `SECRETS_DIR` or `SECRETS_COMMAND`.
    SecretStore,
}

impl SettingsInForce {
    /// What a command line and the environment have said. `command` is the one that `matches` was made by.
    pub fn read(mut command: Command, matches: &ArgMatches) -> Self {
        // Subcommands get the flags that go for all.
        command.build();
        let (mut command, mut matches) = (&command, matches);
        while let Some((name, inner)) = matches.subcommand()
            && let Some(found) = command.find_subcommand(name)
        {
            (command, matches) = (found, inner);
        }
        Self(command.get_arguments().filter_map(|arg| Setting::read(arg, matches)).collect())
    }

    /// What a line of flags says of a group of settings. The environment is not read.
    ///
    /// # Errors
    /// When the line cannot be parsed.
    pub fn of_line<T: Args>(line: &[&str]) -> Result<Self, clap::Error> {
        let declared = T::augment_args(Command::new("settings").no_binary_name(true));
        let silent = declared.clone().mut_args(|arg| arg.env(Resettable::Reset));
        let matches = silent.try_get_matches_from(line)?;
        Ok(Self::read(declared, &matches))
    }

    /// The settings, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// Says where the value of a setting is from, if not from the command line or the environment.
    pub(super) fn set_origin(&mut self, name: &str, from: Origin) {
        for setting in self.0.iter_mut().filter(|setting| setting.name == name) {
            setting.from = from;
        }
    }

    /// Whether nobody has said what they are.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Setting {
    fn read(arg: &Arg, matches: &ArgMatches) -> Option<Self> {
        let name = arg.get_env()?.to_str()?.to_owned();
        let id = arg.get_id().as_str();
        let from = match matches.value_source(id) {
            Some(ValueSource::EnvVariable) => Origin::Environment,
            Some(ValueSource::CommandLine) => Origin::CommandLine,
            _ => Origin::Default,
        };
        let written = || {
            let texts: Vec<_> = matches.get_raw(id)?.map(|text| text.to_string_lossy()).collect();
            Some(texts.join(" ")).filter(|text| !text.is_empty())
        };
        let is_shown = is_harmless(&name, arg);
        let (value, from) = match is_shown {
            true => (written().map(|text| text.chars().take(MOST_SIGNS).collect()), from),
            // An empty one is none.
            false if written().is_none() => (None, Origin::Default),
            false => (None, from),
        };
        let flag = arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Some(Self { name, flag, value, is_shown, from, help: help.lines().next().unwrap_or_default().to_owned() })
    }
}

/// Whether the value of a setting may be shown: as far as its declaration says that it is no secret.
fn is_harmless(name: &str, arg: &Arg) -> bool {
    if arg.is_hide_env_values_set() {
        return false;
    }
    let parser = arg.get_value_parser();
    // One of a few words.
    if HARMLESS.contains(&name) || parser.possible_values().is_some() {
        return true;
    }
    let sounds_secret = SECRETS.iter().any(|secret| name.contains(secret));
    let has = |kinds: &[TypeId]| kinds.iter().any(|kind| parser.type_id() == *kind);
    let is_address = [TypeId::of::<SocketAddr>(), TypeId::of::<IpAddr>(), TypeId::of::<Ipv4Addr>()];
    let is_number = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<NonZeroU8>(),
        TypeId::of::<Duration>(),
    ];
    // Where a secret lies is none.
    let is_file = has(&[TypeId::of::<PathBuf>()]) && (!sounds_secret || name.ends_with("_FILE"));
    is_file || !sounds_secret && (has(&is_address) || has(&is_number))
}

#[cfg(test)]
mod tests {
    use clap::builder::BoolishValueParser;
    use secrecy::SecretString;

    use super::*;
    use crate::config::Settings;

    fn find<'a>(settings: &'a SettingsInForce, name: &str) -> &'a Setting {
        settings.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("{name} in {settings:?}"))
    }

    /// What somebody may add later, without a thought of who sees it.
    #[derive(Args)]
    struct Later {
        /// A text
        ///
        /// And more of it.
        #[arg(long, env = "LATER_TEXT")]
        text: Option<String>,
        /// A URL, which may have a password in it
        #[arg(long, env = "LATER_URL", default_value = "https://example.org")]
        url: String,
        /// A number that is one
        #[arg(long, env = "ADMIN_PIN")]
        pin: Option<u32>,
        /// A type of its own
        #[arg(long, env = "LATER_SECRET", value_parser = realmgate_platform::config::secret)]
        secret: Option<SecretString>,
        /// A path that is none
        #[arg(long, env = "SIGNING_KEY")]
        key: Option<PathBuf>,
        /// A number whose value is not to be shown
        #[arg(long, env = "LATER_HIDDEN", hide_env_values = true)]
        hidden: Option<u16>,
        /// How many
        #[arg(long, env = "LATER_COUNT", default_value_t = 3)]
        count: u32,
        /// Whether
        #[arg(long, env = "LATER_SWITCH", default_value_t = true, action = clap::ArgAction::Set,
            value_parser = BoolishValueParser::new())]
        switch: bool,
        /// Not for operators
        #[arg(long)]
        own: Option<String>,
    }

    #[test]
    fn a_setting_that_nobody_has_judged_is_hidden() {
        let line = ["text", "url", "pin", "secret", "key", "hidden", "own"].map(|name| format!("--{name}"));
        let line: Vec<&str> = line.iter().flat_map(|flag| [flag.as_str(), "4711"]).collect();
        let settings = SettingsInForce::of_line::<Later>(&line).unwrap();
        assert!(!format!("{settings:?}").contains("4711"), "{settings:?}");
        for name in ["LATER_TEXT", "LATER_URL", "ADMIN_PIN", "LATER_SECRET", "SIGNING_KEY", "LATER_HIDDEN"] {
            let setting = find(&settings, name);
            assert_eq!((setting.is_shown, setting.from), (false, Origin::CommandLine), "{name}");
        }
        assert_eq!(find(&settings, "LATER_TEXT").help, "A text", "one line");
        for (name, value) in [("LATER_COUNT", "3"), ("LATER_SWITCH", "true")] {
            let setting = find(&settings, name);
            assert_eq!((setting.value.as_deref(), setting.from), (Some(value), Origin::Default), "{name}");
        }
        assert_eq!(settings.iter().count(), 8, "one without a variable is no setting of operators");
    }

    #[test]
    fn values_are_as_they_were_written() {
        let line = ["--realm-name", "Testland", "--api-addr", "0.0.0.0:80", "--handover-wait-s", "7"];
        let line = [&line[..], &["--mail-url", "smtps://u:hunter2@mail.example", "--redis-url", ""]].concat();
        let settings = SettingsInForce::of_line::<Settings>(&line).unwrap();
        for (name, value) in [("REALM_NAME", "Testland"), ("API_ADDR", "0.0.0.0:80"), ("HANDOVER_WAIT_S", "7")] {
            let setting = find(&settings, name);
            assert_eq!((setting.value.as_deref(), setting.from), (Some(value), Origin::CommandLine), "{name}");
        }
        assert_eq!(find(&settings, "GATEWAY_ADDR").from, Origin::Default);
        assert_eq!(find(&settings, "ACCESS_TOKEN_SECONDS").value.as_deref(), Some("900"));
        assert_eq!((find(&settings, "TLS_KEY_FILE").is_shown, &find(&settings, "TLS_KEY_FILE").value), (true, &None));
        assert_eq!(find(&settings, "MAIL_URL").from, Origin::CommandLine);
        assert_eq!(find(&settings, "REDIS_URL").from, Origin::Default, "an empty one is none");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(settings.iter().all(|setting| !setting.help.is_empty()), "each says what it is for");
    }

    #[test]
    fn of_the_sidecars_own_settings_the_secrets_are_hidden_and_nothing_else() {
        let settings = SettingsInForce::of_line::<Settings>(&[]).unwrap();
        let hidden: Vec<&str> =
            settings.iter().filter(|setting| !setting.is_shown).map(|setting| setting.name.as_str()).collect();
        let secrets = [
            "DATABASE_URL",
            "REDIS_URL",
            "JWT_SECRET",
            "TICKET_KEY",
            "SERVICE_TOKEN",
            "SECRETS_COMMAND",
            "MAIL_URL",
            "SERVER_MANAGER_SET",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "SENTRY_DSN",
        ];
        assert_eq!(hidden, secrets);
    }
}
