//! Why the server ends, and with which exit code.

use realmgate_engine::data::Faults;

/// Why the server did not start, or stopped.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or settings: exit 2.
    Settings(String),
    /// Wrong data, with all faults: exit 2.
    Data(Faults),
    /// Anything else: exit 1.
    Other(anyhow::Error),
}

impl Failure {
    /// 2 for faults that the operator can fix in settings or data, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Data(_) => 2,
            Self::Other(_) => 1,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Data(faults)
    }
}
