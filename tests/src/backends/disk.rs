//! A disk that can run full: a small tmpfs in a mount namespace, which only those see who are started in it.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::program::{Missing, ServiceUser, find};
use crate::home::Home;
use crate::process::{Process, command};
use crate::wait::{PATIENCE, until_within};

/// Mounts, says so, and stays, since the disk is gone with the last process of its namespace.
const MOUNT: &str =
    "mount -t tmpfs -o size=$2m,mode=0700,uid=$3,gid=$4 tmpfs \"$1\" && echo mounted && exec sleep infinity";

/// A mounted disk.
#[derive(Debug)]
pub struct SmallDisk {
    holder: Process,
    place: PathBuf,
    nsenter: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many megabytes on a folder that is there.
    ///
    /// # Errors
    /// When `unshare` or `nsenter` is not installed.
    ///
    /// # Panics
    /// When this machine does not let us mount.
    pub async fn mount(place: &Path, megabytes: u32, owner: ServiceUser) -> Result<Self, Missing> {
        let (unshare, nsenter) = (find("unshare", "util-linux")?, find("nsenter", "util-linux")?);
        let mut hold = command(&unshare);
        hold.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            MOUNT,
            "sh",
        ]);
        hold.arg(place).args([megabytes, owner.uid(), owner.gid()].map(|number| number.to_string()));
        let holder = Process::start(&Home::new(), hold);
        until_within("the small disk is mounted", PATIENCE, async || {
            assert!(holder.is_running(), "mounting is not allowed here{}", holder.told());
            holder.stdout().contains("mounted").then_some(())
        })
        .await;
        Ok(Self { holder, place: place.to_owned(), nsenter })
    }

    /// A command that sees the disk, as its owner.
    pub fn command(&self, program: &Path, owner: ServiceUser) -> Command {
        let mut enter = command(&self.nsenter);
        enter.args(["--mount", "--target", &self.holder.pid().to_string()]);
        enter.args(["--setuid", &owner.uid().to_string(), "--setgid", &owner.gid().to_string(), "--"]).arg(program);
        enter
    }

    /// Fills it to the last byte.
    ///
    /// # Panics
    /// When it ends in any way but that there is no room left.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("the disk is mounted");
        let mut block = vec![0xaa; 64 * 1024];
        while !block.is_empty() {
            match filler.write_all(&block) {
                Ok(()) => {}
                // The rest that is smaller than a block.
                Err(error) if error.kind() == ErrorKind::StorageFull => block.truncate(block.len() / 2),
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not full.
    pub fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the disk was filled");
    }

    /// The disk as the holder sees it.
    fn filler(&self) -> PathBuf {
        let inside = self.place.strip_prefix("/").unwrap_or(&self.place);
        Path::new("/proc").join(self.holder.pid().to_string()).join("root").join(inside).join("filler")
    }
}

#[cfg(test)]
mod tests {
    use realmgate_skip::skip;

    use super::*;
    use crate::backends::program::{ServiceFolder, or_skip};

    #[tokio::test]
    async fn a_full_disk_takes_nothing_until_there_is_room() {
        let Some(owner) = ServiceUser::of(&["nobody"]) else {
            return skip("no right to mount a disk: that takes root");
        };
        let folder = ServiceFolder::new(Some(owner));
        let Some(disk) = or_skip(SmallDisk::mount(folder.path(), 1, owner).await) else { return };
        let write = |name: &str, bytes: u32| {
            let mut write = disk.command(&find("sh", "dash").unwrap(), owner);
            let script = "head -c \"$2\" /dev/zero > \"$1\"; failed=$?; wc -c < \"$1\"; exit $failed";
            write.current_dir("/").args(["-c", script, "sh"]).arg(folder.path().join(name)).arg(bytes.to_string());
            let output = write.output().unwrap();
            let [stored, why] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            (output.status.success(), stored.trim().to_owned(), why)
        };
        let done = |bytes: &str| (true, bytes.to_owned(), String::new());
        assert_eq!(write("before", 65_536), done("65536"));
        let outside = std::fs::metadata(folder.path().join("before")).expect_err("outside nobody sees the disk");
        assert_eq!(outside.kind(), ErrorKind::NotFound);
        disk.fill();
        for bytes in [65_536, 1] {
            let (is_done, stored, why) = write("during", bytes);
            assert!(!is_done && why.contains("No space"), "{bytes} bytes: {why}");
            assert_eq!(stored, "0", "of {bytes} bytes");
        }
        disk.make_room();
        assert_eq!(write("after", 65_536), done("65536"));
    }
}
