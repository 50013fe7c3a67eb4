//! The thread that writes recordings, so that no tick waits for a disk.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Most ticks of all recordings together that may wait to be written: half a minute of one channel.
const MAX_WAITING: usize = 1_024;
/// Most bytes that may wait to be written.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// The thread that writes recordings. Dropping it waits until everything handed to it is written.
pub struct RecordingThread {
    jobs: SyncSender<Job>,
    waiting_bytes: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Write(Arc<OpenFile>, Vec<u8>),
    End,
}

/// The file that a recording goes to.
struct OpenFile {
    file: File,
    /// Whether a write has failed. Nothing more is written then, so that the file ends with a whole tick.
    failed: AtomicBool,
}

impl RecordingThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let (jobs, queue) = sync_channel(MAX_WAITING);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let waiting = waiting_bytes.clone();
        let thread = std::thread::Builder::new().name("recording".to_owned());
        let thread = thread.spawn(move || write_all(&queue, &waiting))?;
        Ok(Self { jobs, waiting_bytes, thread: Some(thread) })
    }

    /// A writer whose bytes the thread writes to this file.
    pub fn open(&self, file: File) -> QueuedFile {
        let to = Arc::new(OpenFile { file, failed: AtomicBool::new(false) });
        QueuedFile { jobs: self.jobs.clone(), waiting_bytes: self.waiting_bytes.clone(), to }
    }
}

impl Drop for RecordingThread {
    fn drop(&mut self) {
        // Both fail only after a panic in the thread. That ended the recordings and is no reason for another panic
        // here.
        let _ = self.jobs.send(Job::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(queue: &Receiver<Job>, waiting_bytes: &AtomicUsize) {
    while let Ok(Job::Write(to, bytes)) = queue.recv() {
        if !to.failed.load(Ordering::Relaxed)
            && let Err(error) = (&to.file).write_all(&bytes)
        {
            to.failed.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "recording write failed, recording stopped");
        }
        waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
}

/// A file that the thread writes to. A write never blocks: it fails when the thread is too far behind.
pub struct QueuedFile {
    jobs: SyncSender<Job>,
    waiting_bytes: Arc<AtomicUsize>,
    to: Arc<OpenFile>,
}

impl Write for QueuedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.to.failed.load(Ordering::Relaxed) {
            return Err(io::Error::other("an earlier write failed"));
        }
        let behind = || io::Error::new(io::ErrorKind::WouldBlock, "the disk is too slow");
        if self.waiting_bytes.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len() > MAX_WAITING_BYTES
            || self.jobs.try_send(Job::Write(self.to.clone(), bytes.to_vec())).is_err()
        {
            self.waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            return Err(behind());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_disk_that_stands_still_ends_the_recording_and_never_the_tick() {
        let (mut reader, writer) = io::pipe().unwrap();
        let thread = RecordingThread::start().unwrap();
        let mut file = thread.open(File::from(OwnedFd::from(writer)));
        let tick = [7; 1_000];
        let written = (0..3_000).take_while(|_| file.write_all(&tick).is_ok()).count();
        // A pipe holds 64 KiB, and the thread has one tick in its hands.
        assert!((MAX_WAITING..MAX_WAITING + 100).contains(&written), "{written} ticks were taken");
        drop(file);
        let rest = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all.len())
        });
        drop(thread);
        assert_eq!(rest.join().unwrap().unwrap(), written * tick.len(), "what was taken is written");
    }

    #[test]
    fn bytes_that_wait_are_bounded_too() {
        let (mut reader, writer) = io::pipe().unwrap();
        let thread = RecordingThread::start().unwrap();
        let mut file = thread.open(File::from(OwnedFd::from(writer)));
        let tick = vec![7; MAX_WAITING_BYTES / 4];
        let mut taken = || (0..100).take_while(|_| file.write_all(&tick).is_ok()).count();
        assert_eq!(taken(), 4);
        // Once something of the second tick is there, the thread is through with the first.
        reader.read_exact(&mut vec![0; tick.len() + 1]).unwrap();
        assert_eq!(taken(), 1, "what is written waits no more");
        // The thread's write fails now, and so does every later one of ours.
        drop(reader);
        drop(thread);
        assert_eq!(file.write_all(&[1]).unwrap_err().to_string(), "an earlier write failed");
    }
}
