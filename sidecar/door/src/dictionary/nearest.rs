//! "Did you mean": the legal name that a misspelt one was probably meant to be.

/// The maximum length of a name that is compared, in characters. Longer names are no typos of ours.
const MAX_LENGTH: usize = 64;

/// The legal names as a text, with the nearest to `given` at the end if one is near enough:
/// ``one of `token`, `open`, `off`; did you mean `token`?``.
pub(super) fn one_of(given: &str, legal: &[&str]) -> String {
    let names: Vec<_> = legal.iter().map(|name| format!("`{name}`")).collect();
    match (names.as_slice(), nearest(given, legal)) {
        ([only], _) => only.clone(),
        (all, Some(name)) => format!("one of {}; did you mean `{name}`?", all.join(", ")),
        (all, None) => format!("one of {}", all.join(", ")),
    }
}

/// The legal name that is nearest to `given`: at most one slip for every three letters.
fn nearest<'a>(given: &str, legal: &[&'a str]) -> Option<&'a str> {
    let given: Vec<char> = given.chars().take(MAX_LENGTH + 1).flat_map(char::to_lowercase).collect();
    if given.len() > MAX_LENGTH {
        return None;
    }
    let slips = (given.len() / 3).clamp(1, 3);
    let rated = legal.iter().map(|name| (distance(&given, &name.to_lowercase()), *name));
    rated.filter(|(distance, _)| *distance <= slips).min().map(|(_, name)| name)
}

/// The optimal string alignment distance: how many characters are inserted, left out, replaced or swapped with the
/// next.
fn distance(given: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().collect();
    let first: Vec<usize> = (0..=name.len()).collect();
    let mut rows = vec![first];
    for (i, a) in given.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, b) in name.iter().enumerate() {
            let mut least = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == name[j - 1] && given[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[given.len()][name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_recognised_and_another_word_is_not() {
        let legal = ["token", "open", "off"];
        for (given, meant) in
            [("tokn", Some("token")), ("Token", Some("token")), ("openn", Some("open")), ("yes", None)]
        {
            assert_eq!(nearest(given, &legal), meant, "{given}");
        }
        assert_eq!(nearest("time_out_s", &["timeout_s", "retries"]), Some("timeout_s"));
        assert_eq!(nearest(&"x".repeat(10_000), &legal), None);
    }

    #[test]
    fn a_list_names_the_nearest_at_the_end() {
        assert_eq!(one_of("tokn", &["token", "off"]), "one of `token`, `off`; did you mean `token`?");
        assert_eq!(one_of("yes", &["token", "off"]), "one of `token`, `off`");
        assert_eq!(one_of("x", &["services"]), "`services`");
    }
}
