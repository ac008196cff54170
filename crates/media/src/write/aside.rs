//! Encoders on a thread of their own: for libraries whose states may not change threads, and for the sake of the other
//! cores.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::error::MediaError;

/// Pieces on their way to the thread: enough to keep it busy, few enough to keep memory small.
const WAITING: usize = 8;

/// What runs there: pieces in, a complete file out.
pub(crate) trait Encode<P, W> {
    /// Encodes the next piece.
    fn encode(&mut self, piece: &P) -> Result<(), MediaError>;

    /// Encodes what is left and gives the file back; so many frames of it are sound.
    fn finish(self, frames: u64) -> Result<W, MediaError>;
}

enum Message<P> {
    Piece(P),
    Finish(u64),
}

/// An encoder at work elsewhere. Dropped, it stops and leaves nothing behind.
pub(crate) struct Aside<P, W> {
    messages: Option<SyncSender<Message<P>>>,
    /// Pieces that were used up, to be filled again.
    used: Receiver<P>,
    thread: Option<JoinHandle<Result<Option<W>, MediaError>>>,
}

impl<P: Send + 'static, W: Send + 'static> Aside<P, W> {
    /// Starts a thread and makes the encoder there; an encoder that cannot be made is an error here.
    pub(crate) fn start<E: Encode<P, W>>(
        target: &Path,
        make: impl FnOnce() -> Result<E, MediaError> + Send + 'static,
    ) -> Result<Self, MediaError> {
        let (messages, inbox) = sync_channel(WAITING);
        let (back, used) = sync_channel(WAITING + 2);
        let (ready, made) = sync_channel(1);
        let run = move || {
            let mut encoder = match make() {
                Ok(encoder) => {
                    let _ = ready.send(None);
                    encoder
                }
                Err(error) => {
                    let _ = ready.send(Some(error));
                    return Ok(None);
                }
            };
            for message in inbox {
                match message {
                    Message::Piece(piece) => {
                        encoder.encode(&piece)?;
                        // Nobody waits for a used piece.
                        let _ = back.try_send(piece);
                    }
                    Message::Finish(frames) => return encoder.finish(frames).map(Some),
                }
            }
            Ok(None)
        };
        let thread = std::thread::Builder::new()
            .name("encoder".into())
            .spawn(run)
            .map_err(|e| MediaError::io(target, "written", e))?;
        let aside = Aside { messages: Some(messages), used, thread: Some(thread) };
        match made.recv() {
            Ok(None) => Ok(aside),
            Ok(Some(error)) => Err(error),
            Err(_) => Err(gone(target)),
        }
    }

    /// A piece that was used up, for its memory.
    pub(crate) fn used(&self) -> Option<P> {
        self.used.try_recv().ok()
    }

    /// Hands over a piece; waits while the thread is far behind.
    pub(crate) fn send(&mut self, target: &Path, piece: P) -> Result<(), MediaError> {
        let sent = self.messages.as_ref().is_some_and(|messages| messages.send(Message::Piece(piece)).is_ok());
        if sent { Ok(()) } else { Err(self.end(target).err().unwrap_or_else(|| gone(target))) }
    }

    /// All pieces were handed over: the complete file.
    pub(crate) fn finish(mut self, target: &Path, frames: u64) -> Result<W, MediaError> {
        if let Some(messages) = &self.messages {
            // When the thread has stopped, its own error is what is reported.
            let _ = messages.send(Message::Finish(frames));
        }
        self.end(target)?.ok_or_else(|| gone(target))
    }
}

impl<P, W> Aside<P, W> {
    fn end(&mut self, target: &Path) -> Result<Option<W>, MediaError> {
        self.messages = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            _ => Err(gone(target)),
        }
    }
}

impl<P, W> Drop for Aside<P, W> {
    fn drop(&mut self) {
        // The file in the making lies with the thread; it has to be gone when this is.
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn gone(target: &Path) -> MediaError {
    MediaError::Refused { path: target.to_owned(), found: "its encoder broke down; this is a mistake in it".into() }
}
