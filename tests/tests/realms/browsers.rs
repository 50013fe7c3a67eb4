//! Tests in which a browser plays take turns.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Browsers draw on all cores there are. Several at once make the servers late, and a server that is late lets nobody in.
static BROWSERS: Semaphore = Semaphore::const_new(1);

/// Waits until no other test has a browser. The turn ends when what is returned is dropped.
pub async fn turn() -> SemaphorePermit<'static> {
    BROWSERS.acquire().await.expect("nobody closes it")
}
