//! `cargo xtask schemathesis`: property tests of the HTTP routes, made from openapi.json, against a real sidecar.
//!
//! Then clients that generators have made of the documents make calls. No answer may be a 5xx, have a status that the document does not name, or a body of another form than it says.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::binaries::{Binaries, output};
use crate::generated_client::GeneratedClient;
use crate::tools;
use crate::workspace::Workspace;

/// What is installed, every version pinned.
const REQUIREMENTS: &str = "xtask/schemathesis.txt";
/// How answers are judged.
const CONFIGURATION: &str = "xtask/schemathesis.toml";
/// How long the sidecar may take to come up: this often, a tenth of a second each.
const LOOKS: u32 = 300;
/// Limits that would stand in the way of thousands of calls from one place.
const RAISED: [&str; 4] =
    ["CALLS_PER_MIN", "REGISTRATIONS_PER_MIN", "LOOPBACK_REGISTRATIONS_PER_MIN", "FAILED_LOGINS_PER_MIN"];

/// How long and how it looks.
#[derive(Args)]
pub struct Hunt {
    /// Random seed; the same seed gives the same requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Random requests per route, besides those for boundary values
    #[arg(long, default_value_t = 100)]
    examples: u32,
    /// Where tools are kept
    #[arg(long, env = "XDG_CACHE_HOME", hide = true)]
    cache: Option<PathBuf>,
}

impl Default for Hunt {
    fn default() -> Self {
        Self { seed: 1, examples: 100, cache: None }
    }
}

/// By which other accounts one may log in there. Nobody answers at those addresses.
const PROVIDERS: &str = include_str!("../../tests/src/attack/providers.toml");

/// A run of schemathesis: against which listener, as whom, and which routes.
struct Part<'a> {
    name: &'static str,
    document: &'a Path,
    address: &'a str,
    token: &'a str,
    filter: &'static [&'static str],
}

/// Installs schemathesis if need be, starts a sidecar and asks it everything.
pub fn run(workspace: &Workspace, hunt: &Hunt) -> Result<()> {
    let tool = Tool(tools::folder(hunt.cache.as_deref())?.join("schemathesis"));
    tools::install_python(workspace, REQUIREMENTS, &tool.0)?;
    let binaries = Binaries::build(workspace)?;
    let sidecar = Sidecar::start(workspace, binaries.path("sidecar")?)?;
    let document = sidecar.home.path().join("openapi.json");
    fs::write(&document, output(workspace.command(binaries.path("sidecar")?).arg("openapi"))?)?;
    let community = sidecar.home.path().join("community-openapi.json");
    fs::write(&community, output(workspace.command(binaries.path("sidecar")?).args(["openapi", "--community"]))?)?;

    // The first is the administrator.
    let admin = register(&sidecar.api, "admin")?;
    let (user, leaver) = (register(&sidecar.api, "asker")?, register(&sidecar.api, "leaver")?);
    let service = fs::read_to_string(sidecar.home.path().join("data/secrets/service_token"))?;
    // A log-out ends the log-in that the other routes need.
    let api = &[
        "--exclude-tag=directory",
        "--exclude-tag=internal",
        "--exclude-tag=watch",
        "--exclude-path=/auth/logout",
        "--exclude-path-regex=^/api/v1/",
    ];
    let directory = &[
        "--exclude-tag=auth",
        "--exclude-tag=characters",
        "--exclude-tag=watch",
        "--exclude-path-regex=^/(status|openapi.json|api/v1/.*)$",
    ];
    // These end the log-in that the other routes need.
    let community_api = &[
        "--exclude-path=/api/v1/logout",
        "--exclude-path=/api/v1/me/password",
        "--exclude-operation-id=delete_current_user",
    ];
    let parts = [
        Part { name: "players' routes", document: &document, address: &sidecar.api, token: &user, filter: api },
        Part {
            name: "log-out",
            document: &document,
            address: &sidecar.api,
            token: &leaver,
            filter: &["--include-path=/auth/logout"],
        },
        Part {
            name: "spectators' routes",
            document: &document,
            address: &sidecar.api,
            token: &service,
            filter: &["--include-tag=watch"],
        },
        Part {
            name: "servers' routes",
            document: &document,
            address: &sidecar.directory,
            token: &service,
            filter: directory,
        },
        Part {
            name: "administrators' routes of the worlds",
            document: &document,
            address: &sidecar.api,
            token: &admin,
            filter: &["--include-path-regex=^/api/v1/"],
        },
        Part {
            name: "the community's routes",
            document: &community,
            address: &sidecar.api,
            token: &admin,
            filter: community_api,
        },
    ];
    let mut failed = Vec::new();
    for part in &parts {
        println!("schemathesis: {} at {}", part.name, part.address);
        let mut ask = tool.command(&sidecar);
        ask.arg("--config-file")
            .arg(workspace.root.join(CONFIGURATION))
            .arg("--no-color")
            .arg("run")
            .arg(part.document);
        ask.args(["--url", &format!("http://{}", part.address), "--warnings=off", "--suppress-health-check=all"]);
        ask.args(["--header", &format!("Authorization: Bearer {}", part.token)]).args(part.filter);
        ask.args(["--seed", &hunt.seed.to_string(), "--max-examples", &hunt.examples.to_string()]);
        if !ask.status().context("schemathesis did not start")?.success() {
            failed.push(part.name);
        }
    }
    ensure!(failed.is_empty(), "schemathesis found faults in {}", failed.join(", "));
    let client = GeneratedClient {
        workspace,
        cache: hunt.cache.as_deref(),
        documents: [&document, &community],
        community: &community,
        home: sidecar.home.path(),
        api: &sidecar.api,
    };
    client.run()
}

/// Where schemathesis lies.
struct Tool(PathBuf);

impl Tool {
    fn command(&self, sidecar: &Sidecar) -> Command {
        let mut command = Command::new("python3");
        // It leaves files where it is called.
        command.current_dir(sidecar.home.path()).env("PYTHONPATH", &self.0).arg(self.0.join("bin/schemathesis"));
        command
    }
}

/// A sidecar with an empty world, ended with its value.
struct Sidecar {
    process: Child,
    home: tempfile::TempDir,
    api: String,
    directory: String,
}

impl Sidecar {
    fn start(workspace: &Workspace, program: &Path) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let ready = home.path().join("ready.json");
        let log = fs::File::create(home.path().join("log"))?;
        let providers = home.path().join("providers.toml");
        fs::write(&providers, PROVIDERS)?;
        let mut serve = workspace.command(program);
        serve
            .arg("serve")
            .env_clear()
            .env("DATA_DIR", home.path().join("data"))
            .env("READY_FILE", &ready)
            .env("PROVIDERS_FILE", providers);
        for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
            serve.env(listener, "127.0.0.1:0");
        }
        for limit in RAISED {
            serve.env(limit, "1000000");
        }
        let process = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut sidecar = Self { process, home, api: String::new(), directory: String::new() };
        for _ in 0..LOOKS {
            let said = fs::read(&ready).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            if let Some(said) = said {
                let address = |name: &str| said[name].as_str().map(str::to_owned).context("ready.json has no address");
                (sidecar.api, sidecar.directory) = (address("api_addr")?, address("directory_addr")?);
                return Ok(sidecar);
            }
            if sidecar.process.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(sidecar.home.path().join("log")).unwrap_or_default();
        bail!("the sidecar did not come up:\n{log}")
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes an account; its access token.
fn register(address: &str, name: &str) -> Result<String> {
    let body = format!(r#"{{"username": "{name}", "password": "asks for everything"}}"#);
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /auth/register HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let tokens: Value = serde_json::from_str(body).with_context(|| format!("cannot create an account: {answer}"))?;
    Ok(tokens["access_token"].as_str().context("no access token")?.to_owned())
}
