//! What is judged after each fault, and at the end: pure functions of what was written down.

pub mod epochs;
pub mod presence;
pub mod told;
