//! Times as clients read them.

use realmgate_protocol::cron::date;

const DAY_S: u64 = 24 * 60 * 60;

/// A time in Unix milliseconds as ISO 8601 in UTC, in whole seconds.
pub fn iso(ms: u64) -> String {
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

/// Reads a time in ISO 8601 with its distance from UTC (`Z`, `+02:00`), as Unix milliseconds. `None` for anything else, and
/// for times before 1970.
pub(crate) fn from_iso(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let sign = |at: usize, wanted: &[u8]| text.as_bytes().get(at).is_some_and(|byte| wanted.contains(byte));
    let signs = [(4, &b"-"[..]), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
    if !signs.into_iter().all(|(at, wanted)| sign(at, wanted)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut zone = text.get(19..)?;
    if let Some(fraction) = zone.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        zone = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    let ahead_s = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let two = |text: &str, most: i64| {
                let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse::<i64>().ok().filter(|number| is_two_digits && *number <= most)
            };
            let seconds = two(hours, 23)? * 3_600 + two(minutes, 59)? * 60;
            match zone.as_bytes()[0] {
                b'+' => seconds,
                b'-' => -seconds,
                _ => return None,
            }
        }
    };
    let days = (1_970..=9_999).contains(&year).then(|| day_of(year, month, day))??;
    let is_time = hour < 24 && minute < 60 && second < 60;
    let seconds = days * DAY_S + hour * 3_600 + minute * 60 + second;
    is_time.then(|| seconds.checked_add_signed(-ahead_s)).flatten().map(|seconds| seconds * 1_000)
}

/// The day after 1970-01-01 that a date is; `None` if there is no such date.
fn day_of(year: u64, month: u64, day: u64) -> Option<u64> {
    // The year is 365.2425 days long, so this is a few days before it at most.
    let about = ((year - 1_970) * 146_097 / 400 + month.saturating_sub(1) * 30).saturating_sub(3);
    (about..about + 40).find(|candidate| date(*candidate) == (year, month, day))
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
        for second in [0, 1, 951_782_400, 1_709_251_199, 1_800_000_000, 4_107_542_400, 253_402_300_799] {
            assert_eq!(from_iso(&iso(second * 1_000)), Some(second * 1_000));
        }
        assert_eq!(iso_micros(1_800_000_000_045), "2027-01-15T08:00:00.045000Z");
    }

    #[test]
    fn times_are_read_with_their_zones() {
        let noon = Some(1_800_014_400_000);
        for same in [
            "2027-01-15T12:00:00Z",
            "2027-01-15 12:00:00.25z",
            "2027-01-15T14:30:00+02:30",
            "2027-01-15T11:00:00-01:00",
        ] {
            assert_eq!(from_iso(same), noon, "{same}");
        }
        for bad in [
            "",
            "2027",
            "2027-01-15",
            "2027-01-15T12:00:00",
            "2027-02-29T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-01-15T24:00:00Z",
            "2027-01-15T12:00:00.Z",
            "2027-01-15T12:00:00+2:30",
            "2027-01-15T12:00:00+-1:00",
            "2027-01-15T12:00:00-01:+1",
            "2027-01-15T12:00:00Zx",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2027-00-15T12:00:00Z",
            "2027-01-00T12:00:00Z",
            "+027-01-15T12:00:00Z",
            "2027-01-15T12:00:00\u{e4}",
            "2027-01-1\u{e4}T12:00:00Z",
        ] {
            assert_eq!(from_iso(bad), None, "{bad}");
        }
    }
}
