//! Nothing but dependencies: the crates from outside whose features would differ between `cargo test --workspace` and
//! `cargo test -p NAME`, each with the features that all packages together ask for. Every package that has tests depends
//! on it for them, so that testing one package compiles nothing a second time. `cargo xtask features` writes the
//! manifest; see docs/decisions/0028-fast-tests.md.
