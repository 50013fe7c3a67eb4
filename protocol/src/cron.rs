//! Times that come again, as designers write them: five fields, in UTC.
//!
//! `minute hour day-of-month month day-of-week`; each is `*`, a number, a range `1-5`, steps `*/15` or `8-18/2`, or several of
//! these with commas between. Sunday is 0 and 7. Where both days are given, either is enough, as everywhere.

use std::ops::RangeInclusive;
use std::str::FromStr;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// Farthest that is looked for: 29 February may be eight years away.
const MOST_DAYS: u64 = 9 * 366;

/// When something happens again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// A bit for each value.
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day of the month or a day of the week is enough.
    either_day: bool,
}

/// What is wrong with a text that should say when something happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronFault {
    /// It has not five fields.
    #[error("expected 5 fields (minute, hour, day of month, month, day of week), found {0}")]
    Fields(usize),
    /// A field cannot be read.
    #[error("`{text}` is not a valid {field}: expected {least} to {most}, `*`, ranges, steps or lists of them")]
    Field {
        /// What was written.
        text: String,
        /// What it should be.
        field: &'static str,
        /// The least number.
        least: u8,
        /// The greatest.
        most: u8,
    },
    /// There is no such day.
    #[error("this schedule never fires")]
    Never,
}

impl FromStr for Cron {
    type Err = CronFault;

    fn from_str(text: &str) -> Result<Self, CronFault> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return Err(CronFault::Fields(fields.len())) };
        let weekdays = values(weekday, "day of week", 0..=7)?;
        let cron = Self {
            minutes: values(minute, "minute", 0..=59)?,
            hours: values(hour, "hour", 0..=23)?,
            days: values(day, "day of month", 1..=31)?,
            months: values(month, "month", 1..=12)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        // Nine years from 2000 on hold every date that there is.
        cron.after(946_684_800_000).map(|_| cron).ok_or(CronFault::Never)
    }
}

impl Cron {
    /// The first time after `ms`, in Unix milliseconds.
    pub fn after(&self, ms: u64) -> Option<u64> {
        let first = (ms / MINUTE_MS + 1) * MINUTE_MS;
        (first / DAY_MS..first / DAY_MS + MOST_DAYS).filter(|day| self.has_day(*day)).find_map(|day| {
            let mut times = self.times().map(|minute| day * DAY_MS + minute * MINUTE_MS);
            times.find(|time| *time >= first)
        })
    }

    /// The last time up to `ms`, in Unix milliseconds.
    pub fn at_or_before(&self, ms: u64) -> Option<u64> {
        let today = ms / DAY_MS;
        (today.saturating_sub(MOST_DAYS)..=today).rev().filter(|day| self.has_day(*day)).find_map(|day| {
            let times = self.times().map(|minute| day * DAY_MS + minute * MINUTE_MS);
            times.filter(|time| *time <= ms).last()
        })
    }

    fn has_day(&self, day: u64) -> bool {
        let (_, month, of_month) = date(day);
        // 1970-01-01 was a Thursday.
        let by_month = has(self.days, of_month);
        let by_week = has(self.weekdays, (day + 4) % 7);
        let is_day = if self.either_day { by_month || by_week } else { by_month && by_week };
        has(self.months, month) && is_day
    }

    /// The minutes of a day, in order.
    fn times(&self) -> impl Iterator<Item = u64> {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        hours.flat_map(|hour| (0..60).filter(|minute| has(self.minutes, *minute)).map(move |minute| hour * 60 + minute))
    }
}

fn has(set: u64, value: u64) -> bool {
    set >> value & 1 == 1
}

fn values(text: &str, field: &'static str, allowed: RangeInclusive<u8>) -> Result<u64, CronFault> {
    let fault = || CronFault::Field { text: text.to_owned(), field, least: *allowed.start(), most: *allowed.end() };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0).ok_or_else(fault)?),
            None => (part, 1),
        };
        let number = |text: &str| text.parse::<u8>().ok().filter(|value| allowed.contains(value)).ok_or_else(fault);
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (*allowed.start(), *allowed.end()),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, *allowed.end()),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(fault());
        }
        set |= (from..=to).step_by(step).fold(0, |set, value| set | 1 << value);
    }
    Ok(set)
}

/// Year, month and day of a day after 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the leap
/// day is the last of its year.
pub fn date(day: u64) -> (u64, u64, u64) {
    let since_0000_03_01 = day + 719_468;
    let (era, of_era) = (since_0000_03_01 / 146_097, since_0000_03_01 % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cron(text: &str) -> Cron {
        text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    #[test]
    fn times_are_those_that_are_written() {
        // 2027-01-15T08:00:00Z, a Friday.
        let friday = 1_800_000_000_000;
        let hours = |hours: u64| hours * 60 * MINUTE_MS;
        for (text, before, after) in [
            ("* * * * *", 0, MINUTE_MS as i64),
            ("0 * * * *", 0, hours(1) as i64),
            ("30 7 * * *", -(hours(1) as i64) / 2, hours(23) as i64 + hours(1) as i64 / 2),
            ("0 0 * * 1", -((4 * DAY_MS + hours(8)) as i64), (2 * DAY_MS + hours(16)) as i64),
            ("0 0 * * 0", -((5 * DAY_MS + hours(8)) as i64), (DAY_MS + hours(16)) as i64),
            ("0 0 * * 7", -((5 * DAY_MS + hours(8)) as i64), (DAY_MS + hours(16)) as i64),
            ("0 0 1 * *", -((14 * DAY_MS + hours(8)) as i64), (16 * DAY_MS + hours(16)) as i64),
            ("*/20 8-9 * * *", 0, 20 * MINUTE_MS as i64),
            ("0 8 15 * 1", 0, (3 * DAY_MS) as i64),
            ("5,10 8 * 1,2 *", -(DAY_MS as i64) + 10 * MINUTE_MS as i64, 5 * MINUTE_MS as i64),
            ("10/20 5-8/2 * * *", -10 * MINUTE_MS as i64, hours(21) as i64 + 10 * MINUTE_MS as i64),
        ] {
            let found = (cron(text).at_or_before(friday), cron(text).after(friday));
            let expected = [before, after].map(|by| friday.checked_add_signed(by));
            assert_eq!(found, (expected[0], expected[1]), "{text}");
        }
        let leap = cron("0 0 29 2 *");
        assert_eq!(leap.after(friday), Some(1_835_395_200_000), "2028-02-29");
        assert_eq!(leap.at_or_before(friday), Some(1_709_164_800_000), "2024-02-29");
        assert_eq!(cron("0 0 1 1 *").at_or_before(0), Some(0));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, fault) in [
            ("", "found 0"),
            ("* * * *", "found 4"),
            ("* * * * * *", "found 6"),
            ("60 * * * *", "`60` is not a valid minute: expected 0 to 59"),
            ("* 24 * * *", "`24` is not a valid hour"),
            ("* * 0 * *", "`0` is not a valid day of month"),
            ("* * 32 * *", "`32` is not a valid day of month"),
            ("* * * 0 *", "`0` is not a valid month"),
            ("* * * 13 *", "`13` is not a valid month"),
            ("* * * * 8", "`8` is not a valid day of week"),
            ("5-3 * * * *", "`5-3` is not a valid minute"),
            ("*/0 * * * *", "`*/0` is not a valid minute"),
            ("a * * * *", "`a` is not a valid minute"),
            ("1,,2 * * * *", "`1,,2` is not a valid minute"),
            ("0 0 30 2 *", "this schedule never fires"),
        ] {
            let found = text.parse::<Cron>().unwrap_err().to_string();
            assert!(found.contains(fault), "{text}: {found}");
        }
    }

    proptest! {
        #[test]
        fn nothing_comes_between_a_time_and_the_next(
            minute in 0..60u8, hour in 0..24u8, weekday in 0..7u8, ms in 0..4_000_000_000_000u64
        ) {
            let cron = cron(&format!("{minute} {hour} * * {weekday}"));
            let next = cron.after(ms).unwrap();
            prop_assert!(next > ms && next - ms <= 7 * DAY_MS);
            prop_assert_eq!(cron.at_or_before(next), Some(next));
            if let Some(last) = cron.at_or_before(ms) {
                prop_assert_eq!(cron.after(last), Some(next));
                prop_assert_eq!(next - last, 7 * DAY_MS);
            }
        }
    }
}
