//! Writing MP3 with LAME, run as a program of its own.
//!
//! LAME is the field's encoder and is licensed under the LGPL; the crates that bind it link it into the program itself. Run
//! as a program it stays what the user installed, can be replaced, needs nothing at build time, and works on another core
//! than the rest of the house. It writes into the file in the making by its name, so that it can go back and put the
//! Info header there (delay, padding, table for seeking), which it cannot do into a pipe.
//!
//! Samples are handed over as 32-bit integers, which would end at full scale: they are made 18 dB softer, and LAME is told
//! to make them as much louder, in floating point. Both factors are powers of two, so nothing is lost.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use tonmeister_core::{Layout, View};

use super::beside::Beside;
use super::format::Mp3Mode;
use super::quantize::{Quantized, to_floats};
use super::{Sink, format};
use crate::error::MediaError;

/// The program that is looked for on the search path.
const PROGRAM: &str = "lame";
/// Headroom over full scale: 2³, 18 dB.
const HEADROOM: f32 = 8.0;

/// An MP3 file in the making.
pub(crate) struct LameSink {
    running: Running,
    input: Option<BufWriter<ChildStdin>>,
    /// What the program says, read at its side so that it never waits.
    said: Option<JoinHandle<String>>,
    out: Beside,
    floats: Vec<f32>,
    bytes: Vec<u8>,
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

impl LameSink {
    pub(crate) fn new(
        path: &Path,
        out: Beside,
        mode: Mp3Mode,
        layout: Layout,
        sample_rate: u32,
    ) -> Result<LameSink, MediaError> {
        LameSink::with_program(PROGRAM, path, out, mode, layout, sample_rate)
    }

    pub(super) fn with_program(
        program: &str,
        path: &Path,
        out: Beside,
        mode: Mp3Mode,
        layout: Layout,
        sample_rate: u32,
    ) -> Result<LameSink, MediaError> {
        let rate = format!("{}.{:03}", sample_rate / 1000, sample_rate % 1000);
        let mut command = Command::new(program);
        command.args(["-r", "--silent", "--bitwidth", "32", "--signed", "--little-endian"]);
        // The output rate is pinned, because LAME lowers it at low bit rates; no loudness is guessed into the header.
        command.args(["-s", &rate, "--resample", &rate, "--scale", &HEADROOM.to_string(), "--noreplaygain"]);
        match mode {
            Mp3Mode::Cbr(kbps) => command.args(["--cbr", "-b", &kbps.to_string(), "-q", "2"]),
            Mp3Mode::Vbr(quality) => command.args(["-V", &quality.to_string()]),
        };
        if layout == Layout::Mono {
            command.args(["-m", "m"]);
        }
        command.arg("-").arg(out.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => Running(child),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let found = format!(
                    "{} is encoded by the program `{program}`, which is not installed or not on the search path (PATH); \
                     install it (the package is called lame), or choose AAC, Opus or Vorbis",
                    format::Format::Mp3(mode).title()
                );
                return Err(MediaError::Refused { path: path.to_owned(), found });
            }
            Err(error) => {
                let found = format!("the program `{program}` could not be started: {error}");
                return Err(MediaError::Refused { path: path.to_owned(), found });
            }
        };
        let input = child.0.stdin.take().map(|pipe| BufWriter::with_capacity(64 * 1024, pipe));
        let said = child.0.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                // It is read to its end so that the program never waits; a message is short.
                let _ = pipe.read_to_end(&mut text);
                String::from_utf8_lossy(&text).trim().to_owned()
            })
        });
        Ok(LameSink { running: child, input, said, out, floats: Vec::new(), bytes: Vec::new() })
    }

    /// The program has ended too early: what it said.
    fn failed(&mut self, target: &Path, what: &str) -> MediaError {
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        // The warning of builds with libsndfile, which concerns seekable inputs, is no reason.
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("libsndfile")).collect();
        let found = format!("the MP3 encoder `{PROGRAM}` {what}: {}", said.join("; "));
        MediaError::Refused { path: target.to_owned(), found }
    }
}

impl Sink<Beside> for LameSink {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            self.floats.clear();
            self.bytes.clear();
            let mut got = to_floats(audio.part(at, end), &mut self.floats);
            for sample in &self.floats {
                let steps = f64::from(sample / HEADROOM) * 2_147_483_648.0;
                let held = steps.clamp(-2_147_483_648.0, 2_147_483_647.0);
                got.clipped += u64::from(held.round_ties_even() != steps.round_ties_even());
                self.bytes.extend_from_slice(&(held.round_ties_even() as i32).to_le_bytes());
            }
            total.add(got, at as u64);
            let sent = self.input.as_mut().map_or(Ok(()), |input| input.write_all(&self.bytes));
            if let Err(error) = sent {
                self.input = None;
                return Err(self.failed(target, &format!("stopped ({error})")));
            }
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<Beside, MediaError> {
        let sent = match self.input.take().map(BufWriter::into_inner) {
            Some(Err(error)) => Err(error.into_error()),
            // The pipe is closed here, which tells the program that this was all.
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
        if !status.success() {
            return Err(self.failed(target, &format!("failed ({status})")));
        }
        let LameSink { out, .. } = *self;
        Ok(out)
    }
}
