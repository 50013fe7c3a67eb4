//! What bots say: sentences that are put together, so that many bots can talk for long before a sentence repeats.

/// Sentences with a gap for one of the words of its kind.
const SENTENCES: [&str; 30] = [
    "Anyone for {place} tonight?",
    "Which way to {place}?",
    "Do not go to {place} alone.",
    "They say there is gold in {place}.",
    "I have just come back from {place}.",
    "Who has a map of {place}?",
    "One more for {place}, then we leave.",
    "It is quiet in {place} today.",
    "Grüße aus der Gegend um {place}!",
    "Selling {thing}, hardly used.",
    "Buying {thing}, if the price is fair.",
    "I would trade {thing} for a good meal.",
    "Where did you find {thing}?",
    "Somebody has dropped {thing} by the well.",
    "The smith wants too much for {thing}.",
    "Never leave home without {thing}.",
    "I am saving up for {thing}.",
    "My uncle had {thing} like that.",
    "Watch out, {foe}!",
    "Was that {foe} just now?",
    "What drops from {foe}?",
    "That was {foe} with more teeth than it looked.",
    "No more stories about {foe}, please.",
    "Last night I dreamt of {foe}.",
    "Help me with {foe} at the ford?",
    "I can take {foe} by myself.",
    "{deed}, then I log off.",
    "{deed}, who comes along?",
    "First {deed}, then supper.",
    "Voilà: {deed}. Done before noon!",
];
const PLACES: [&str; 12] = [
    "the barrow",
    "the Darkwood",
    "the ruined keep",
    "the old mine",
    "the west field",
    "the throne room",
    "the ford",
    "the wolves' den",
    "the goblin camp",
    "the crypt",
    "the mill",
    "the far gate",
];
const THINGS: [&str; 12] = [
    "an iron sword",
    "a hunting bow",
    "a silver staff",
    "a chain shirt",
    "a rabbit's foot",
    "a pair of worn boots",
    "a wolf pelt",
    "a healing potion",
    "a boar tusk",
    "a leather cap",
    "a goblin ear",
    "a draught of vigour",
];
const FOES: [&str; 12] = [
    "a grey wolf",
    "a wild boar",
    "a goblin",
    "a skeleton",
    "a wraith",
    "a giant spider",
    "a bandit",
    "a wight",
    "a bog slime",
    "an old bear",
    "a bone archer",
    "a ghoul",
];
const DEEDS: [&str; 12] = [
    "ten pelts for the tanner",
    "one level more",
    "a walk to the gate",
    "a round of the wolves",
    "a look at the crypt",
    "a visit to the smith",
    "a full bag",
    "two hundred gold",
    "a duel with a boar",
    "a rest at the fire",
    "one blow at the king",
    "a new bow",
];
const COUNT: u32 = (SENTENCES.len() * PLACES.len()) as u32;
/// Has no divisor in common with `COUNT`: steps of it reach every number before the first one again.
const STRIDE: u32 = 157;

/// The sentence of a number. Those of [`COUNT`] numbers in a row are all different, and neighbours have nothing in common.
pub fn phrase(number: u32) -> String {
    let at = ((u64::from(number) * u64::from(STRIDE)) % u64::from(COUNT)) as usize;
    let (sentence, word) = (SENTENCES[at / PLACES.len()], at % PLACES.len());
    let gaps = [("{place}", PLACES[word]), ("{thing}", THINGS[word]), ("{foe}", FOES[word]), ("{deed}", DEEDS[word])];
    let said = gaps.iter().fold(sentence.to_owned(), |text, (gap, word)| text.replace(gap, word));
    let mut letters = said.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nothing_is_said_twice_before_all_is_said() {
        for first in [0, 17, u32::MAX - COUNT] {
            let said: BTreeSet<String> = (first..first + COUNT).map(phrase).collect();
            assert_eq!(said.len(), COUNT as usize);
        }
    }

    #[test]
    fn all_are_whole_sentences() {
        for text in (0..COUNT).map(phrase) {
            assert!(!text.contains(['{', '}']) && text.ends_with(['.', '?', '!']), "{text}");
            assert!(text.starts_with(char::is_uppercase) && text.len() < 80, "{text}");
        }
    }
}
