//! How mails leave: to a mail server, or into a folder where there is none.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::task::spawn_blocking;

use super::source::Letter;

/// How long a mail server may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How many mails stay in the folder; the oldest go. Strangers cause them.
const MOST_FILES: usize = 1_000;

/// The way that mails take.
#[derive(Clone)]
pub enum Carrier {
    /// To a mail server. Each mail has a connection of its own.
    Server(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a folder, a file each that only this user reads.
    Folder(PathBuf),
}

/// Why a mail could not be sent now.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The mail server is away or has refused it.
    #[error("mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
    /// The addresses make no envelope.
    #[error("mail envelope: {0}")]
    Envelope(#[from] lettre::error::Error),
    /// The file could not be written.
    #[error("mail file: {0}")]
    Folder(#[from] io::Error),
    /// The mail server takes too long.
    #[error("the mail server did not respond in time")]
    TooSlow,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(_) => f.write_str("Server(…)"),
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
        }
    }
}

impl Carrier {
    /// A mail server by its URL; `None` for one that cannot be read.
    pub(super) fn server(url: &str) -> Option<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok()?;
        Some(Self::Server(builder.timeout(Some(ANSWER_WITHIN)).build()))
    }

    /// A folder, which is made with the first mail.
    pub(super) fn folder(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }

    /// Carries a mail. `name` is its file's, without the extension.
    pub(super) async fn carry(&self, name: &str, letter: Letter) -> Result<(), NotSent> {
        match self {
            Self::Server(server) => {
                let envelope = Envelope::new(Some(letter.from), vec![letter.to])?;
                server.send_raw(&envelope, &letter.source).await?;
            }
            Self::Folder(folder) => {
                let (folder, file) = (folder.clone(), folder.join(format!("{name}.eml")));
                let written = file.clone();
                spawn_blocking(move || write(&folder, &file, &letter.source)).await.map_err(io::Error::other)??;
                tracing::info!(file = %written.display(), "mail written to a file");
            }
        }
        Ok(())
    }
}

fn write(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Under another name until it is whole: whoever looks for mails finds whole ones.
    let part = file.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(&part)?.write_all(bytes)?;
    fs::rename(&part, file)?;
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    // Names begin with the time.
    files.sort();
    for oldest in files.iter().rev().skip(MOST_FILES) {
        // Another mail's task may have removed it.
        let _ = fs::remove_file(oldest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_for_this_user_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data/mail");
        let file = |number: usize| folder.join(format!("{number:06}.eml"));
        write(&folder, &file(0), b"hello").unwrap();
        for number in 1..MOST_FILES + 2 {
            fs::write(file(number), b"hello").unwrap();
        }
        write(&folder, &file(MOST_FILES + 2), b"hello").unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!((names.len(), names[0].to_str()), (MOST_FILES, Some("000003.eml")));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file(MOST_FILES + 2))), (0o700, 0o600));
    }
}
