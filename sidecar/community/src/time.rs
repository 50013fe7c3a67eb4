//! Times as clients read them.

const DAY_S: u64 = 24 * 60 * 60;

/// A time in Unix milliseconds as ISO 8601 in UTC, in whole seconds.
pub(crate) fn iso(ms: u64) -> String {
    format!("{}Z", up_to_seconds(ms / 1_000))
}

/// As [`iso`], with six digits below the second.
pub(crate) fn iso_micros(ms: u64) -> String {
    format!("{}.{:03}000Z", up_to_seconds(ms / 1_000), ms % 1_000)
}

fn up_to_seconds(seconds: u64) -> String {
    let (year, month, day) = date(seconds / DAY_S);
    let second = seconds % DAY_S;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day after 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the leap
/// day is the last of its year.
fn date(day: u64) -> (u64, u64, u64) {
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
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
        ] {
            assert_eq!(iso(seconds * 1_000 + 999), text);
        }
        assert_eq!(iso_micros(1_800_000_000_045), "2027-01-15T08:00:00.045000Z");
    }
}
