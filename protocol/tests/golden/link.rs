//! Messages between map server and sidecar.

use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::{BatchId, ChannelId, LockEpoch, MapId, RequestId, SaveSequence, TicketId};
use realmgate_protocol::limits::LINK_VERSION;
use realmgate_protocol::link::{
    self, BodyPlace, Change, ChannelLoad, CharacterLoad, CooldownLeft, EventOutcome, EventRefusal, Fence, FromMap,
    GoldAccount, LeaveReason, OwnedEvent, Owner, PartyMember, PrepareRefusal, Save, SocialCommand, SocialEvent,
    SoftState, ToMap,
};
use realmgate_protocol::movement::Position;

use crate::messages::{Family, assert_all_seen, check_family};
use crate::samples::{LARGE, account, character, each, event_key, grant, item, item_record, soft_state};

#[test]
fn every_message_of_the_map_link_has_its_bytes() {
    let from_map =
        Family { file: "link_from_map", schema: link::schema(), encode: encode_link, decode: decode_link::<FromMap> };
    let to_map =
        Family { file: "link_to_map", schema: link::schema(), encode: encode_link, decode: decode_link::<ToMap> };
    let mut seen = check_family(&from_map, &samples_from_map());
    seen.extend(check_family(&to_map, &samples_to_map()));
    assert_all_seen(&from_map.schema, &seen);
}

const EPOCH: LockEpoch = LockEpoch(4);

fn save() -> Save {
    Save { character: character(1), epoch: EPOCH, sequence: SaveSequence(12), soft: soft_state() }
}

fn samples_from_map() -> Vec<FromMap> {
    use FromMap as M;
    let request = RequestId(300);
    let mut samples = vec![
        M::Hello {
            server: "map-server-1".into(),
            link_version: LINK_VERSION,
            protocol_hash: LARGE,
            maps: vec![MapId(1), MapId(2)],
            channels: 2,
            cookie: "c00k1e".into(),
            fresh: true,
        },
        M::Prepared { request, refusal: None, spawn: Some(Position { x: 1_536, y: 512 }) },
        M::Entered { character: character(1), epoch: EPOCH },
        M::Save { saves: vec![save()] },
        M::Events { batch: BatchId(1), events: events() },
        M::Dropped { character: character(1), epoch: EPOCH, reason: LeaveReason::ChannelFailed },
        M::Expired { character: character(1), epoch: EPOCH },
        M::Travel { request, save: save(), channel: None },
        M::Travel { request, save: save(), channel: Some(ChannelId(2)) },
        M::Load { channels: vec![ChannelLoad { map: MapId(1), channel: ChannelId(1), players: 12, is_full: false }] },
        M::Reclaim { locks: vec![Fence { character: character(1), epoch: EPOCH }], last: false },
        M::Reclaim { locks: Vec::new(), last: true },
        M::Lingers { character: character(1), epoch: EPOCH, ms: 30_000 },
        M::BodyFound { request, body: None },
        M::BodyFound {
            request,
            body: Some(BodyPlace { map: MapId(1), channel: ChannelId(2), position: Position { x: 1_536, y: 512 } }),
        },
    ];
    let refused = |refusal| M::Prepared { request, refusal: Some(refusal), spawn: None };
    samples.extend(each(PrepareRefusal::VARIANTS).into_iter().map(refused));
    samples.extend(each(LeaveReason::VARIANTS).into_iter().map(|reason| M::Released { save: save(), reason }));
    let social = |command| M::Social { character: character(1), command };
    samples.extend(social_commands().into_iter().map(social));
    samples
}

fn events() -> Vec<OwnedEvent> {
    let in_bag = |slot| Owner::Character { character: character(1), slot };
    let purse = GoldAccount::Character { character: character(1) };
    let event = |last, reason: &str, changes| OwnedEvent {
        key: event_key(last),
        reason: reason.into(),
        fences: vec![Fence { character: character(1), epoch: EPOCH }],
        changes,
    };
    let vendor = "smith".to_owned();
    vec![
        event(
            1,
            "loot",
            vec![
                Change::ItemCreated { item: item(1), definition: "rusty_sword".into(), to: Owner::Ground },
                Change::GoldMoved { from: GoldAccount::World, to: GoldAccount::Ground, amount: 12 },
                Change::ExperienceGained { character: character(1), amount: 40, level: 3 },
            ],
        ),
        event(2, "pick_up", vec![Change::ItemMoved { item: item(1), from: Owner::Ground, to: in_bag(0) }]),
        event(
            3,
            "sell",
            vec![
                Change::ItemMoved { item: item(1), from: in_bag(0), to: Owner::Vendor { vendor: vendor.clone() } },
                Change::GoldMoved { from: GoldAccount::Vendor { vendor }, to: purse, amount: 5 },
            ],
        ),
        event(4, "use", vec![Change::ItemDestroyed { item: item(2), from: in_bag(1) }]),
    ]
}

fn social_commands() -> Vec<SocialCommand> {
    vec![
        SocialCommand::Whisper { to: "Ada".into(), text: "hi".into() },
        SocialCommand::PartyInvite { to: "Ada".into() },
        SocialCommand::PartyAnswer { party: 7, accept: true },
        SocialCommand::PartyLeave,
        SocialCommand::PartyChat { text: "pull".into() },
        SocialCommand::MapChat { map: MapId(1), text: "hi".into() },
    ]
}

fn samples_to_map() -> Vec<ToMap> {
    use ToMap as M;
    let (character, request) = (character(1), RequestId(300));
    let prepare = |soft| M::Prepare {
        request,
        ticket: TicketId(LARGE),
        expires_in_ms: 30_000,
        map: MapId(1),
        channel: ChannelId(1),
        epoch: EPOCH,
        load: load(soft),
        trace: "0199-a7".into(),
    };
    let cooldowns = vec![CooldownLeft { ability: "fireball".into(), left_ms: 1_500 }];
    let mut samples = vec![
        M::Welcome { gateway: "gateway-1".into(), resumed: true, reclaim_within_ms: 30_000 },
        M::Refused { code: "NOT_REGISTERED".into(), message: "register with the directory first".into() },
        prepare(None),
        prepare(Some(SoftState { cooldowns, next_use_ms: 20_000, ignored: vec!["Bert".into()], ..soft_state() })),
        M::Cancel { character, epoch: EPOCH },
        M::Fenced { character, epoch: EPOCH },
        M::Committed { batch: BatchId(1), outcomes: outcomes() },
        M::TravelGranted { request, character, grant: grant(None) },
        M::TravelGranted { request, character, grant: grant(Some("wss://203.0.113.7:4002/play")) },
        M::TravelRefused { request, character, epoch: LockEpoch(6), code: "MAP_NOT_FOUND".into() },
        M::Drain,
        M::Settled { character, epoch: EPOCH },
        M::Watch { request, ticket: TicketId(LARGE), expires_in_ms: 30_000, map: MapId(2), channel: ChannelId(1) },
        M::Announce { text: "The realm restarts at noon".into() },
        M::MapChat { map: MapId(1), from: "Ada".into(), text: "hi".into() },
    ];
    samples.extend([None, Some(ChannelId(2))].map(|channel| M::Return {
        request,
        ticket: TicketId(LARGE),
        expires_in_ms: 30_000,
        character,
        account: account(1),
        epoch: EPOCH,
        channel,
        trace: "0199-a7".into(),
    }));
    let kick = |reason| M::Kick { character, epoch: EPOCH, reason };
    samples.extend(each(LeaveReason::VARIANTS).into_iter().map(kick));
    samples.extend(social_events().into_iter().map(|event| M::Social { character, event }));
    samples
}

fn load(soft: Option<SoftState>) -> CharacterLoad {
    CharacterLoad {
        character: character(1),
        account: account(1),
        name: "Ada".into(),
        class_id: "warrior".into(),
        level: 3,
        experience: 290,
        gold: 1_000,
        items: vec![item_record(1, "rusty_sword", 100)],
        // A character that was in a world before has a look.
        look: soft.as_ref().map(|_| r#"{"hair":"red"}"#.into()),
        soft,
    }
}

fn outcomes() -> Vec<EventOutcome> {
    let refused = each(EventRefusal::VARIANTS).into_iter().map(Some);
    let all = std::iter::once(None).chain(refused);
    all.zip(1..).map(|(refusal, last)| EventOutcome { key: event_key(last), refusal }).collect()
}

fn social_events() -> Vec<SocialEvent> {
    let text = || "hi".to_owned();
    let member = PartyMember { character: character(2), name: "Ada".into(), online: false };
    vec![
        SocialEvent::Whisper { from: "Ada".into(), text: text() },
        SocialEvent::WhisperSent { to: "Ada".into(), text: text() },
        SocialEvent::PartyInvited { party: 7, from: "Ada".into() },
        SocialEvent::PartyState { party: 7, members: vec![member] },
        SocialEvent::PartyChat { from: "Ada".into(), text: text() },
        SocialEvent::Failed { code: "NOT_ONLINE".into() },
        SocialEvent::Announced { text: text() },
        SocialEvent::Muted { for_s: 3_600 },
        SocialEvent::MapChat { from: "Ada".into(), text: "hi".into() },
    ]
}
