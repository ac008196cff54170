//! Encoders that are programs of their own, run beside us.
//!
//! Run as a program an encoder stays what the user installed, can be replaced, needs nothing at build time, and works on
//! another core than the rest of the house.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
#[cfg(not(feature = "aac"))]
use std::process::ChildStdout;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use crate::error::MediaError;

/// A program at work. Dropped, it ends.
pub(crate) struct Program {
    /// What it is in messages: "the MP3 encoder `lame`".
    what: String,
    running: Running,
    input: Option<BufWriter<ChildStdin>>,
    /// What the program says, read at its side so that it never waits.
    said: Option<JoinHandle<String>>,
}

/// A child that does not outlive its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// Starts a program that takes sound on its input. `what` it is, and what is said where it is not there, are for
    /// messages about the file at `path`.
    pub(crate) fn start(
        path: &Path,
        mut command: Command,
        what: String,
        missing: impl FnOnce() -> String,
    ) -> Result<Program, MediaError> {
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map(Running).map_err(|error| {
            let found = match error.kind() {
                io::ErrorKind::NotFound => missing(),
                _ => format!("{what} could not be started: {error}"),
            };
            MediaError::Refused { path: path.to_owned(), found }
        })?;
        let input = child.0.stdin.take().map(|pipe| BufWriter::with_capacity(64 * 1024, pipe));
        let said = child.0.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                // It is read to its end so that the program never waits; a message is short.
                let _ = pipe.read_to_end(&mut text);
                String::from_utf8_lossy(&text).trim().to_owned()
            })
        });
        Ok(Program { what, running: child, input, said })
    }

    /// Its output, where the command has it piped: what the AAC encoder of `ffmpeg` needs, and nobody else.
    #[cfg(not(feature = "aac"))]
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.running.0.stdout.take()
    }

    /// Sends bytes; waits while it is far behind.
    pub(crate) fn send(&mut self, target: &Path, bytes: &[u8]) -> Result<(), MediaError> {
        let sent = self.input.as_mut().map_or(Ok(()), |input| input.write_all(bytes));
        sent.map_err(|error| {
            self.input = None;
            self.failed(target, &format!("stopped ({error})"))
        })
    }

    /// Tells it that this was all, and waits until it is done.
    pub(crate) fn end(&mut self, target: &Path) -> Result<(), MediaError> {
        let sent = match self.input.take().map(BufWriter::into_inner) {
            Some(Err(error)) => Err(error.into_error()),
            // The pipe is closed here.
            Some(Ok(pipe)) => {
                drop(pipe);
                Ok(())
            }
            None => Ok(()),
        };
        let status = self.running.0.wait().map_err(|e| MediaError::io(target, "written", e))?;
        if let Err(error) = sent {
            return Err(self.failed(target, &format!("stopped ({error})")));
        }
        if status.success() { Ok(()) } else { Err(self.failed(target, &format!("failed ({status})"))) }
    }

    /// It has ended too early: what it said.
    fn failed(&mut self, target: &Path, how: &str) -> MediaError {
        // One that closed its input and goes on has nothing more to say.
        let _ = self.running.0.kill();
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        // The warning of LAMEs with libsndfile, which concerns seekable inputs, is no reason.
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("libsndfile")).collect();
        MediaError::Refused { path: target.to_owned(), found: format!("{} {how}: {}", self.what, said.join("; ")) }
    }
}
