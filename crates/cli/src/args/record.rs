//! `record`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use tonmeister::{RecordMode, RecordOptions, Spot};

/// `record`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Record {
    /// The song document; it is changed
    pub(crate) song: PathBuf,
    /// The control, by its address: `vocal/fader_db`, `vocal/send/room/level_db`, `drums/compressor/threshold_db`
    control: String,
    /// How moves are written
    #[arg(long, value_enum, default_value = "touch")]
    mode: Mode,
    /// The moves, one a line: `12.5, -3.0, touch`, `12.6, -3.4`, `14, release`; - reads them from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) moves: PathBuf,
    /// Where the song begins to play: seconds, 1:23.5, a bar and beat (17|1), a marker or range [default: the first move]
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
    from: Option<Spot>,
    /// Where it stops [default: the last move]
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
    to: Option<Spot>,
    /// In which time the control returns, behind a release, to what was there
    #[arg(long = "return", value_name = "SECONDS", allow_negative_numbers = true, default_value_t = 0.5)]
    return_s: f64,
    /// How far the drawn lane may be from the moves, in the control's own unit; 0 keeps every move
    #[arg(long, value_name = "ERROR", allow_negative_numbers = true, default_value_t = 0.1)]
    error: f64,
}

/// How moves are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Everything from --from to --to is overwritten, touched or not
    Write,
    /// What is touched is overwritten; released, the control returns to what was there
    Touch,
    /// From the first touch on everything is overwritten
    Latch,
    /// Moves are offsets, added to what is there while the control is touched
    Trim,
    /// Moves are offsets, added from the first touch on
    TrimLatch,
}

impl Record {
    /// What the façade is asked for.
    pub(crate) fn options(&self) -> RecordOptions {
        let mode = match self.mode {
            Mode::Write => RecordMode::Write,
            Mode::Touch => RecordMode::Touch,
            Mode::Latch => RecordMode::Latch,
            Mode::Trim => RecordMode::Trim,
            Mode::TrimLatch => RecordMode::TrimLatch,
        };
        RecordOptions {
            control: self.control.clone(),
            mode,
            from: self.from.clone(),
            to: self.to.clone(),
            return_s: self.return_s,
            error: self.error,
            name: self.moves.clone(),
        }
    }
}
