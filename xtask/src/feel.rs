//! What players see: `cargo xtask feel`, behind bad lines; `cargo xtask conditioner`, such a line for people; and `cargo xtask
//! browser`, the page.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::godot;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Use debug builds instead of release builds
    #[arg(long)]
    debug: bool,
    /// Options of the program; see -- --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The same, for what may need a Godot.
#[derive(Args)]
pub struct Measuring {
    /// Where tools are kept
    #[arg(long, env = "XDG_CACHE_HOME", hide = true)]
    cache: Option<PathBuf>,
    #[command(flatten)]
    arguments: Arguments,
}

/// Measures how play feels; what it prints is its own. Who plays with Godot gets one, and its extension.
pub fn measure(workspace: &Workspace, measuring: &Measuring) -> Result<()> {
    let Arguments { debug, rest } = &measuring.arguments;
    let rest = with_godot(rest, || godot::ready(workspace, measuring.cache.as_deref(), !debug))?;
    workspace.long_run("feel", *debug, &rest)
}

/// These arguments, and a Godot that is got where one is asked for and none is given.
fn with_godot(rest: &[String], get: impl FnOnce() -> Result<PathBuf>) -> Result<Vec<String>> {
    let mut rest = rest.to_vec();
    if plays_in_godot(&rest) {
        rest.extend(["--godot".to_owned(), get()?.display().to_string()]);
    }
    Ok(rest)
}

/// Whether a Godot is asked for, and none is given.
fn plays_in_godot(rest: &[String]) -> bool {
    let asked = |argument: &[String]| argument == ["--core", "godot"];
    let is_asked = rest.windows(2).any(asked) || rest.iter().any(|argument| argument == "--core=godot");
    is_asked && !rest.iter().any(|argument| argument.starts_with("--godot"))
}

/// Stands between clients and a server until it is ended.
pub fn condition(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.long_run("conditioner", arguments.debug, &arguments.rest)
}

/// Plays the page in a browser.
pub fn browse(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.long_run("browser", arguments.debug, &arguments.rest)
}

#[cfg(test)]
mod tests {
    use super::with_godot;

    #[test]
    fn a_godot_is_got_where_one_is_asked_for_and_none_is_given() {
        let after = |words: &str| {
            let rest: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let mut is_got = false;
            let get = || {
                is_got = true;
                Ok("/cache/godot".into())
            };
            let rest = with_godot(&rest, get).unwrap();
            (rest.join(" "), is_got)
        };
        for asked in ["--line 100ms --core godot", "--core=godot"] {
            assert_eq!(after(asked), (format!("{asked} --godot /cache/godot"), true));
        }
        for other in ["--core godot --godot /usr/bin/godot4", "--core=godot --godot=/godot4", "--core js --line lan"] {
            assert_eq!(after(other), (other.to_owned(), false));
        }
    }
}
