//! The verbs of Tonmeister, on files: *demo*, *new*, *mix*, *play*, *master*, *release*, *process*, *ride*, *record*, *align*, *measure*,
//! *check*, *compare*, *diff*.
//!
//! A [`World`] holds what every verb needs (the rack, the cores to use); each verb is one method that takes paths and
//! options and returns a report. Reports are plain data that serialise; a [`Failure`] names file, place and remedy;
//! long work is told to a [`Progress`]. Nothing here prints: that is for the doors.
//!
//! ```no_run
//! use tonmeister::{MasterOptions, Silent, World};
//!
//! let report = World::new().master("mix.wav".as_ref(), &MasterOptions::new("master.wav"), &mut Silent)?;
//! println!("{:?} LUFS", report.written.loudness.integrated_lufs);
//! # Ok::<(), tonmeister::Failure>(())
//! ```
//!
//! - [`world`]: documents and audio files, as the session and the engine want them.
//! - [`mix`]: a song document to a stereo file. [`output`] dithers, measures and writes in one pass.
//! - [`play`]: a song document heard, and edited while it sounds.
//! - [`master`]: a mix to a master; [`master::chain`] is the chain as a document, [`master::target`] the targets.
//! - [`release`]: an album document to a folder of files, sequenced, verified.
//! - [`measure`] and [`check`]: what a file is, and what is wrong with it.
//! - [`report`]: the same as a page with pictures. `listen`: how files are heard, ahead and side by side.
//! - [`compare`]: two files held against each other, and heard blind.
//! - [`diff`]: two documents, or versions of one, told apart in words.
//! - [`rack_pages`]: the reference pages of the rack, drawn by running it. [`rule_pages`]: those of the check.
//! - [`tone`]: what frequencies a file is made of, and how it lies in space.
//! - [`process`]: one effect over one file; [`process::rack`] says what effects there are.
//! - [`ride`]: what a rider does, as automation.
//! - [`record`]: what a hand does, as automation.
//! - [`align`]: microphones at one source, brought together in time and polarity.
//! - [`new`]: a folder of stems to a document. [`demo`]: a song of the program's own.
#![forbid(unsafe_code)]

pub mod align;
mod chance;
pub mod check;
pub mod compare;
pub mod demo;
mod describe;
pub mod desk;
pub mod diff;
pub mod disc;
mod ear;
pub mod failure;
mod fed;
mod listen;
pub mod master;
pub mod measure;
pub mod mix;
pub mod needles;
pub mod new;
pub mod output;
pub mod play;
pub mod process;
pub mod progress;
pub mod rack_pages;
pub mod record;
pub mod release;
pub mod report;
pub mod ride;
pub mod rule_pages;
pub mod shelf;
mod sound;
mod text_file;
pub mod tone;
pub mod watch;
pub mod world;

pub use align::{AlignFilesReport, AlignOptions, AlignReport};
pub use check::{CheckOptions, CheckReport, RuleSetting};
pub use compare::{CompareOptions, CompareReport, LevelMatch};
pub use desk::{DeskAction, DeskReport, SORTS, Stretched};
pub use diff::{DiffOptions, DiffReport};
pub use disc::{DiscOptions, DiscReport};
pub use ear::Ear;
pub use failure::{Failure, Finding, Place};
pub use master::{MasterOptions, MasterReport};
pub use measure::{MeasureOptions, MeasureReport, album};
pub use mix::{Dynamics, Metered, MixOptions, MixReport, SetOptions, SetReport, Spot, Stretch, Unheard, Versions};
pub use needles::{Highest, Needle, Needles, Stand};
pub use output::{Depth, Written};
pub use play::{Listener, LiveMeter, LiveMeters, LiveNeedles, LiveRow, MostReduced, PlayOptions, PlayReport};
pub use process::{ProcessOptions, ProcessReport};
pub use progress::{Progress, Silent};
pub use record::{RecordOptions, RecordReport};
pub use release::{Audition, AuditionOptions, Release, ReleaseOptions, ReleaseReport};
pub use report::{Portrayed, ReportFiles, ReportOptions};
pub use ride::{RideOptions, RideReport};
pub use shelf::DiskShelf;
pub use tonmeister_core::{Diagnostic, Level, Severity, Speaker};
pub use tonmeister_engine::StemPath;
pub use tonmeister_live as live;
pub use tonmeister_measure::align::Polarity;
pub use tonmeister_measure::ballistics::{Law, Mark, Scale, Zone};
pub use tonmeister_measure::check::Finding as AudioFinding;
pub use tonmeister_measure::loudness::{Album, Gains, History, Loudness, Range as LoudnessRange};
pub use tonmeister_session::record::Mode as RecordMode;
pub use watch::Watch;
pub use world::World;
