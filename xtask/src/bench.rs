//! Builds what a bench measures, and starts the bench.

use anyhow::Result;

use crate::workspace::Workspace;

/// The packages whose programs are measured, or play.
const PACKAGES: [&str; 3] = ["realmgate-sidecar", "realmgate-server", "realmgate-client"];

/// Measures these parts of the sidecar's services, or all of them, built in this profile.
pub fn services(workspace: &Workspace, profile: &str, quick: bool, only: &[String]) -> Result<()> {
    let mut build = vec!["build", "--bins", "--profile", profile];
    for package in PACKAGES {
        build.extend(["--package", package]);
    }
    workspace.run("cargo", &build)?;
    let mut bench = vec!["bench", "--package", "realmgate-tests", "--bench", "services", "--profile", profile, "--"];
    let only = only.join(",");
    if quick {
        bench.push("--quick");
    }
    if !only.is_empty() {
        bench.extend(["--only", &only]);
    }
    workspace.run("cargo", &bench)
}
