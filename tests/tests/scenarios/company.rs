//! Talk and parties.

use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage};
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, Who, tile};

use crate::fighting::slay;

fn text(words: &str) -> String {
    words.to_owned()
}

#[track_caller]
fn hears(scene: &mut Scene, who: Who, expected: ChatScope, from: &str, words: &str) {
    let said = scene.told(who, "what was said", |message| match message {
        ServerMessage::Chat { scope, from, text } if *scope == expected => Some((from.clone(), text.clone())),
        _ => None,
    });
    assert_eq!(said, (text(from), text(words)));
}

fn two(scene: &mut Scene) -> (Who, Who) {
    let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).level(5));
    let bert = scene.enter(Character::at("Bert", "cleric", tile(6, 7)).level(5));
    scene.hear(anna);
    (anna, bert)
}

pub fn chat_reaches_the_channel_and_no_other(stage: &Stage) {
    stage.play(Ground::open(20, 11).channels(2), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        let other = scene.enter_channel(Character::at("Other", "ranger", tile(7, 6)), 2);
        scene.hear(other);
        scene.say(anna, ClientMessage::Chat { text: text("good day, wörld") });
        hears(scene, bert, ChatScope::Channel, "Anna", "good day, wörld");
        hears(scene, anna, ChatScope::Channel, "Anna", "good day, wörld");
        assert_eq!(scene.hear(other), [], "another channel is another world");
        scene.ask_in_vain(anna, ClientMessage::Chat { text: text("two\nlines") }, Refusal::BadText);
        for _ in 0..5 {
            scene.say(anna, ClientMessage::Chat { text: text("and again") });
        }
        scene.ask_in_vain(anna, ClientMessage::Chat { text: text("too much") }, Refusal::RateLimited);
    });
}

#[track_caller]
fn ignores(scene: &mut Scene, who: Who, expected: &[&str]) {
    let names = scene.told(who, "whom it ignores", |message| match message {
        ServerMessage::Ignored { names } => Some(names.clone()),
        _ => None,
    });
    assert_eq!(names, expected);
}

pub fn who_is_ignored_is_not_heard(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        scene.ask_in_vain(anna, ClientMessage::Ignore { name: text("anna") }, Refusal::BadTarget);
        scene.say(anna, ClientMessage::Ignore { name: text("bert") });
        ignores(scene, anna, &["bert"]);
        scene.say(bert, ClientMessage::Chat { text: text("are you there?") });
        hears(scene, bert, ChatScope::Channel, "Bert", "are you there?");
        scene.say(bert, ClientMessage::Whisper { to: text("Anna"), text: text("psst") });
        scene.told(bert, "that it was sent", |message| {
            matches!(message, ServerMessage::WhisperSent { .. }).then_some(())
        });
        let heard = scene.hear(anna);
        assert!(!heard.iter().any(|message| matches!(message, ServerMessage::Chat { .. })), "{heard:?}");
        scene.say(anna, ClientMessage::Unignore { name: text("Bert") });
        ignores(scene, anna, &[]);
        scene.say(bert, ClientMessage::Chat { text: text("and now?") });
        hears(scene, anna, ChatScope::Channel, "Bert", "and now?");
        scene.ask_in_vain(anna, ClientMessage::Unignore { name: text("Bert") }, Refusal::NotFound);
    });
}

pub fn a_whisper_reaches_one_anywhere(stage: &Stage) {
    stage.play(Ground::open(20, 11).channels(2), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)));
        let bert = scene.enter(Character::at("Bert", "cleric", tile(6, 5)));
        let other = scene.enter_channel(Character::at("Other", "ranger", tile(7, 6)), 2);
        scene.say(anna, ClientMessage::Whisper { to: text("Other"), text: text("psst") });
        hears(scene, other, ChatScope::Whisper, "Anna", "psst");
        let sent = scene.told(anna, "that it was heard", |message| match message {
            ServerMessage::WhisperSent { to, .. } => Some(to.clone()),
            _ => None,
        });
        assert_eq!(sent, "Other");
        let heard = scene.hear(bert);
        assert!(!heard.iter().any(|message| matches!(message, ServerMessage::Chat { .. })), "nobody else: {heard:?}");
        let nobody = ClientMessage::Whisper { to: text("Nobody"), text: text("psst") };
        scene.ask_in_vain(anna, nobody, Refusal::NotOnline);
    });
}

fn invite(scene: &mut Scene, from: Who, guest: Who) -> u64 {
    scene.say(from, ClientMessage::PartyInvite { to: scene[guest].name.clone() });
    scene.told(guest, "of the party", |message| match message {
        ServerMessage::PartyInvited { party, .. } => Some(*party),
        _ => None,
    })
}

pub fn a_party_shares_what_is_learned(stage: &Stage) {
    stage.play(Ground::open(20, 11).mob("boar", (11, 5)), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        let stranger = scene.enter(Character::at("Carl", "ranger", tile(4, 9)).level(5));
        let party = invite(scene, anna, bert);
        scene.say(bert, ClientMessage::PartyAnswer { party, accept: true });
        scene.until("both know of it", 2, |scene| {
            [anna, bert].iter().all(|who| scene[*who].session.party.members.len() == 2)
        });
        scene.say(bert, ClientMessage::PartyChat { text: text("forward") });
        hears(scene, anna, ChatScope::Party, "Bert", "forward");

        let boar = scene.mob(anna, "boar");
        slay(scene, anna, boar, "strike");
        let learned = |scene: &mut Scene, who| {
            scene.told(who, "what it learned", |message| match message {
                ServerMessage::Experience { gained, .. } => Some(*gained),
                _ => None,
            })
        };
        let (hers, his) = (learned(scene, anna), learned(scene, bert));
        assert_eq!(hers, his, "who stood by has the same share");
        let heard = scene.hear(stranger);
        let is_lesson = |message: &ServerMessage| matches!(message, ServerMessage::Experience { .. });
        assert!(!heard.iter().any(is_lesson), "and who is not of the party has none: {heard:?}");

        scene.say(bert, ClientMessage::PartyLeave);
        scene.until("he is out of it", 2, |scene| scene[bert].session.party.members.is_empty());
        assert_eq!(scene[anna].session.party.members.len(), 1);
    });
}

pub fn what_parties_refuse(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        scene.ask_in_vain(anna, ClientMessage::PartyInvite { to: text("Nobody") }, Refusal::NotOnline);
        scene.ask_in_vain(anna, ClientMessage::PartyAnswer { party: 77, accept: true }, Refusal::NotFound);
        scene.ask_in_vain(anna, ClientMessage::PartyLeave, Refusal::NotFound);
        scene.ask_in_vain(anna, ClientMessage::PartyChat { text: text("alone") }, Refusal::NotFound);
        let party = invite(scene, anna, bert);
        scene.say(bert, ClientMessage::PartyAnswer { party, accept: true });
        scene.steps(5);
        scene.ask_in_vain(anna, ClientMessage::PartyInvite { to: text("Bert") }, Refusal::PartyRefused);
    });
}
