//! One player's socket, from welcome to its end.

use std::time::Duration;

use axum::extract::ws::Message;
use futures_util::{SinkExt, StreamExt};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::TraceId;
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_platform::websocket::{Fault, Socket};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, Interval, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Gateway;
use super::farewell::{Farewell, close};
use super::messages::{ClientEvent, ServerEvent};
use super::registry::{CloseReason, Seat};
use crate::lock::NotClaimed;
use crate::service::world::{Entry, NotLetIn, Waiter};

/// How often a client is pinged. A client that is silent from one ping to the next is gone.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How long a socket that ends waits for its locks to be released before its client is told. A client that comes again
/// at once finds them free, and one whose database is held up is not left without an answer.
const RELEASE_BEFORE_CLOSE: Duration = Duration::from_secs(5);
/// How many messages in a row may break the rate limit. Each is answered; then the socket ends, since every answer
/// costs a little.
const MAX_RATE_LIMITED_IN_A_ROW: u32 = 60;
/// Maximum number of queued notices of how long a body lingers; more are dropped.
const LINGER_NOTICE_CAPACITY: usize = 4;

/// How a socket ends.
#[derive(Debug)]
enum End {
    /// The client has closed it, or is gone.
    Gone,
    /// We close it, with this farewell.
    Farewell(Farewell),
}

/// An `enter_world` that is not answered yet.
struct Entering {
    character: CharacterId,
    /// Whether the client wants the connect token in the form of `renetcode`, too.
    renet: bool,
    cancel: CancellationToken,
    task: JoinHandle<Result<Box<EntryGrant>, Error>>,
}

struct Player<'a> {
    gateway: &'a Gateway,
    socket: Socket,
    caller: Caller,
    source: Source,
    pings: Interval,
    heard: bool,
    entering: Option<Entering>,
    leaving: Option<JoinHandle<Result<(), Error>>>,
    /// Where tasks report how long a body lingers that the player waits for.
    told: mpsc::Sender<Duration>,
    hears: mpsc::Receiver<Duration>,
    /// Messages in a row that broke the rate limit.
    refused: u32,
    /// The character that this socket brought into the world.
    own: Option<CharacterId>,
}

/// An event that a player's socket waits for.
enum Happening {
    Received(Option<Result<Message, Fault>>),
    Entered(Result<Result<Box<EntryGrant>, Error>, JoinError>),
    Left(Result<Result<(), Error>, JoinError>),
    Lingers(Duration),
    PingDue,
}

impl<'a> Player<'a> {
    fn new(gateway: &'a Gateway, socket: Socket, caller: Caller, source: Source) -> Self {
        let pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let (told, hears) = mpsc::channel(LINGER_NOTICE_CAPACITY);
        Self {
            gateway,
            socket,
            caller,
            source,
            pings,
            heard: true,
            entering: None,
            leaving: None,
            told,
            hears,
            refused: 0,
            own: None,
        }
    }

    /// Calls off an entry under way, and hands the socket back to be closed.
    fn stop(self) -> Socket {
        if let Some(entering) = self.entering {
            entering.cancel.cancel();
        }
        self.socket
    }

    async fn run(&mut self) -> End {
        let welcome =
            ServerEvent::Welcome { user_id: self.caller.account.to_string(), gateway_id: self.gateway.this.id.clone() };
        let mut going = self.say(&welcome).await;
        while going.is_ok() {
            going = self.step().await;
        }
        going.err().unwrap_or(End::Gone)
    }

    async fn step(&mut self) -> Result<(), End> {
        match self.next().await {
            Happening::Received(None) => Err(End::Gone),
            Happening::Received(Some(Err(Fault::TooManyControlFrames))) => {
                Err(End::Farewell(Farewell::TOO_MANY_CONTROL_FRAMES))
            }
            // A message that is too large is the one such fault that a client can mend.
            Happening::Received(Some(Err(Fault::Broken(_)))) => Err(End::Farewell(Farewell::TOO_BIG)),
            Happening::Received(Some(Ok(message))) => self.receive(message).await,
            Happening::Entered(result) => self.entered(result).await,
            Happening::Left(result) => self.left(result).await,
            Happening::Lingers(longest) => self.say(&ServerEvent::Leaving(longest)).await,
            Happening::PingDue => self.ping_or_end().await,
        }
    }

    async fn next(&mut self) -> Happening {
        let entering = self.entering.as_mut().map(|entering| &mut entering.task);
        // In this order: an entry that a log-out called off ended before the log-out did, and is answered first.
        tokio::select! {
            biased;
            result = finished(entering) => Happening::Entered(result),
            Some(longest) = self.hears.recv() => Happening::Lingers(longest),
            result = finished(self.leaving.as_mut()) => Happening::Left(result),
            _ = self.pings.tick() => Happening::PingDue,
            received = self.socket.next() => Happening::Received(received),
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
        if let Err(error) = self.gateway.limits.gateway.message(self.caller.account).await {
            self.refused += 1;
            self.complain(error).await?;
            return if self.refused < MAX_RATE_LIMITED_IN_A_ROW {
                Ok(())
            } else {
                Err(End::Farewell(Farewell::TOO_OFTEN))
            };
        }
        self.refused = 0;
        let Some(text) = text else {
            return self.complain(Error::new(ErrorCode::BadMessage, "Expected a text message")).await;
        };
        match ClientEvent::parse(&text) {
            Ok(ClientEvent::EnterWorld { character, channel, renet }) => self.enter(character, channel, renet).await,
            Ok(ClientEvent::LeaveWorld) => {
                self.log_out();
                Ok(())
            }
            Err(error) => self.complain(error).await,
        }
    }

    async fn enter(&mut self, character: CharacterId, channel: Option<ChannelId>, renet: bool) -> Result<(), End> {
        if self.entering.is_some() {
            let error = Error::new(ErrorCode::BadMessage, "The previous enter_world is still pending");
            self.complain(error).await?;
            return Err(End::Farewell(Farewell::OUT_OF_TURN));
        }
        // Checked before anybody is asked to make way for it.
        if let Err(error) = self.gateway.limits.entry(self.caller.account, self.source).await {
            return self.complain(error).await;
        }
        let cancel = CancellationToken::new();
        let entry = Entry {
            account: self.caller.account,
            log_in: self.caller.session,
            character,
            channel,
            own: self.own,
            trace: TraceId::generate().into(),
            waiter: Waiter { told: self.told.clone(), cancel: cancel.clone() },
        };
        let entrance = self.gateway.entrance.clone();
        let task = self.gateway.tasks.spawn(async move { entrance.enter(&entry).await.map(Box::new) });
        self.entering = Some(Entering { character, renet, cancel, task });
        Ok(())
    }

    /// Logs out. An `enter_world` under way is called off first; a second `leave_world` changes nothing.
    fn log_out(&mut self) {
        if let Some(entering) = &self.entering {
            entering.cancel.cancel();
        }
        if self.leaving.is_none() {
            let (exits, account, log_in) = (self.gateway.exits.clone(), self.caller.account, self.caller.session);
            // Never cancelled: the log-out goes on when the socket closes.
            let waiter = Waiter { told: self.told.clone(), cancel: CancellationToken::new() };
            let leaving = async move { exits.leave_world(account, log_in, &waiter).await };
            self.leaving = Some(self.gateway.tasks.spawn(leaving));
        }
    }

    async fn entered(&mut self, result: Result<Result<Box<EntryGrant>, Error>, JoinError>) -> Result<(), End> {
        let Some(Entering { character, renet, .. }) = self.entering.take() else { return Ok(()) };
        match result.unwrap_or_else(|error| Err(Error::internal(error))) {
            Ok(mut grant) => {
                self.own = Some(character);
                if renet {
                    grant.add_renet_connect_token();
                }
                self.say(&ServerEvent::EnterWorldSuccess(grant)).await
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

    async fn ping_or_end(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.write(Message::Ping(Default::default())).await
    }

    async fn complain(&mut self, error: Error) -> Result<(), End> {
        if error.code == ErrorCode::Internal {
            tracing::error!(%error, user = %self.caller.account, "gateway message failed");
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

impl Gateway {
    /// Serves a socket whose token was valid.
    pub(super) async fn serve(&self, socket: Socket, caller: Caller, source: Source) {
        let (account, log_in, user) = (caller.account, caller.session, caller.account.to_string());
        let mut seat = match self.take_place(account, caller.session).await {
            Ok(seat) => seat,
            Err(farewell) => return close(socket, farewell).await,
        };
        self.entries.connected(account).await;
        tracing::info!("User {user} connected");
        let mut player = Player::new(self, socket, caller, source);
        let (end, is_by_client) = tokio::select! {
            reason = &mut seat.close => (reason.map_or(End::Gone, |reason| End::Farewell(reason.into())), false),
            () = self.shutdown.cancelled() => (End::Farewell(Farewell::SHUTDOWN), false),
            end = player.run() => (end, true),
        };
        let socket = player.stop();
        let left = CancellationToken::new();
        let leaving = async {
            self.clean_up(&seat).await;
            if is_by_client {
                self.closes.closed(account, log_in);
            }
            left.cancel();
        };
        let goodbye = async {
            let _ = timeout(RELEASE_BEFORE_CLOSE, left.cancelled()).await;
            match end {
                End::Gone => socket.agree().await,
                End::Farewell(farewell) => close(socket, farewell).await,
            }
        };
        tokio::join!(leaving, goodbye);
        tracing::debug!(user, "gateway socket closed");
    }

    /// Cleans up after a socket: gives up its place, the account's lock and the session entry, unless a newer socket
    /// has them.
    async fn clean_up(&self, seat: &Seat) {
        let account = seat.account;
        self.sockets.leave_seat(seat);
        if let Err(error) = self.accounts.release(account).await {
            tracing::error!(%error, user = %account, "cannot release an account's lock");
        }
        if let Err(error) = self.entries.settle(account).await {
            tracing::error!(%error, user = %account, "cannot update a session entry");
        }
    }

    /// Takes a place here for a socket, and its account's lock. Sockets of an account do so one at a time, so that of
    /// several that open at once the last has it. The account's older socket here closes only for one that may come in.
    async fn take_place(&self, account: AccountId, session: Uuid) -> Result<Seat, Farewell> {
        let _alone = self.claims.pass(account).await;
        self.accounts.expects(account, session).await.map_err(|error| farewell(account, error))?;
        let seat = self.sockets.take_seat(account, session);
        match self.accounts.claim(account, session).await {
            Ok(()) => {
                self.sockets.came_in(&seat);
                Ok(seat)
            }
            Err(error) => {
                self.clean_up(&seat).await;
                Err(farewell(account, error))
            }
        }
    }
}

fn farewell(account: AccountId, error: NotLetIn) -> Farewell {
    match error {
        NotLetIn::Refused(NotClaimed::Newer) => CloseReason::Replaced.into(),
        NotLetIn::Refused(NotClaimed::TooLate) => Farewell::TOO_LATE,
        NotLetIn::Failed(error) => {
            tracing::error!(%error, user = %account, "cannot take an account's lock");
            Farewell::INTERNAL
        }
    }
}

/// Completes when the task does; never if there is none.
async fn finished<T>(task: Option<&mut JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
