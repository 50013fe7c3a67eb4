//! The steps of `cargo xtask lint` and `cargo xtask ci`, cheapest first.

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::step::{Missing, Step, Tool, run_all};
use crate::workspace::Workspace;
use crate::workspaces::{ART, Beside};
use crate::{attack, bundle, features, long, packages, schema, schemathesis, tidy};

static STEPS: [Step; 12] = [
    Step {
        name: "rustfmt",
        fix: "cargo fmt --all, and the same with --manifest-path clients/godot/Cargo.toml",
        needs: None,
        run: |workspace| {
            workspace.run("cargo", &["fmt", "--all", "--", "--check"])?;
            // A workspace of its own; the rest of what is checked of it is in `cargo xtask godot`.
            workspace.run("cargo", &["fmt", "--manifest-path", "clients/godot/Cargo.toml", "--", "--check"])
        },
    },
    Step {
        name: "tidy",
        fix: "each line above says what to do; `cargo xtask tidy` runs this step alone",
        needs: None,
        run: |workspace| tidy::run(&workspace.root),
    },
    Step {
        name: "typos",
        fix: "typos --write-changes (add correct words to typos.toml)",
        needs: Some(Tool { probe: ("typos", &["--version"]), install: "pip install typos", on_ci: Missing::Fails }),
        run: |workspace| workspace.run("typos", &[]),
    },
    Step {
        name: "oxlint",
        fix: "oxlint --fix fixes some; the rules are in .oxlintrc.json",
        needs: Some(Tool {
            probe: ("oxlint", &["--version"]),
            install: "tests/node/install.sh, with ~/.cache/realmgate-tools/bin on the PATH",
            on_ci: Missing::Fails,
        }),
        run: |workspace| workspace.run("oxlint", &["clients", "protocol"]),
    },
    Step { name: "bundle", fix: "cargo xtask bundle", needs: Some(bundle::TOOL), run: bundle::check },
    Step {
        name: "deny",
        fix: "cargo deny check bans licenses sources (the rules and their reasons are in deny.toml)",
        needs: Some(Tool {
            probe: ("cargo-deny", &["--version"]),
            install: "cargo install cargo-deny --locked",
            on_ci: Missing::Fails,
        }),
        run: |workspace| {
            let checks = ["check", "--hide-inclusion-graph", "--allow", "duplicate", "bans", "licenses", "sources"];
            workspace.run("cargo-deny", &checks)?;
            // Each with a deny.toml of its own, for what it must not reach by any way.
            ["protocol/Cargo.toml", "engine/Cargo.toml"].into_iter().try_for_each(|manifest| {
                let checks = ["--manifest-path", manifest, "check", "--hide-inclusion-graph", "bans"];
                workspace.run("cargo-deny", &checks)
            })
        },
    },
    Step {
        name: "advisories",
        fix: "cargo deny check advisories: update the crate, or say in deny.toml why it may stay, with the date",
        needs: Some(Tool {
            probe: ("cargo-deny", &["fetch", "db"]),
            install: "cargo install cargo-deny --locked, and a network that reaches github.com/rustsec/advisory-db",
            on_ci: Missing::IsSkipped,
        }),
        run: |workspace| workspace.run("cargo-deny", &["check", "--hide-inclusion-graph", "advisories"]),
    },
    Step {
        name: "packages",
        fix: "each line above names the file; `cargo xtask packages` runs this step alone",
        needs: Some(packages::TOOL),
        run: packages::check,
    },
    Step {
        name: "clippy",
        fix: "cargo clippy --workspace --all-targets --fix; for a long test the same with --test NAME",
        needs: None,
        run: |workspace| {
            workspace.run("cargo", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
            long::clippy(workspace)
        },
    },
    Step {
        name: "workspaces",
        fix: "cargo check --manifest-path FOLDER/Cargo.toml, for fuzz, art and clients/godot",
        needs: None,
        run: |workspace| {
            Beside::all().into_iter().try_for_each(|beside| beside.check_lock(workspace))?;
            // The others compile for minutes the first time: `cargo xtask long` has them.
            ART.check(workspace)
        },
    },
    Step { name: "features", fix: "cargo xtask features", needs: None, run: features::check },
    Step { name: "generated", fix: "cargo xtask schema", needs: None, run: schema::check },
];

static TEST: Step = Step {
    name: "test",
    fix: "cargo test --workspace",
    needs: None,
    // All failures at once: a run takes long.
    run: |workspace| workspace.run("cargo", &["test", "--workspace", "--no-fail-fast"]),
};

static LONG: Step = Step { name: "long", fix: "cargo xtask long", needs: None, run: long::run };

static SCHEMATHESIS: Step = Step {
    name: "schemathesis",
    fix: "cargo xtask schemathesis; a finding is a fault of a route or of its documentation",
    needs: Some(Tool {
        probe: ("python3", &["-m", "pip", "--version"]),
        install: "apt-get install python3-pip",
        on_ci: Missing::Fails,
    }),
    run: |workspace| schemathesis::run(workspace, &schemathesis::Hunt::default()),
};

static ATTACK: Step = Step {
    name: "attack",
    fix: "cargo xtask attack --minutes 2; it lists honest requests that failed and hostile ones that succeeded",
    needs: None,
    run: attack::run_briefly,
};

/// What `--only` accepts.
pub fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

/// Runs the steps named in `only`, or all of them when it is empty; and all tests, when `with_tests`.
pub fn run(workspace: &Workspace, only: &[String], with_tests: bool) -> Result<()> {
    let wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let mut steps: Vec<&Step> = STEPS.iter().filter(wanted).collect();
    if with_tests {
        steps.extend([&TEST, &LONG, &SCHEMATHESIS, &ATTACK]);
    }
    run_all(workspace, &steps)
}
