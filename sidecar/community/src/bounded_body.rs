//! What other programs answer to calls of ours, read up to a bound: nobody fills our memory.

use reqwest::Response;

/// The whole body of an answer; `None` where it is longer than `most_bytes`.
///
/// # Errors
/// When it does not come to its end, or not in time.
pub(crate) async fn read(mut answer: Response, most_bytes: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > most_bytes {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
