//! The last part of `cargo xtask schemathesis`: are the documents valid OpenAPI 3.1, and do clients work that generators have made?
//!
//! The client in Python needs Python alone. The one in JavaScript needs Java, Node and npm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::tools;
use crate::workspace::Workspace;

/// What is installed, every version pinned.
const REQUIREMENTS: &str = "xtask/openapi.txt";
/// The calls of the client in Python.
const PYTHON_CALLS: &str = "xtask/generated_client.py";
/// What makes the client in JavaScript, pinned too.
const GENERATOR: &str = "xtask/openapi_generator.txt";
/// The calls of the client in JavaScript.
const JAVASCRIPT_CALLS: &str = "xtask/generated_client.mjs";
/// Without these there is no client in JavaScript.
const JAVASCRIPT_NEEDS: [&str; 3] = ["java", "node", "npm"];

/// Validates documents, makes clients of the community's, and has them call a server.
pub struct GeneratedClient<'a> {
    /// The repository.
    pub workspace: &'a Workspace,
    /// Where tools are kept, if not in the user's cache.
    pub cache: Option<&'a Path>,
    /// Documents to validate.
    pub documents: [&'a Path; 2],
    /// The one of which the client is made.
    pub community: &'a Path,
    /// A folder for the clients.
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
        std::fs::create_dir_all(self.clients())?;
        self.python(&tool)?;
        match JAVASCRIPT_NEEDS.iter().find(|program| !self.workspace.answers(program, &["--version"])) {
            None => self.javascript(),
            Some(missing) => {
                ensure!(!self.workspace.ci, "{missing} is not installed: the client in JavaScript needs it");
                println!("generated client: the one in JavaScript is skipped, {missing} is not installed");
                Ok(())
            }
        }
    }

    fn clients(&self) -> PathBuf {
        self.home.join("clients")
    }

    fn python(&self, tool: &Path) -> Result<()> {
        println!("generated client: in Python, made of {}", self.community.display());
        // Nobody reads the client: it is not formatted.
        let config = self.home.join("openapi-python-client.yml");
        std::fs::write(&config, "post_hooks: []\n")?;
        let mut generate = python(tool);
        generate.args(["-m", "openapi_python_client", "generate", "--meta", "none", "--path"]).arg(self.community);
        generate.arg("--config").arg(config);
        succeed(generate.arg("--output-path").arg(self.clients().join("realm")))?;
        let script = self.workspace.root.join(PYTHON_CALLS);
        succeed(python(tool).arg(script).arg(self.clients()).arg(self.url()))
    }

    fn javascript(&self) -> Result<()> {
        println!("generated client: in JavaScript, made of {}", self.community.display());
        let tools = tools::folder(self.cache)?;
        let generator = tools.join("openapi-generator");
        tools::install_python(self.workspace, GENERATOR, &generator)?;
        succeed(&mut Command::new(self.workspace.root.join("tests/node/install.sh")))?;
        let client = self.clients().join("javascript");
        let mut generate = Command::new("java");
        generate.arg("-jar").arg(generator.join("openapi_generator_cli/openapi-generator.jar"));
        generate.args(["generate", "--generator-name", "javascript", "--additional-properties", "usePromises=true"]);
        generate.arg("--input-spec").arg(self.community).arg("--output").arg(&client);
        // A line for each of some 200 files.
        succeed(generate.stdout(Stdio::null()))?;
        // The modules import each other without extensions, which bundlers alone resolve.
        let (modules, calls) = (tools.join("node/node_modules"), self.clients().join("calls.cjs"));
        let mut bundle = Command::new(modules.join(".bin/esbuild"));
        bundle.arg(self.workspace.root.join(JAVASCRIPT_CALLS)).env("NODE_PATH", &modules);
        bundle.args(["--bundle", "--platform=node", "--log-level=warning"]);
        bundle.arg(format!("--alias:realm={}", client.join("src/index.js").display()));
        succeed(bundle.arg(format!("--outfile={}", calls.display())))?;
        succeed(Command::new("node").arg(calls).arg(self.url()))
    }

    fn url(&self) -> String {
        format!("http://{}", self.api)
    }
}

/// Python with the packages.
fn python(tool: &Path) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", tool);
    python
}

fn succeed(command: &mut Command) -> Result<()> {
    let done = command.status().with_context(|| format!("{command:?} did not start"))?;
    ensure!(done.success(), "{command:?} ended with {done}");
    Ok(())
}
