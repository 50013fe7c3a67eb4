//! One socket, from its opening to its end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, close_code};
use futures_util::{SinkExt, StreamExt};
use realmgate_platform::tokens::Caller;
use realmgate_platform::websocket::{Fault, Socket};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::frame::{Ref, Said, Status, Version};
use super::held::Held;
use super::social::{self, Ignored};
use crate::events::{Delivery, End, Seat, Told, Topic};
use crate::state::Community;

/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How often it is checked that the log-in lives, should its end not have been heard of.
const RECHECK_EVERY: Duration = Duration::from_secs(180);
/// Most messages of any kind in a window.
const MOST_MESSAGES: u32 = 300;
const WINDOW: Duration = Duration::from_secs(10);
/// Most topics that a socket has joined at once.
const MOST_CHANNELS: usize = 16;
/// Most states that a channel remembers to have told.
const MOST_REMEMBERED: usize = 1_024;

/// A client whose socket this is.
pub(super) struct Client {
    pub(super) community: Community,
    pub(super) caller: Caller,
    socket: Socket,
    pub(super) version: Version,
    seat: Seat,
    channels: BTreeMap<Topic, Channel>,
    held: Held,
    heard_at: Instant,
    window: (Instant, u32),
    /// Calls of scripts that are under way, which end with their answers.
    pub(super) calls: JoinSet<String>,
    /// Whose texts in the chats of maps are left out.
    pub(super) ignored: Ignored,
}

/// A topic that the socket has joined.
struct Channel {
    join_ref: Ref,
    /// What it was told of how things stand, by hashes.
    told: HashMap<Uuid, u64>,
}

impl Channel {
    /// Remembers how something stands. Returns whether that is news.
    fn is_news(&mut self, told: &Told) -> bool {
        let Some((of, hash)) = told.state else { return true };
        if self.told.len() >= MOST_REMEMBERED {
            self.told.clear();
        }
        self.told.insert(of, hash) != Some(hash)
    }
}

/// Serves a socket whose token was valid.
pub(super) async fn serve(community: Community, socket: Socket, version: Version, caller: Caller, seat: Seat) {
    let now = Instant::now();
    let held = Held::new(Duration::from_millis(community.settings.realtime_debounce_ms.into()));
    let mut client = Client {
        community,
        caller,
        socket,
        version,
        seat,
        channels: BTreeMap::new(),
        held,
        heard_at: now,
        window: (now, 0),
        calls: JoinSet::new(),
        ignored: Ignored::default(),
    };
    let end = client.run().await;
    let Client { community, caller, socket, seat, channels, .. } = client;
    drop(seat);
    metrics::counter!("realmgate_realtime_closed_total", "why" => end.name()).increment(1);
    // On shutdown, all are settled at once.
    if end != End::Shutdown {
        for topic in channels.keys() {
            if let Topic::Lobby(lobby) = topic {
                community.spectators.settle(caller.account, *lobby, false).await;
            }
        }
    }
    if channels.contains_key(&Topic::User(caller.account))
        && end != End::Shutdown
        && let Err(error) = community.presence.settle(caller.account).await
    {
        tracing::warn!(%error, account = %caller.account, "updating the online status failed");
    }
    if end.is_by_client() && community.settings.log_out_on_socket_close {
        community.world.socket_closed(caller.account, caller.session);
    }
    match end.farewell() {
        None if end == End::Gone => socket.agree().await,
        None => {}
        Some((code, reason)) => socket.say_goodbye(code, reason).await,
    }
}

impl Client {
    async fn run(&mut self) -> End {
        let shutdown = self.community.background.shutdown.clone();
        let idle = self.community.settings.realtime_idle;
        let mut recheck = tokio::time::interval_at(self.heard_at + RECHECK_EVERY, RECHECK_EVERY);
        loop {
            let ended = self.seat.waiting.ended();
            let step = tokio::select! {
                end = ended => Err(end),
                () = shutdown.cancelled() => Err(End::Shutdown),
                () = tokio::time::sleep_until(self.heard_at + idle) => Err(End::Idle),
                () = self.held.due() => self.tell_due().await,
                _ = recheck.tick() => recheck_log_in(&self.community, self.caller.session).await,
                delivery = self.seat.waiting.next() => self.deliver(delivery).await,
                Some(answered) = self.calls.join_next(), if !self.calls.is_empty() => self.tell_answer(answered).await,
                received = self.socket.next() => self.receive(received).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn deliver(&mut self, delivery: Delivery) -> Result<(), End> {
        match delivery {
            Delivery::Event(told) => self.tell(told).await,
            // Who has joined it again since stays in it.
            Delivery::Lost(topic) if self.seat.has(topic) => Ok(()),
            Delivery::Lost(topic) => {
                self.tell_held().await?;
                self.close(topic).await
            }
            Delivery::Refresh => self.refresh_all().await,
            Delivery::Missed(lobby) => self.refresh_listed(lobby).await,
            Delivery::BlocksChanged => {
                self.refresh_ignored().await;
                Ok(())
            }
        }
    }

    /// Delivers what waits at this moment: it is older than what a join is answered with, and must not be told after it.
    async fn deliver_waiting(&mut self) -> Result<(), End> {
        for _ in 0..self.seat.waiting.count() {
            let delivery = self.seat.waiting.next().await;
            self.deliver(delivery).await?;
        }
        Ok(())
    }

    /// Events may have been lost: tells how things stand on every topic but the list, of which it is known what is missing.
    async fn refresh_all(&mut self) -> Result<(), End> {
        let joined: Vec<Topic> = self.channels.keys().copied().collect();
        for topic in joined {
            match topic {
                Topic::User(_) => self.refresh().await?,
                Topic::Lobby(lobby) => self.refresh_lobby(lobby).await?,
                // What was said meanwhile is kept nowhere.
                Topic::Lobbies | Topic::Map(_) => {}
            }
        }
        Ok(())
    }

    /// Remembers what a channel is told by other means than [`Client::tell`].
    pub(super) fn remember(&mut self, told: &Told) {
        if let Some(channel) = self.channels.get_mut(&told.topic) {
            channel.is_news(told);
        }
    }

    /// Tells an event, or keeps it back for a moment. What was kept back goes before what has happened, so that the order stays.
    pub(super) async fn tell(&mut self, told: Arc<Told>) -> Result<(), End> {
        if self.held.keep(&told, Instant::now()) {
            return Ok(());
        }
        if !told.may_wait {
            self.tell_held().await?;
        }
        self.tell_now(&told).await
    }

    /// Tells all that was kept back.
    async fn tell_held(&mut self) -> Result<(), End> {
        for told in self.held.take() {
            self.tell_now(&told).await?;
        }
        Ok(())
    }

    /// Tells what was kept back for long enough.
    async fn tell_due(&mut self) -> Result<(), End> {
        for told in self.held.take_due(Instant::now()) {
            self.tell_now(&told).await?;
        }
        Ok(())
    }

    /// Writes an event, unless it says what was told before.
    async fn tell_now(&mut self, told: &Told) -> Result<(), End> {
        if self.ignored.covers(told) {
            return Ok(());
        }
        let Some(channel) = self.channels.get_mut(&told.topic) else { return Ok(()) };
        if !channel.is_news(told) {
            return Ok(());
        }
        let frame = self.version.event(told, &channel.join_ref);
        self.held.begin(told, Instant::now());
        self.write(frame).await
    }

    async fn receive(&mut self, received: Option<Result<Message, Fault>>) -> Result<(), End> {
        let message = match received {
            None => return Err(End::Gone),
            Some(Err(Fault::TooManyControlFrames)) => return Err(End::Flooding),
            // A message that is too large is the one such fault that a client can mend.
            Some(Err(Fault::Broken(_))) => return Err(End::TooLarge),
            Some(Ok(message)) => message,
        };
        let now = Instant::now();
        self.heard_at = now;
        match message {
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Binary(_) => Err(End::Malformed),
            Message::Text(_) if !self.count(now) => Err(End::Flooding),
            Message::Text(text) => {
                let said = Said::parse(&text, self.version).ok_or(End::Malformed)?;
                drop(text);
                self.hear(&said).await
            }
        }
    }

    /// Counts a message. Returns false if there are too many in this window.
    fn count(&mut self, now: Instant) -> bool {
        let (since, count) = &mut self.window;
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= MOST_MESSAGES
    }

    async fn hear(&mut self, said: &Said) -> Result<(), End> {
        let Said(join_ref, _, topic, event, _) = said;
        match (topic.as_str(), event.as_str()) {
            ("phoenix", "heartbeat") => self.answer(said, join_ref, Status::Ok, json!({})).await,
            (_, "phx_leave") => self.leave(said).await,
            (_, "phx_join") => self.join(said).await,
            _ => self.hear_push(said).await,
        }
    }

    async fn leave(&mut self, said: &Said) -> Result<(), End> {
        self.answer(said, &said.0, Status::Ok, json!({})).await?;
        match said.2.parse::<Topic>() {
            Ok(topic) if self.is_joined_as(topic, &said.0) => self.close(topic).await,
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Leaves a topic, and says so; nothing, if it was not joined.
    pub(super) async fn close(&mut self, topic: Topic) -> Result<(), End> {
        let Some(channel) = self.channels.remove(&topic) else { return Ok(()) };
        self.held.forget(topic);
        self.seat.leave(topic);
        self.settle(topic).await;
        self.write(self.version.close(&channel.join_ref, &topic.to_string())).await
    }

    /// Writes down that a topic was left. What cannot be written is written later.
    async fn settle(&mut self, topic: Topic) {
        match topic {
            Topic::User(account) => drop(self.community.presence.settle(account).await),
            Topic::Lobby(lobby) => self.community.spectators.settle(self.caller.account, lobby, false).await,
            Topic::Lobbies | Topic::Map(_) => {}
        }
    }

    async fn join(&mut self, said: &Said) -> Result<(), End> {
        let topic = match said.2.parse::<Topic>() {
            Ok(topic) => topic,
            Err(no_topic) => return self.refuse(said, super::user::reason(no_topic)).await,
        };
        if self.community.http.limits.realtime.message(self.caller.account).await.is_err() {
            return self.refuse(said, "rate_limited").await;
        }
        if matches!(topic, Topic::User(account) if account != self.caller.account) {
            return self.refuse(said, "unauthorized").await;
        }
        if topic == Topic::Lobbies && !self.community.settings.list_lobbies {
            return self.refuse(said, "listing_disabled").await;
        }
        if matches!(topic, Topic::Lobby(_) | Topic::Map(_))
            && self.channels.len() >= MOST_CHANNELS
            && !self.has_joined(topic)
        {
            return self.refuse(said, "too_many_topics").await;
        }
        self.deliver_waiting().await?;
        self.held.forget(topic);
        // Who joins again has forgotten that it had.
        if let Some(before) = self.channels.remove(&topic) {
            self.write(self.version.close(&before.join_ref, &said.2)).await?;
        }
        // First of all, so that nothing is missed of what happens while it is told how things stand.
        self.seat.join(topic);
        self.channels.insert(topic, Channel { join_ref: said.0.clone(), told: HashMap::new() });
        match topic {
            Topic::User(_) => self.join_user(said).await,
            Topic::Lobby(lobby) => self.join_lobby(said, lobby).await,
            Topic::Map(_) => self.join_map(said, topic).await,
            Topic::Lobbies => self.answer(said, &said.0, Status::Ok, json!({})).await,
        }
    }

    /// A join that cannot be done, or not now.
    pub(super) async fn give_up(&mut self, said: &Said, topic: Topic, reason: &'static str) -> Result<(), End> {
        self.channels.remove(&topic);
        self.seat.leave(topic);
        self.settle(topic).await;
        self.refuse(said, reason).await
    }

    async fn refuse(&mut self, said: &Said, reason: &'static str) -> Result<(), End> {
        self.answer(said, &said.0, Status::Error, json!({"reason": reason})).await
    }

    async fn hear_push(&mut self, said: &Said) -> Result<(), End> {
        let topic = said.2.parse::<Topic>().ok().filter(|topic| self.is_joined_as(*topic, &said.0));
        let Some(topic) = topic else { return self.refuse(said, "unmatched topic").await };
        if self.community.http.limits.realtime.message(self.caller.account).await.is_err() {
            self.answer(said, &said.0, Status::Error, json!({"error": "rate_limited"})).await?;
            return self.close(topic).await;
        }
        if let Some(asked) = social::asked(topic, said) {
            return self.ask(said, asked).await;
        }
        let error = match topic {
            Topic::User(_) if said.3 == "log_out" => return self.log_out(said).await,
            Topic::User(_) if said.3 == "call_hook" => return self.call_hook(said).await,
            Topic::User(_) if said.3.starts_with("webrtc:") => "webrtc_disabled",
            _ => "unknown_event",
        };
        self.answer(said, &said.0, Status::Error, json!({"error": error})).await?;
        match topic {
            // A client that waits for an answer to its offer, whatever the reply says, waits no longer.
            Topic::User(_) if said.3 == "webrtc:offer" => self.push(said, "webrtc:answer", &json!({})).await,
            Topic::User(_) | Topic::Map(_) => Ok(()),
            Topic::Lobby(_) | Topic::Lobbies => self.close(topic).await,
        }
    }

    /// Whether the topic is joined.
    pub(super) fn has_joined(&self, topic: Topic) -> bool {
        self.channels.contains_key(&topic)
    }

    /// Whether the chat of a map is joined.
    pub(super) fn follows_a_chat(&self) -> bool {
        self.channels.keys().any(|topic| matches!(topic, Topic::Map(_)))
    }

    /// Whether the topic is joined, by the join that a message belongs to.
    fn is_joined_as(&self, topic: Topic, join_ref: &Ref) -> bool {
        let joined = self.channels.get(&topic);
        joined.is_some_and(|channel| *join_ref == Ref::None(()) || *join_ref == channel.join_ref)
    }

    pub(super) async fn answer(
        &mut self,
        said: &Said,
        join_ref: &Ref,
        status: Status,
        response: Value,
    ) -> Result<(), End> {
        self.write(self.version.reply(said, join_ref, status, &response)).await
    }

    /// Tells something on the topic that a message has joined.
    pub(super) async fn push(&mut self, said: &Said, event: &str, payload: &impl Serialize) -> Result<(), End> {
        self.write(self.version.push(&said.0, &said.2, event, payload)).await
    }

    pub(super) async fn write(&mut self, text: String) -> Result<(), End> {
        let ended = self.seat.waiting.ended();
        let writing = timeout(WRITE_DEADLINE, self.socket.send(Message::Text(text.into())));
        tokio::select! {
            biased;
            written = writing => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Gone),
                Err(_) => Err(End::TooSlow),
            },
            end = ended => Err(end),
        }
    }
}

async fn recheck_log_in(community: &Community, session: Uuid) -> Result<(), End> {
    match community.sessions.find_live(session).await {
        Ok(None) => Err(End::LoggedOut),
        // Where the database cannot be asked, the next time tells.
        Ok(Some(_)) | Err(_) => Ok(()),
    }
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::LoggedOut => "logged_out",
            Self::TooSlow => "slow",
            Self::Idle => "idle",
            Self::Flooding => "flooding",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Shutdown => "shutdown",
        }
    }

    /// Whether the client has ended the socket, by closing it or by what it sends.
    fn is_by_client(self) -> bool {
        !matches!(self, Self::LoggedOut | Self::Shutdown)
    }

    /// The close code and the reason; `None` where nobody would read it. A client that is to come again is never told
    /// 1000, after which some do not.
    fn farewell(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Gone | Self::TooSlow => None,
            Self::LoggedOut => Some((close_code::NORMAL, "Logged out")),
            Self::Idle => Some((close_code::AWAY, "No message for a minute")),
            Self::Flooding => Some((close_code::POLICY, "Too many messages")),
            Self::Malformed => Some((close_code::INVALID, "Messages must be JSON arrays of five values, or objects")),
            Self::TooLarge => Some((close_code::SIZE, "A message has at most 128 KiB")),
            Self::Shutdown => Some((close_code::AWAY, "The server is shutting down")),
        }
    }
}
