//! Chat, whispers and parties, as far as a channel goes.

use realmgate_engine::replication::InterestRange;
use realmgate_game::party::Parties;
use realmgate_protocol::link::{FromMap, PartyMember, SocialCommand, SocialEvent};
use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage, protocol_hash};

use crate::scene::{HERE, Scene, character, kit, two_players};

fn chat(text: &str) -> ClientMessage {
    ClientMessage::Chat { text: text.to_owned() }
}

/// The commands sent to the sidecar since the last call, all of them by player 1, without the lines of the channel's chat.
#[track_caller]
fn commands(scene: &mut Scene) -> Vec<SocialCommand> {
    let command = |message| match message {
        FromMap::Social { command: SocialCommand::MapChat { .. }, .. } => None,
        FromMap::Social { character, command } => Some((character, command)),
        _ => None,
    };
    let sent: Vec<_> = std::mem::take(&mut scene.link).into_iter().filter_map(command).collect();
    assert!(sent.iter().all(|(sender, _)| *sender == character(1)), "{sent:?}");
    sent.into_iter().map(|(_, command)| command).collect()
}

fn member(player: u8) -> PartyMember {
    PartyMember { character: character(player), name: format!("Player{player}"), online: true }
}

#[test]
fn a_line_is_heard_by_all_in_the_channel() {
    let mut scene = two_players();
    let said =
        ServerMessage::Chat { scope: ChatScope::Channel, from: "Player1".to_owned(), text: "hello, wörld".to_owned() };
    // A third who sees neither of them, nor is seen.
    scene.channel.world_mut().insert_resource(InterestRange { enter: 1_024, leave: 1_024 });
    scene.enter(3, kit(&[], 0), HERE.offset(6 * 1_024, 0));
    let heard = [scene.ask(1, chat("hello, wörld")), scene.hear(2), scene.hear(3)];
    assert_eq!(heard, [[said.clone()], [said.clone()], [said]]);
}

#[test]
fn a_line_goes_over_the_link_too_for_those_who_follow_the_map() {
    let mut scene = two_players();
    scene.link.clear();
    scene.ask(1, chat("hello"));
    scene.refused(1, chat(" "), Refusal::BadText);
    let sent: Vec<_> =
        std::mem::take(&mut scene.link).into_iter().filter(|sent| matches!(sent, FromMap::Social { .. })).collect();
    let map = scene.channel.settings().key.map;
    let command = SocialCommand::MapChat { map, text: "hello".to_owned() };
    assert_eq!(sent, [FromMap::Social { character: character(1), command }]);
}

#[test]
fn a_line_of_a_user_who_is_not_on_the_map_is_shown_unless_its_sender_is_ignored() {
    let mut scene = two_players();
    let event = || SocialEvent::MapChat { from: "@bo".to_owned(), text: "hi".to_owned() };
    let said = ServerMessage::Chat { scope: ChatScope::Channel, from: "@bo".to_owned(), text: "hi".to_owned() };
    assert_eq!((scene.heard_from_beyond(1, event()), scene.hear(2)), (vec![said], vec![]));
    scene.ask(1, ClientMessage::Ignore { name: "@BO".to_owned() });
    assert_eq!(scene.heard_from_beyond(1, event()), []);
}

#[test]
fn what_can_not_be_said() {
    let mut scene = two_players();
    scene.refused(1, chat(" "), Refusal::BadText);
    scene.refused(1, chat("a\u{0}b"), Refusal::BadText);
    scene.refused(1, chat(&"x".repeat(241)), Refusal::BadText);
    assert_eq!(scene.hear(2), []);
    scene.ask(1, chat(&"x".repeat(240)));
    assert_eq!(scene.hear(2).len(), 1, "a line of 240 bytes can");
}

#[test]
fn what_fools_readers_is_refused_wherever_it_is_said() {
    let marks = format!("a{}", "\u{301}".repeat(110));
    for text in ["me\u{2028}Admin: hi", "\u{202e}cod.exe", "\u{200b}", "hi\u{e0068}\u{e0069}", "\u{3164}", &marks] {
        let mut scene = two_players();
        let text = text.to_owned();
        scene.refused(1, ClientMessage::Chat { text: text.clone() }, Refusal::BadText);
        scene.refused(1, ClientMessage::Whisper { to: "Player2".to_owned(), text: text.clone() }, Refusal::BadText);
        scene.refused(1, ClientMessage::PartyChat { text }, Refusal::BadText);
        assert_eq!((scene.hear(2), commands(&mut scene)), (vec![], vec![]));
    }
}

#[test]
fn nobody_talks_without_drawing_breath() {
    let mut scene = two_players();
    let said = scene.ask(1, chat("hi"));
    assert!(matches!(said.as_slice(), [ServerMessage::Chat { text, .. }] if text == "hi"), "{said:?}");
    for _ in 0..2 {
        assert_eq!(scene.ask(1, chat("hi")), said);
    }
    assert_eq!(scene.hear(2).len(), 3);
    let (to, text) = ("Ada".to_owned(), "hi".to_owned());
    scene.refused(1, chat("hi"), Refusal::RateLimited);
    for more in [chat("hi"), ClientMessage::Whisper { to, text: text.clone() }, ClientMessage::PartyChat { text }] {
        assert_eq!(scene.ask(1, more), [], "it is told once a second");
    }
    assert_eq!((scene.hear(2), commands(&mut scene)), (vec![], vec![]), "what is refused is not heard");
    scene.ticks(30);
    assert_eq!(scene.ask(1, chat("hi")), said, "a second later there is breath again");
    scene.refused(1, chat("hi"), Refusal::RateLimited);
}

#[test]
fn a_muted_player_reads_and_does_not_chat_until_its_time_is_over() {
    let mut scene = two_players();
    assert_eq!(scene.heard_from_beyond(1, SocialEvent::Muted { for_s: 2 }), []);
    let (to, text) = ("Player2".to_owned(), "hi".to_owned());
    scene.refused(1, chat("hi"), Refusal::Muted);
    scene.refused(1, ClientMessage::Whisper { to, text: text.clone() }, Refusal::Muted);
    scene.refused(1, ClientMessage::PartyChat { text }, Refusal::Muted);
    assert_eq!((scene.hear(2), commands(&mut scene)), (vec![], vec![]));
    assert_eq!(scene.ask(2, chat("hello")).len(), 1, "others go on");
    assert_eq!(scene.hear(1).len(), 1, "and are read");
    scene.ticks(60);
    assert_eq!(scene.ask(1, chat("hi")).len(), 1, "two seconds later it may chat again");
    scene.heard_from_beyond(1, SocialEvent::Muted { for_s: u32::MAX });
    scene.refused(1, chat("hi"), Refusal::Muted);
    scene.heard_from_beyond(1, SocialEvent::Muted { for_s: 0 });
    assert_eq!(scene.ask(1, chat("hi")).len(), 1, "an administrator has lifted it");
}

#[test]
fn an_announcement_comes_from_nobody_and_cannot_be_ignored() {
    let mut scene = two_players();
    let text = "The realm restarts at noon".to_owned();
    let said = ServerMessage::Chat { scope: ChatScope::Realm, from: String::new(), text: text.clone() };
    assert_eq!(scene.heard_from_beyond(1, SocialEvent::Announced { text }), [said]);
}

#[test]
fn whispers_and_party_talk_go_over_the_link_and_come_back() {
    let mut scene = two_players();
    let (to, text) = ("Ada".to_owned(), "psst".to_owned());
    scene.ask(1, ClientMessage::Whisper { to: to.clone(), text: text.clone() });
    scene.ask(1, ClientMessage::PartyChat { text: text.clone() });
    let whisper = SocialCommand::Whisper { to: to.clone(), text: text.clone() };
    assert_eq!(commands(&mut scene), [whisper, SocialCommand::PartyChat { text: text.clone() }]);
    let heard = scene.heard_from_beyond(1, SocialEvent::WhisperSent { to: to.clone(), text: text.clone() });
    assert_eq!(heard, [ServerMessage::WhisperSent { to, text: text.clone() }]);
    for (event, scope) in [
        (SocialEvent::Whisper { from: "Bo".to_owned(), text: text.clone() }, ChatScope::Whisper),
        (SocialEvent::PartyChat { from: "Bo".to_owned(), text: text.clone() }, ChatScope::Party),
    ] {
        let said = ServerMessage::Chat { scope, from: "Bo".to_owned(), text: text.clone() };
        assert_eq!((scene.heard_from_beyond(2, event), scene.hear(1)), (vec![said], vec![]), "and nobody else");
    }
}

#[test]
fn failures_come_back_as_refusals_of_what_was_asked() {
    let mut scene = two_players();
    let cases = [
        (ClientMessage::Whisper { to: "Nobody".to_owned(), text: "?".to_owned() }, "NOT_ONLINE", Refusal::NotOnline),
        (ClientMessage::PartyInvite { to: "Ada".to_owned() }, "PARTY_FULL", Refusal::PartyRefused),
        (ClientMessage::PartyAnswer { party: 3, accept: true }, "NO_INVITATION", Refusal::NotFound),
        (ClientMessage::PartyAnswer { party: 3, accept: true }, "ALREADY_IN_PARTY", Refusal::PartyRefused),
        (ClientMessage::PartyLeave, "NOT_IN_PARTY", Refusal::NotFound),
        (ClientMessage::PartyChat { text: "?".to_owned() }, "NOT_IN_PARTY", Refusal::NotFound),
    ];
    for (message, code, reason) in cases {
        let request = message.name();
        scene.ask(1, message);
        assert_eq!(commands(&mut scene).len(), 1, "{request} goes over the link");
        let heard = scene.heard_from_beyond(1, SocialEvent::Failed { code: code.to_owned() });
        assert_eq!(heard, [scene.refusal(1, request, reason)]);
    }
}

#[test]
fn a_party_is_known_here_and_told() {
    let mut scene = two_players();
    let invited = SocialEvent::PartyInvited { party: 5, from: "Bo".to_owned() };
    let heard = scene.heard_from_beyond(1, invited);
    assert_eq!(heard, [ServerMessage::PartyInvited { party: 5, from: "Bo".to_owned() }]);
    let members = vec![member(2), member(9), member(1)];
    let heard = scene.heard_from_beyond(1, SocialEvent::PartyState { party: 5, members: members.clone() });
    assert_eq!(heard, [ServerMessage::Party { party: 5, members }]);
    let here = |scene: &Scene| scene.channel.world().resource::<Parties>().members(scene.entity(1)).collect::<Vec<_>>();
    assert_eq!(here(&scene), [scene.entity(1), scene.entity(2)], "who is elsewhere is no member here");
    assert!(scene.channel.world().resource::<Parties>().is_in_one(scene.entity(1)));
    scene.ask(2, ClientMessage::Logout);
    scene.tick();
    assert_eq!(here(&scene), [scene.entity(1)]);
    let heard = scene.heard_from_beyond(1, SocialEvent::PartyState { party: 5, members: Vec::new() });
    assert_eq!(heard, [ServerMessage::Party { party: 5, members: Vec::new() }]);
    assert!(!scene.channel.world().resource::<Parties>().is_in_one(scene.entity(1)));
}

#[test]
fn a_party_that_was_there_before_is_told_after_the_welcome() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[], 0), HERE);
    let state = SocialEvent::PartyState { party: 5, members: vec![member(1)] };
    assert_eq!(scene.heard_from_beyond(1, state), [], "not before it knows who it is");
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    let party = ServerMessage::Party { party: 5, members: vec![member(1)] };
    let places: Vec<usize> = (0..heard.len()).filter(|place| heard[*place] == party).collect();
    assert!(matches!(heard[0], ServerMessage::Welcome { .. }) && places == [heard.len() - 1], "{heard:?}");
}
