//! Settings for the cost of password hashing.

use std::num::NonZeroU8;

use super::at_least_one;
use super::defaults::defaults;

/// Threads, memory and queue of password hashing: flags and environment variables, and what they come to.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PasswordHashing {
    /// Logins and registrations that may wait for a password hash; more are refused with 503
    #[arg(long = "password-queue", env = "PASSWORD_QUEUE", id = "password_queue", value_name = "COUNT", default_value_t = 128,
        value_parser = at_least_one())]
    pub queue: u32,
    /// Threads that hash passwords [default: half of the cores, at most 4]
    #[arg(long = "password-threads", env = "PASSWORD_THREADS", id = "password_threads", value_name = "COUNT")]
    pub threads: Option<NonZeroU8>,
    /// MiB of memory for a password hash: 19 (two passes), 12 (three), 9 (four) or 7 (five), equally hard to guess
    #[arg(
        long = "password-memory-mib",
        env = "PASSWORD_MEMORY_MIB",
        id = "password_memory",
        value_enum,
        default_value_t,
        value_name = "MIB",
        hide_possible_values = true
    )]
    pub memory: PasswordMemory,
    /// Whether a world is simulated in this process, which is not to be disturbed. The program says so, not a setting.
    #[arg(skip)]
    pub beside_world: bool,
}

impl Default for PasswordHashing {
    fn default() -> Self {
        defaults()
    }
}

/// Memory of argon2id, and with it the passes: what OWASP's cheat sheet on password storage names as equally strong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PasswordMemory {
    /// 19 MiB, 2 passes.
    #[default]
    #[value(name = "19")]
    Mib19,
    /// 12 MiB, 3 passes.
    #[value(name = "12")]
    Mib12,
    /// 9 MiB, 4 passes.
    #[value(name = "9")]
    Mib9,
    /// 7 MiB, 5 passes.
    #[value(name = "7")]
    Mib7,
}

impl PasswordMemory {
    /// The memory in KiB.
    pub fn kib(self) -> u32 {
        let mib = match self {
            Self::Mib19 => 19,
            Self::Mib12 => 12,
            Self::Mib9 => 9,
            Self::Mib7 => 7,
        };
        mib * 1_024
    }

    /// The number of passes over the memory.
    pub fn passes(self) -> u32 {
        match self {
            Self::Mib19 => 2,
            Self::Mib12 => 3,
            Self::Mib9 => 4,
            Self::Mib7 => 5,
        }
    }
}
