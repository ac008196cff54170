//! Writing MP3 with LAME, run as a program of its own.
//!
//! LAME is the field's encoder and is licensed under the LGPL; the crates that bind it link it into the program itself. Run
//! as a program it stays what the user installed, can be replaced, needs nothing at build time, and works on another core
//! than the rest of the house. It writes into the file in the making by its name, so that it can go back and put the
//! Info header there (delay, padding, table for seeking), which it cannot do into a pipe.
//!
//! Samples are handed over as 32-bit integers, which end at full scale; what lies over it is held there and counted. (To hand
//! them over softer and have LAME make them louder, `--scale 8`, does not do: it then spends 14 % fewer bits at V0 and is 3 dB
//! less true.)
//!
//! LAME takes what stands before and behind a file for silence, and the step there clicks where one track runs into the next.
//! It gets a beginning and an end that linear prediction makes up; [`info`] adds their lengths to the delay and the padding
//! in the header, so that decoders take them off.

mod info;

use std::path::Path;
use std::process::{Command, Stdio};

use tonmeister_core::{Layout, View};

use super::beside::Beside;
use super::extend::{self, Ending, SEEN};
use super::format::Mp3Mode;
use super::program::Program;
use super::quantize::{Quantized, to_floats};
use super::{Sink, format};
use crate::error::MediaError;

/// The program that is looked for on the search path.
const PROGRAM: &str = "lame";
/// Frames that are made up before the sound: two granules, of which the first fades in.
const LEAD: usize = 1152;
/// Frames that are made up behind it.
const TAIL: usize = 1152;

/// An MP3 file in the making.
pub(crate) struct LameSink {
    program: Program,
    out: Beside,
    channels: usize,
    /// The first frames, until there are enough to make up a beginning; later, those at hand.
    floats: Vec<f32>,
    led: bool,
    ending: Ending,
    bytes: Vec<u8>,
}

/// What undoes LAME's own gain at a constant bit rate.
///
/// Below 256 kbit/s LAME turns everything down by a sixth to half a decibel, against overs in decoders (measured with a
/// sine: 0.95 up to 160, 0.97 at 192, 0.98 at 224, 1 above). Overs are the limiter's affair: a file is as loud as what
/// went into it.
fn turned_back(kbps: u16) -> &'static str {
    match kbps {
        0..=160 => "1.052631579",
        161..=192 => "1.030927835",
        193..=224 => "1.020408163",
        _ => "1",
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
        command.args(["-s", &rate, "--resample", &rate, "--noreplaygain"]);
        match mode {
            Mp3Mode::Cbr(kbps) => {
                command.args(["--cbr", "-b", &kbps.to_string(), "-q", "2", "--scale", turned_back(kbps)])
            }
            Mp3Mode::Vbr(quality) => command.args(["-V", &quality.to_string()]),
        };
        if layout == Layout::Mono {
            command.args(["-m", "m"]);
        }
        command.arg("-").arg(out.path());
        command.stdout(Stdio::null());
        let missing = || {
            format!(
                "{} is encoded by the program `{program}`, which is not installed or not on the search path (PATH); \
                 install it (the package is called lame), or choose AAC, Opus or Vorbis",
                format::Format::Mp3(mode).title()
            )
        };
        let program = Program::start(path, command, format!("the MP3 encoder `{program}`"), missing)?;
        let channels = layout.channels();
        let ending = Ending::new(channels);
        let (floats, bytes) = (Vec::new(), Vec::new());
        Ok(LameSink { program, out, channels, floats, led: false, ending, bytes })
    }

    /// Sends the frames at hand, and before the first of them the made-up beginning. Returns what had to be clamped.
    fn send(&mut self, target: &Path) -> Result<u64, MediaError> {
        let mut clipped = 0;
        if !self.led {
            let mut lead = extend::before(&self.floats, self.channels, LEAD);
            for (n, sample) in lead[..LEAD / 2 * self.channels].iter_mut().enumerate() {
                let place = (n / self.channels) as f32 / (LEAD / 2) as f32;
                *sample *= place * place * (3.0 - 2.0 * place);
            }
            self.led = true;
            self.send_these(target, &lead)?;
        }
        let floats = std::mem::take(&mut self.floats);
        clipped += self.send_these(target, &floats)?;
        self.floats = floats;
        self.floats.clear();
        Ok(clipped)
    }

    fn send_these(&mut self, target: &Path, samples: &[f32]) -> Result<u64, MediaError> {
        let mut clipped = 0;
        self.bytes.clear();
        for sample in samples {
            let steps = (f64::from(*sample) * 2_147_483_648.0).round_ties_even();
            let held = steps.clamp(-2_147_483_648.0, 2_147_483_647.0);
            // +1 itself misses full scale by less than a float can tell.
            clipped += u64::from(sample.abs() > 1.0);
            self.bytes.extend_from_slice(&(held as i32).to_le_bytes());
        }
        self.program.send(target, &self.bytes)?;
        Ok(clipped)
    }
}

impl Sink<Beside> for LameSink {
    fn write(&mut self, target: &Path, audio: View<'_>) -> Result<Quantized, MediaError> {
        let mut total = Quantized::default();
        let mut at = 0;
        while at < audio.frames() {
            let end = (at + 8192).min(audio.frames());
            let before = self.floats.len();
            let mut got = to_floats(audio.part(at, end), &mut self.floats);
            if got.first_bad.is_none() {
                self.ending.saw(&self.floats[before..]);
                if self.led || self.floats.len() >= SEEN * self.channels {
                    got.clipped += self.send(target)?;
                }
            }
            total.add(got, at as u64);
            at = end;
        }
        Ok(total)
    }

    fn finish(mut self: Box<Self>, target: &Path) -> Result<Beside, MediaError> {
        // Of too little nothing can be learned; and ffmpeg counts wrongly where both ends are trimmed in one packet.
        let extended = self.led || self.floats.len() >= SEEN * self.channels;
        self.led |= !extended;
        self.send(target)?;
        if extended {
            let tail = self.ending.onwards(TAIL);
            self.send_these(target, &tail)?;
        }
        self.program.end(target)?;
        let LameSink { mut out, .. } = *self;
        let made_up = if extended { [LEAD as u16, TAIL as u16] } else { [0, 0] };
        match info::lengthen(out.file(), made_up) {
            Ok(true) => Ok(out),
            Ok(false) => {
                let found =
                    format!("`{PROGRAM}` made no Info header that could be understood; a LAME of 3.98 or newer does");
                Err(MediaError::Refused { path: target.to_owned(), found })
            }
            Err(error) => Err(MediaError::io(target, "written", error)),
        }
    }
}
