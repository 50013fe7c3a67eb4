//! Bans: why an account may not log in, and until when.

use realmgate_protocol::cron::date;

const DAY_S: u64 = 24 * 60 * 60;

/// A ban of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ban {
    /// Why; empty where no administrator has said it.
    pub reason: String,
    /// When it ends, in Unix milliseconds; `None` where an administrator has to lift it.
    pub until_ms: Option<u64>,
}

impl Ban {
    /// Whether it has ended at a time in Unix milliseconds. The next log-in lifts it.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until_ms| until_ms <= now_ms)
    }

    /// What the user of the account reads who tries to log in.
    pub fn text(&self) -> String {
        let until = self.until_ms.map(|until_ms| format!(" until {}", minute(until_ms))).unwrap_or_default();
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("An administrator has banned this account{until}{reason}")
    }
}

fn minute(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (year, month, day) = date(seconds / DAY_S);
    let minutes = seconds % DAY_S / 60;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_says_until_when_and_why_as_far_as_that_is_known() {
        let text = |reason: &str, until_ms| Ban { reason: reason.to_owned(), until_ms }.text();
        let end = Some(1_800_000_000_000);
        assert_eq!(text("", None), "An administrator has banned this account");
        assert_eq!(text("cheating", None), "An administrator has banned this account: cheating");
        assert_eq!(text("", end), "An administrator has banned this account until 2027-01-15 08:00 UTC");
        assert_eq!(text("spam", end), "An administrator has banned this account until 2027-01-15 08:00 UTC: spam");
    }

    #[test]
    fn a_ban_ends_at_its_end_or_never() {
        let ban = |until_ms| Ban { until_ms, ..Ban::default() };
        assert!(!ban(Some(10)).is_over(9) && ban(Some(10)).is_over(10));
        assert!(!ban(None).is_over(u64::MAX));
    }
}
