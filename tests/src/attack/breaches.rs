//! Answers that the server must never give, whatever is sent to it.

use std::sync::{Mutex, PoisonError};

use super::raw::Answered;

/// How many are kept in words.
const KEPT: usize = 20;

/// How many such answers there were, and the first of them in words.
#[derive(Debug, Default)]
pub struct Breaches(Mutex<(u64, Vec<String>)>);

impl Breaches {
    /// Notes one.
    pub fn note(&self, breach: String) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.0 += 1;
        if noted.1.len() < KEPT {
            noted.1.push(breach);
        }
    }

    /// Notes an answer with a fault of the server; 503 says that it is too busy, which it may be.
    pub fn check_status(&self, asked: &str, status: u16) {
        if status >= 500 && status != 503 {
            self.note(format!("{asked} was answered with {status}"));
        }
    }

    /// As [`Breaches::check_status`], of a request that was sent byte by byte.
    pub fn check_answer(&self, asked: &str, answered: Answered) {
        if let Answered::Status(status) = answered {
            self.check_status(asked, status);
        }
    }

    /// How many there were, and the first of them.
    pub fn so_far(&self) -> (u64, Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_server_is_a_breach_and_a_refusal_is_not() {
        let breaches = Breaches::default();
        for status in [101, 200, 303, 404, 429, 503] {
            breaches.check_status("GET /", status);
        }
        assert_eq!(breaches.so_far(), (0, Vec::new()));
        breaches.check_answer("GET /", Answered::Nothing);
        breaches.check_answer("GET /", Answered::Status(500));
        breaches.check_status("GET /", 502);
        let (count, first) = breaches.so_far();
        assert_eq!((count, first[0].as_str()), (2, "GET / was answered with 500"));
    }
}
