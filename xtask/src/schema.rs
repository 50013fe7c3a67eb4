//! Files that are generated from the code and checked in, so that readers in other languages find them and every
//! change of them shows as a diff.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binaries::{Binaries, output};
use crate::dashboard;
use crate::generated::{self, Owned};
use crate::javascript;
use crate::workspace::Workspace;

/// What readers in other languages are made from.
pub const PROTOCOL: &str = "docs/protocol.json";
const OPENAPI: &str = "docs/openapi.json";
const COMMUNITY: &str = "docs/community-openapi.json";
/// The schema of `services.toml`.
const SERVICES: &str = "docs/services.schema.json";
/// A schema with no type behind it any more is stale.
const OWNED: [Owned; 1] = [("assets/schema", ".schema.json")];

/// Brings every generated file up to date.
pub fn write(workspace: &Workspace) -> Result<()> {
    generated::write(&workspace.root, generate(workspace)?.path(), &OWNED)
}

/// Fails when a generated file is not what the code would write now.
pub fn check(workspace: &Workspace) -> Result<()> {
    generated::check(&workspace.root, generate(workspace)?.path(), &OWNED, "cargo xtask schema")
}

/// A folder with every generated file in it, at its path from the root.
fn generate(workspace: &Workspace) -> Result<tempfile::TempDir> {
    let binaries = Binaries::build(workspace)?;
    let fresh = tempfile::tempdir()?;
    let out = fresh.path();
    output(workspace.command(binaries.path("start_server")?).args(["--schema", "--out"]).arg(out))?;
    ensure!(out.join(PROTOCOL).is_file(), "`start_server --schema --out DIR` wrote no DIR/{PROTOCOL}");
    let documents =
        [(OPENAPI, &["openapi"][..]), (COMMUNITY, &["openapi", "--community"]), (SERVICES, &["door", "--schema"])];
    for (path, which) in documents {
        let document = output(workspace.command(binaries.path("sidecar")?).args(which))?;
        let is_json = || format!("`sidecar {}` did not print a JSON document", which.join(" "));
        serde_json::from_slice::<Value>(&document).with_context(is_json)?;
        fs::write(out.join(path), document)?;
    }
    put(out, dashboard::PATH, &dashboard::text())?;
    let (tables, types) = javascript::generate(&fs::read_to_string(out.join(PROTOCOL))?)?;
    put(out, javascript::TABLES, &tables)?;
    put(out, javascript::TYPES, &types)?;
    Ok(fresh)
}

/// Writes a file at its path from the root.
fn put(out: &Path, path: &str, text: &str) -> Result<()> {
    let file = out.join(path);
    fs::create_dir_all(file.parent().unwrap_or(out))?;
    Ok(fs::write(file, text)?)
}
