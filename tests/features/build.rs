//! Cargo resolves the dependencies of build scripts where there is a build script.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
