//! One player's socket, from welcome to its end.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use realmgate_protocol::ids::{ChannelId, CharacterId};
use realmgate_protocol::link::TravelGrant;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, Interval, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::farewell::{Farewell, agree, close};
use super::messages::{ClientEvent, ServerEvent};
use super::sockets::{CloseReason, Seat};
use crate::error::{Error, ErrorCode};
use crate::http::TraceId;
use crate::service::tokens::Caller;
use crate::service::world::{self, Entry};
use crate::state::AppState;

/// How often an idle client is pinged. One that is silent from one ping to the next but one is gone.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// Serves a socket whose token was good.
pub(super) async fn serve(state: &AppState, socket: WebSocket, caller: Caller) {
    let (account, user) = (caller.account, caller.account.to_string());
    let mut seat = state.link.sockets.take_seat(account, caller.session);
    if let Err(farewell) = take_lock(state, &mut seat, caller.session).await {
        leave(state, &seat).await;
        return close(socket, farewell).await;
    }
    world::connected(state, account).await;
    tracing::info!("User {user} connected");
    let mut player = Player::new(state, socket, caller);
    let end = tokio::select! {
        reason = &mut seat.close => reason.map_or(End::Gone, |reason| End::Farewell(reason.into())),
        () = state.shutdown.cancelled() => End::Farewell(Farewell::SHUTDOWN),
        end = player.run() => end,
    };
    let socket = player.stop();
    leave(state, &seat).await;
    tracing::debug!(user, "gateway socket closed");
    match end {
        End::Gone => agree(socket).await,
        End::Farewell(farewell) => close(socket, farewell).await,
    }
}

/// The socket is at its end: its place, the account's lock and the session entry go, unless a newer one has them.
async fn leave(state: &AppState, seat: &Seat) {
    let account = seat.account;
    state.link.sockets.leave_seat(seat);
    if let Err(error) = world::release(state, account).await {
        tracing::error!(%error, user = %account, "an account's lock could not be given back");
    }
    if let Err(error) = world::settle_session(state, account).await {
        tracing::error!(%error, user = %account, "a session entry could not be settled");
    }
}

/// Takes the account's lock for a socket. One at a time here, so that of several that open at once the newest has it.
async fn take_lock(state: &AppState, seat: &mut Seat, session: Uuid) -> Result<(), Farewell> {
    let _alone = state.link.claims.pass(seat.account).await;
    if let Ok(reason) = seat.close.try_recv() {
        return Err(reason.into());
    }
    match world::claim(state, seat.account, session).await {
        Ok(()) => {
            state.link.sockets.came_in(seat);
            Ok(())
        }
        // Others open sockets of this account all the time.
        Err(error) if error.code == ErrorCode::AlreadyOnline => Err(CloseReason::Replaced.into()),
        Err(error) => {
            tracing::error!(%error, user = %seat.account, "an account's lock could not be taken");
            Err(Farewell::INTERNAL)
        }
    }
}

/// How a socket ends.
#[derive(Debug)]
enum End {
    /// The client went.
    Gone,
    /// We close it.
    Farewell(Farewell),
}

/// An `enter_world` that is not answered yet.
struct Entering {
    character: CharacterId,
    cancel: CancellationToken,
    task: JoinHandle<Result<TravelGrant, Error>>,
}

struct Player<'a> {
    state: &'a AppState,
    socket: WebSocket,
    caller: Caller,
    pings: Interval,
    heard: bool,
    entering: Option<Entering>,
    leaving: Option<JoinHandle<Result<(), Error>>>,
    /// The character that this socket brought into the world.
    own: Option<CharacterId>,
}

/// What a player's socket waits for.
enum Happening {
    Received(Option<Result<Message, axum::Error>>),
    Entered(Result<Result<TravelGrant, Error>, JoinError>),
    Left(Result<Result<(), Error>, JoinError>),
    PingDue,
}

impl<'a> Player<'a> {
    fn new(state: &'a AppState, socket: WebSocket, caller: Caller) -> Self {
        let pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        Self { state, socket, caller, pings, heard: true, entering: None, leaving: None, own: None }
    }

    /// Calls off what is under way, and hands the socket back for the last words.
    fn stop(self) -> WebSocket {
        if let Some(entering) = self.entering {
            entering.cancel.cancel();
        }
        self.socket
    }

    async fn run(&mut self) -> End {
        let welcome = ServerEvent::Welcome {
            user_id: self.caller.account.to_string(),
            gateway_id: self.state.config.gateway.id.clone(),
        };
        let mut going = self.say(&welcome).await;
        while going.is_ok() {
            going = self.step().await;
        }
        going.err().unwrap_or(End::Gone)
    }

    async fn step(&mut self) -> Result<(), End> {
        match self.next().await {
            Happening::Received(None) => Err(End::Gone),
            // Too large a message is the one fault of a client that it can mend.
            Happening::Received(Some(Err(_))) => Err(End::Farewell(Farewell::TOO_BIG)),
            Happening::Received(Some(Ok(message))) => self.receive(message).await,
            Happening::Entered(result) => self.entered(result).await,
            Happening::Left(result) => self.left(result).await,
            Happening::PingDue => self.ping().await,
        }
    }

    async fn next(&mut self) -> Happening {
        let entering = self.entering.as_mut().map(|entering| &mut entering.task);
        tokio::select! {
            received = self.socket.recv() => Happening::Received(received),
            result = finished(entering) => Happening::Entered(result),
            result = finished(self.leaving.as_mut()) => Happening::Left(result),
            _ = self.pings.tick() => Happening::PingDue,
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        self.heard = true;
        let text = match message {
            Message::Close(_) => return Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        };
        if let Err(error) = self.state.limits.gateway.message(self.caller.account).await {
            return self.complain(error).await;
        }
        let Some(text) = text else {
            return self.complain(Error::new(ErrorCode::BadMessage, "Messages are text")).await;
        };
        match ClientEvent::parse(&text) {
            Ok(ClientEvent::EnterWorld { character, channel }) => self.enter(character, channel).await,
            Ok(ClientEvent::LeaveWorld) => {
                self.leave();
                Ok(())
            }
            Err(error) => self.complain(error).await,
        }
    }

    async fn enter(&mut self, character: CharacterId, channel: Option<ChannelId>) -> Result<(), End> {
        if self.entering.is_some() {
            let error = Error::new(ErrorCode::BadMessage, "The last enter_world is not answered yet");
            self.complain(error).await?;
            return Err(End::Farewell(Farewell::OUT_OF_TURN));
        }
        let cancel = CancellationToken::new();
        let entry = Entry {
            account: self.caller.account,
            log_in: self.caller.session,
            character,
            channel,
            own: self.own,
            trace: TraceId::generate().into(),
            cancel: cancel.clone(),
        };
        let state = self.state.clone();
        let task = self.state.tasks.spawn(async move { world::enter(&state, &entry).await });
        self.entering = Some(Entering { character, cancel, task });
        Ok(())
    }

    /// Logs out. An `enter_world` under way is called off first; a second `leave_world` changes nothing.
    fn leave(&mut self) {
        if let Some(entering) = &self.entering {
            entering.cancel.cancel();
        }
        if self.leaving.is_none() {
            let (state, account) = (self.state.clone(), self.caller.account);
            self.leaving = Some(self.state.tasks.spawn(async move { world::leave_world(&state, account).await }));
        }
    }

    async fn entered(&mut self, result: Result<Result<TravelGrant, Error>, JoinError>) -> Result<(), End> {
        let character = self.entering.take().map(|entering| entering.character);
        match result.unwrap_or_else(|error| Err(Error::internal(error))) {
            Ok(grant) => {
                self.own = character;
                self.say(&ServerEvent::EnterWorldSuccess(Box::new(grant))).await
            }
            Err(error) => self.complain(error).await,
        }
    }

    async fn left(&mut self, result: Result<Result<(), Error>, JoinError>) -> Result<(), End> {
        self.leaving = None;
        match result.unwrap_or_else(|error| Err(Error::internal(error))) {
            Ok(()) => {
                self.own = None;
                self.say(&ServerEvent::LeaveWorldSuccess).await
            }
            Err(error) => self.complain(error).await,
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.write(Message::Ping(Default::default())).await
    }

    async fn complain(&mut self, error: Error) -> Result<(), End> {
        if error.code == ErrorCode::Internal {
            tracing::error!(%error, user = %self.caller.account, "a gateway message failed");
        }
        metrics::counter!("realmgate_gateway_errors_total", "code" => error.code.as_str()).increment(1);
        self.say(&ServerEvent::Error(error)).await
    }

    async fn say(&mut self, event: &ServerEvent) -> Result<(), End> {
        self.write(Message::Text(event.to_text().into())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        match timeout(WRITE_DEADLINE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

/// Completes with a task, if there is one.
async fn finished<T>(task: Option<&mut JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
