//! The long runs and what people start by hand, in one program: `cargo xtask` starts each.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

mod attack;
mod browser;
mod chaos;
mod conditioner;
mod feel;
mod godot;
mod load;
mod soak;

use std::process::ExitCode;

use clap::Parser;

/// Long runs against real servers
#[derive(Debug, Parser)]
#[command(name = "runs")]
enum Run {
    Attack(attack::Arguments),
    Browser(browser::Arguments),
    Chaos(chaos::Arguments),
    Conditioner(conditioner::Arguments),
    Feel(feel::Arguments),
    Godot(godot::Arguments),
    Load(load::Arguments),
    Soak(soak::Arguments),
}

fn main() -> ExitCode {
    realmgate_services::reaper::serve_if_asked();
    let run = Run::parse();
    // Its players have threads of their own, and no runtime between them and their sockets.
    if let Run::Load(arguments) = &run {
        return load::main(arguments);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        match run {
            Run::Attack(arguments) => attack::main(arguments).await,
            Run::Browser(arguments) => browser::main(arguments).await,
            Run::Chaos(arguments) => chaos::main(arguments).await,
            Run::Conditioner(arguments) => conditioner::main(arguments).await,
            Run::Feel(arguments) => feel::main(arguments).await,
            Run::Godot(arguments) => godot::main(arguments).await,
            Run::Load(arguments) => load::main(&arguments),
            Run::Soak(arguments) => soak::main(arguments).await,
        }
    })
}
