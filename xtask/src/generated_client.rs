//! The last part of `cargo xtask schemathesis`: are the documents valid OpenAPI 3.1, and does a client work that a generator has made?

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tools;
use crate::workspace::Workspace;

/// What is installed, every version pinned.
const REQUIREMENTS: &str = "xtask/openapi.txt";
/// The calls.
const SCRIPT: &str = "xtask/generated_client.py";

/// Validates documents, makes a client of the community's, and has it call a server.
pub struct GeneratedClient<'a> {
    /// The repository.
    pub workspace: &'a Workspace,
    /// Where tools are kept, if not in the user's cache.
    pub cache: Option<&'a Path>,
    /// Documents to validate.
    pub documents: [&'a Path; 2],
    /// The one of which the client is made.
    pub community: &'a Path,
    /// A folder for the client.
    pub home: &'a Path,
    /// The server's address.
    pub api: &'a str,
}

impl GeneratedClient<'_> {
    /// Does all of it.
    pub fn run(&self) -> Result<()> {
        let tool = tools::folder(self.cache)?.join("openapi");
        tools::install_python(self.workspace, REQUIREMENTS, &tool)?;
        println!("generated client: the documents");
        for document in self.documents {
            succeed(python(&tool).args(["-m", "openapi_spec_validator"]).arg(document))?;
        }
        println!("generated client: made of {}", self.community.display());
        let clients = self.home.join("clients");
        std::fs::create_dir_all(&clients)?;
        // Nobody reads the client: it is not formatted.
        let config = self.home.join("openapi-python-client.yml");
        std::fs::write(&config, "post_hooks: []\n")?;
        let mut generate = python(&tool);
        generate.args(["-m", "openapi_python_client", "generate", "--meta", "none", "--path"]).arg(self.community);
        generate.arg("--config").arg(config);
        succeed(generate.arg("--output-path").arg(clients.join("realm")))?;
        let script = self.workspace.root.join(SCRIPT);
        succeed(python(&tool).arg(script).arg(&clients).arg(format!("http://{}", self.api)))
    }
}

/// Python with the packages.
fn python(tool: &Path) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", tool);
    python
}

fn succeed(command: &mut Command) -> Result<()> {
    let done = command.status().context("python3 did not start")?;
    ensure!(done.success(), "{command:?} ended with {done}");
    Ok(())
}
