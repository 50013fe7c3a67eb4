//! "Did you mean": which legal name a misspelt one was likely meant to be.

/// The legal name that is nearest to `given`, if one is near enough for `given` to be a typo.
pub fn nearest<'a>(given: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    let slips = (given.chars().count() / 3).clamp(1, 3);
    legal
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, name)| name)
}

/// The legal names as a text for [`Fault::expected`](super::Fault::expected), with the nearest to `given` first if
/// there is one: ``"one of `a`, `b`; did you mean `b`?"``.
pub fn one_of<'a>(given: &str, legal: impl IntoIterator<Item = &'a str> + Clone) -> String {
    const MOST: usize = 24;
    let quoted = |name: &str| format!("`{name}`");
    let names: Vec<_> = legal.clone().into_iter().map(quoted).collect();
    let list = match names.as_slice() {
        [] => "nothing, none is defined yet".to_owned(),
        [only] => only.clone(),
        few if few.len() <= MOST => format!("one of {}", few.join(", ")),
        many => format!("one of {} and {} more", many[..MOST].join(", "), many.len() - MOST),
    };
    match nearest(given, legal) {
        Some(name) if names.len() > 1 => format!("{list}; did you mean `{name}`?"),
        _ => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let legal = ["health", "speed", "level"];
        assert_eq!(nearest("helath", legal), Some("health"));
        assert_eq!(nearest("Level", legal), Some("level"));
        assert_eq!(nearest("gold", legal), None);
        assert_eq!(nearest("speedy", ["seed", "speed"]), Some("speed"), "the nearest of two");
        // One slip for every three letters, at least one and at most three.
        let long = ("abcdefghijkl", "abcdefghixxx", "abcdefghxxxx");
        for (meant, typo, other) in [("abc", "ab", "a"), ("abcdef", "abcdxx", "abcxxx"), long] {
            assert_eq!([typo, other].map(|given| nearest(given, [meant])), [Some(meant), None], "{meant}");
        }
    }

    #[test]
    fn a_list_names_the_nearest() {
        assert_eq!(one_of("spede", ["health", "speed"]), "one of `health`, `speed`; did you mean `speed`?");
        assert_eq!(one_of("x", ["health", "speed"]), "one of `health`, `speed`", "none is near");
        assert_eq!(["x", "helath"].map(|given| one_of(given, ["health"])), ["`health`"; 2]);
    }
}
