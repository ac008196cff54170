//! What `play` takes.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use tonmeister::{LiveMeter, Spot};

use super::{Bits, Hearing};

/// `play`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Play {
    /// The song document
    pub(crate) song: PathBuf,
    /// Play this version of the song
    #[arg(long, value_name = "ID")]
    pub(crate) version: Option<String>,
    #[command(flatten)]
    pub(crate) hearing: Hearing,
    /// Where to begin: seconds, minutes and seconds (1:23.5), a bar and beat (17|1), or a marker or range of the document
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true, default_value = "0")]
    pub(crate) from: Spot,
    /// Play a stretch over and over: from A to B, in seconds of the song
    #[arg(long, value_name = "A,B", allow_negative_numbers = true, value_delimiter = ',', num_args = 1, action = clap::ArgAction::Append)]
    pub(crate) r#loop: Vec<f64>,
    /// How long to play, in seconds [default: to the end; in a loop, until Ctrl-C]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) r#for: Option<f64>,
    /// Play into a file instead, .wav or .flac, as fast as it goes
    #[arg(long, value_name = "FILE", conflicts_with = "null")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bits: Bits,
    /// Play to nobody, and tell whether this machine keeps up; so many times as fast as it sounds
    #[arg(long, value_name = "SPEED", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    pub(crate) null: Option<f64>,
    /// Frames made at a time: fewer are heard sooner, more are made with less effort
    #[arg(long, value_name = "FRAMES", default_value_t = 256, value_parser = clap::value_parser!(u16).range(16..=4096))]
    pub(crate) block_size: u16,
    /// Blocks held, the one that sounds among them: more of them bridge what a busy machine is late by, and are heard later
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=64))]
    pub(crate) periods: u32,
    /// Play on with what the document says whenever it is saved
    #[arg(long)]
    pub(crate) watch: bool,
    /// Watch needles while it plays, on a terminal, and tell at the end what they reached: loudness, peak, true-peak, rms, vu,
    /// ppm-din, ppm-nordic, ppm-bbc, ppm-ebu, k-20, k-14, k-12, reduction (what the master's dynamics take off), reduction:STRIP
    /// (those of a strip), or all
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', num_args = 1, action = clap::ArgAction::Append)]
    pub(crate) meters: Vec<LiveMeter>,
}
