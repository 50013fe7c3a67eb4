//! A WebSocket that its task reads, while the thread's loop writes to it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::transport::tasks::Pipe;

/// The socket. It is borrowed only while it is polled.
pub(super) struct Line<S> {
    socket: RefCell<WebSocketStream<S>>,
    state: Cell<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    /// The library has something that the kernel has not taken.
    Full,
    Broken,
}

impl<S> Line<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    pub(super) fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket: RefCell::new(socket), state: Cell::new(State::Free) }
    }

    pub(super) fn into_socket(self) -> WebSocketStream<S> {
        self.socket.into_inner()
    }

    /// The next message.
    pub(super) async fn next(&self) -> Option<Result<Message, Error>> {
        poll_fn(|context| Pin::new(&mut *self.socket.borrow_mut()).poll_next(context)).await
    }

    /// Waits until the kernel has taken all. Returns whether it has.
    pub(super) async fn pass_on(&self) -> bool {
        if self.state.get() == State::Full {
            let flushed = poll_fn(|context| Pin::new(&mut *self.socket.borrow_mut()).poll_flush(context)).await;
            self.state.set(if flushed.is_ok() { State::Free } else { State::Broken });
        }
        self.state.get() == State::Free
    }
}

impl<S> Pipe for Line<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn is_free(&self) -> bool {
        self.state.get() == State::Free
    }

    fn give(&self, payload: Bytes) {
        let mut socket = self.socket.borrow_mut();
        let mut socket = Pin::new(&mut *socket);
        // Where it cannot go on, the task flushes it, and is woken then.
        let mut nobody = Context::from_waker(Waker::noop());
        let flushed = socket.as_mut().start_send(Message::Binary(payload)).map(|()| socket.poll_flush(&mut nobody));
        self.state.set(match flushed {
            Ok(Poll::Ready(Ok(()))) => State::Free,
            Ok(Poll::Pending) => State::Full,
            Ok(Poll::Ready(Err(_))) | Err(_) => State::Broken,
        });
    }
}
