//! The defaults of settings, as their command line declares them: each is written once.

use clap::builder::Resettable;
use clap::{Args, Command};

/// The defaults of a group of settings. The environment is not read.
///
/// # Panics
/// When a setting of the group has no default and may not be left out.
pub fn defaults<T: Args>() -> T {
    let command = T::augment_args(Command::new("defaults").no_binary_name(true));
    let command = command.mut_args(|arg| arg.env(Resettable::Reset));
    let matches = command.try_get_matches_from([""; 0]).expect("every setting has a default or may be left out");
    T::from_arg_matches(&matches).expect("what clap has matched is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Args, Debug, PartialEq)]
    struct Group {
        // A variable that every machine has.
        #[arg(long, env = "PATH", default_value = "its default")]
        text: String,
        #[arg(long, default_value_t = 7)]
        number: u32,
        #[arg(long)]
        nothing: Option<u32>,
    }

    #[test]
    fn defaults_are_those_of_the_command_line_whatever_the_environment_says() {
        assert_eq!(defaults::<Group>(), Group { text: "its default".to_owned(), number: 7, nothing: None });
    }
}
