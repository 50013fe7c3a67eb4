//! The sidecar as a standalone process.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use realmgate_platform::clock::Clock;
use realmgate_platform::config::{ConfigError, DatabaseAt, Storage, StoredSecrets};
use realmgate_platform::database::{self, OpenError};
use realmgate_platform::metrics_recorder;
use realmgate_platform::telemetry::{LogLayer, Telemetry};
use realmgate_sidecar::admin::{self, Release};
use realmgate_sidecar::config::{Roles, Settings, SettingsInForce};
use realmgate_sidecar::own_folder::OwnFolder;
use realmgate_sidecar::ready::ReadyFiles;
use realmgate_sidecar::role_logs::{self, LineFormat};
use realmgate_sidecar::service::accounts::fold_username;
use realmgate_sidecar::store::Store;
use realmgate_sidecar::{Sidecar, StartError, http};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Accounts, characters, directory and gateway of a Realmgate world.
#[derive(Parser)]
#[command(name = "sidecar", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Log filter, such as info or info,realmgate_sidecar=debug
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    log: String,
    /// Format of log lines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// Plain text for people.
    Text,
    /// JSON for log collectors.
    Json,
}

#[derive(Subcommand)]
enum Verb {
    /// Run until SIGTERM or Ctrl-C
    Serve(Box<Serve>),
    /// Migrate the database's tables to this version
    Migrate(Storage),
    /// Print the OpenAPI document
    Openapi {
        /// Print the document of the community's routes, below /api/v1
        #[arg(long)]
        community: bool,
    },
    /// Check the services behind the door; `serve` with the role door serves them
    Door(DoorCommand),
    /// Audit all items and gold, print the report as JSON, and exit with 1 if there are faults
    Audit(Storage),
    /// Manage accounts and locks
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(clap::Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Port of API_ADDR, under another name
    #[arg(long, env = "PORT")]
    port: Option<u16>,
    /// Port of DIRECTORY_ADDR, under another name
    #[arg(long, env = "WORLD_DIRECTORY_PORT")]
    world_directory_port: Option<u16>,
    /// Port of GATEWAY_ADDR, under another name
    #[arg(long, env = "GATEWAY_PORT")]
    gateway_port: Option<u16>,
    /// Roles of this process, comma separated: api, directory, gateway, community, door
    #[arg(long, env = "ROLES", default_value_t = Roles::ALL)]
    roles: Roles,
    /// Accepted and ignored: the gateway and the accounts are one process
    #[arg(long, env = "AUTH_SERVICE_URL")]
    auth_service_url: Option<String>,
    /// Directory of a log per role, auth.log, world.log and gateway.log, besides the log on stderr [default: none]
    #[arg(long, env = "ROLE_LOGS_DIR")]
    role_logs_dir: Option<PathBuf>,
    /// Path of a second ready file, besides DATA_DIR/sidecar/ready.json
    #[arg(long, env = "READY_FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(clap::Args)]
struct DoorCommand {
    /// Check the file, and exit with 2 if it has faults
    #[arg(long, required_unless_present = "schema")]
    check: bool,
    /// Print the JSON schema of the file
    #[arg(long, conflicts_with = "check")]
    schema: bool,
    /// File of the services
    #[arg(long, env = "SERVICES_FILE", default_value = "services.toml")]
    services_file: PathBuf,
}

#[derive(Subcommand)]
enum Admin {
    /// Make an account an administrator, by user name or id
    Grant {
        /// The account's user name or id
        name: String,
        #[command(flatten)]
        storage: Storage,
    },
    /// List all held character locks: character, name, account, owner, epoch, and since when (Unix ms)
    Locks(Storage),
    /// Release a character's lock: later writes of its former owner are refused
    Release {
        /// The character's id or name
        character: String,
        #[command(flatten)]
        storage: Storage,
    },
}

/// An error that ends the process, with its exit code.
struct Failure {
    code: u8,
    message: String,
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { code: 1, message: format!("{error:#}") }
    }
}

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Verb::Serve(serve) = &mut cli.verb {
        serve.settings.in_force = SettingsInForce::read(Cli::command(), &matches);
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // The log may be in JSON or filtered; this line is for the person who typed the command.
            let _ = writeln!(std::io::stderr(), "sidecar: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(mut cli: Cli) -> Result<(), Failure> {
    let secrets = match &mut cli.verb {
        Verb::Serve(serve) => serve.settings.fill_secrets()?,
        _ => StoredSecrets::default(),
    };
    let opened = match &cli.verb {
        Verb::Serve(serve) => Some(Telemetry::open(serve.settings.telemetry("sidecar")?)?),
        _ => None,
    };
    let (layers, telemetry) = opened.unzip();
    let mut layers = layers.unwrap_or_default();
    if let Verb::Serve(serve) = &cli.verb {
        layers.extend(role_logs(serve, &cli.log, cli.log_format)?);
    }
    start_log(&cli.log, cli.log_format, layers)?;
    secrets.log();
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from)?;
    runtime.block_on(async {
        let delivery = telemetry.map(Telemetry::deliver);
        let outcome = match cli.verb {
            Verb::Serve(serve) => run_serve(*serve).await,
            Verb::Migrate(storage) => migrate(&storage).await,
            Verb::Openapi { community } => print_openapi(community),
            Verb::Door(DoorCommand { schema: true, .. }) => print_services_schema(),
            Verb::Door(DoorCommand { services_file, .. }) => check_services(&services_file),
            Verb::Audit(storage) => audit(&storage).await,
            Verb::Admin(Admin::Grant { name, storage }) => grant(&name, &storage).await,
            Verb::Admin(Admin::Locks(storage)) => print_locks(&storage).await,
            Verb::Admin(Admin::Release { character, storage }) => release(&character, &storage).await,
        };
        if let Some(delivery) = delivery {
            delivery.close().await;
        }
        outcome
    })
}

/// The layers of `ROLE_LOGS_DIR`.
fn role_logs(serve: &Serve, filter: &str, format: LogFormat) -> Result<Vec<LogLayer>, ConfigError> {
    let Some(folder) = &serve.role_logs_dir else { return Ok(Vec::new()) };
    let format = match format {
        LogFormat::Text => LineFormat::Text,
        LogFormat::Json => LineFormat::Json,
    };
    read_filter(filter)?;
    role_logs::layers(folder, filter, format)
        .map_err(|error| ConfigError::new("ROLE_LOGS_DIR", format!("{}: {error}", folder.display())))
}

fn read_filter(filter: &str) -> Result<EnvFilter, ConfigError> {
    filter.parse().map_err(|error| ConfigError::new("RUST_LOG", format!("{error}")))
}

/// Starts the log. Its filter is for its own lines: `others` choose what they hear by themselves.
fn start_log(filter: &str, format: LogFormat, mut others: Vec<LogLayer>) -> Result<(), ConfigError> {
    let filter = read_filter(filter)?;
    // Its own errors would go to stderr, where this log goes too, and panic if stderr is full.
    let lines = fmt::layer().log_internal_errors(false).with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => lines.with_ansi(false).json().with_filter(filter).boxed(),
    };
    others.push(lines);
    tracing_subscriber::registry().with(others).init();
    Ok(())
}

async fn run_serve(serve: Serve) -> Result<(), Failure> {
    let mut settings = serve.settings;
    if let Some(port) = serve.port {
        settings.api_addr.set_port(port);
    }
    if let Some(port) = serve.world_directory_port {
        settings.directory_addr.set_port(port);
    }
    if let Some(port) = serve.gateway_port {
        settings.gateway_addr.set_port(port);
    }
    let mut config = settings.resolve()?.with_roles(serve.roles)?;
    // Several sidecars may share the database, and the older ones keep running while the newer ones start.
    config.database.migrate = false;
    let metrics = metrics_recorder::install().map_err(anyhow::Error::from)?;
    // Registered before the ready file appears, so that a process that waits for the file can stop us at once.
    let mut ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()]
        .map(signal)
        .into_iter()
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(anyhow::Error::from)?;
    // Recipes of logrotate send it, and it would end a process that does not handle it.
    drop(signal(SignalKind::user_defined1()).map_err(anyhow::Error::from)?);

    // Ready files of a sidecar that already runs here are not ours to remove. The start below reports that it runs.
    let is_free = OwnFolder::lock(&config.data_dir, &config.gateway.id).map_err(anyhow::Error::from)?.is_some();
    let ready_files = [Some(config.data_dir.join("sidecar/ready.json")), serve.ready_file];
    let ready_files: Vec<PathBuf> = ready_files.into_iter().flatten().collect();
    if is_free {
        ReadyFiles::forget(&ready_files)
            .map_err(|error| anyhow::Error::from(error).context("cannot remove a stale ready file"))?;
    }
    let running = Sidecar::start(config, Some(metrics)).await?;
    let ready = ReadyFiles::write(ready_files, running.addrs(), serve.roles, running.administrator_code());
    if let Some(code) = running.administrator_code() {
        // Not in the log, which others may read. Where stdout is closed, it is in the ready file.
        let _ = writeln!(
            std::io::stdout(),
            "This realm has no administrator. Log in at /admin with this code to become it: {code}"
        );
    }
    let outcome = match ready {
        Ok(ready) => {
            tracing::info!("ready");
            let received = ends.iter_mut().map(|end| Box::pin(end.recv()));
            futures_util::future::select_all(received).await;
            drop(ready);
            Ok(())
        }
        Err(error) => Err(anyhow::Error::from(error).context("cannot write the ready file").into()),
    };
    running.shutdown().await;
    outcome
}

async fn migrate(storage: &Storage) -> Result<(), Failure> {
    let at = storage.database()?.at;
    if let DatabaseAt::Sqlite(file) = &at
        && let Some(folder) = file.parent()
    {
        std::fs::create_dir_all(folder)
            .map_err(|error| anyhow::Error::from(error).context(format!("database {at}")))?;
    }
    database::migrate(&at).await.map_err(|error| cannot_open(&at, error))
}

/// Opens the database for commands that inspect a world. A missing one is an error: it would be created empty, and
/// audited without a fault.
async fn open_existing(storage: &Storage) -> Result<Store, Failure> {
    let mut config = storage.database()?;
    config.migrate = false;
    if let DatabaseAt::Sqlite(file) = &config.at
        && !file.is_file()
    {
        return Err(Failure { code: 2, message: format!("there is no database at {} (DATA_DIR)", file.display()) });
    }
    Store::open(&config, Clock::system()).await.map_err(|error| cannot_open(&config.at, error))
}

fn cannot_open(at: &DatabaseAt, source: OpenError) -> Failure {
    StartError::Database { database: at.to_string(), source }.into()
}

fn print_openapi(community: bool) -> Result<(), Failure> {
    let document = if community { realmgate_community::http::document() } else { http::document() };
    let text = document.to_pretty_json().map_err(anyhow::Error::from)?;
    Ok(writeln!(std::io::stdout(), "{text}").map_err(anyhow::Error::from)?)
}

fn check_services(file: &Path) -> Result<(), Failure> {
    let summary = realmgate_door::dictionary::check(file)
        .map_err(|faults| Failure { code: 2, message: format!("the services have faults\n{faults}") })?;
    Ok(writeln!(std::io::stdout(), "{summary}").map_err(anyhow::Error::from)?)
}

fn print_services_schema() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&realmgate_door::dictionary::schema()).map_err(anyhow::Error::from)?;
    Ok(writeln!(std::io::stdout(), "{text}").map_err(anyhow::Error::from)?)
}

async fn audit(storage: &Storage) -> Result<(), Failure> {
    let report = open_existing(storage).await?.ledger.audit().await.map_err(anyhow::Error::from)?;
    let text = serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)?;
    writeln!(std::io::stdout(), "{text}").map_err(anyhow::Error::from)?;
    match report.faults.len() {
        0 => Ok(()),
        faults => Err(Failure { code: 1, message: format!("{faults} faults in the ledger") }),
    }
}

async fn grant(name: &str, storage: &Storage) -> Result<(), Failure> {
    let store = open_existing(storage).await?;
    let granted = store.accounts.set_role(&fold_username(name), "admin").await.map_err(anyhow::Error::from)?;
    if granted {
        tracing::info!(name, "the account is an administrator");
        Ok(())
    } else {
        Err(Failure { code: 2, message: format!("there is no account `{name}`") })
    }
}

async fn print_locks(storage: &Storage) -> Result<(), Failure> {
    let store = open_existing(storage).await?;
    for held in admin::locks(&store).await.map_err(anyhow::Error::from)? {
        writeln!(std::io::stdout(), "{held}").map_err(anyhow::Error::from)?;
    }
    Ok(())
}

async fn release(character: &str, storage: &Storage) -> Result<(), Failure> {
    let store = open_existing(storage).await?;
    let now_ms = Clock::system().now_ms();
    match admin::release(&store, character, now_ms).await.map_err(anyhow::Error::from)? {
        Release::Fenced(owner) => tracing::warn!(character, owner, "lock released: its owner is fenced"),
        Release::Free => tracing::info!(character, "the lock was already free"),
        Release::Unknown => return Err(Failure { code: 2, message: format!("there is no character `{character}`") }),
        Release::Raced => {
            return Err(Failure {
                code: 1,
                message: format!("the lock of `{character}` has changed meanwhile: try again"),
            });
        }
    }
    Ok(())
}
