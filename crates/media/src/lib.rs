//! Audio files in and out.
//!
//! **In.** [`open()`] looks at a file's content, never at its name, and gives a [`Source`](tonmeister_core::Source): a
//! stream of planar `f32` whose exact length is known before the first sample is read, with encoder delay and padding
//! trimmed. [`probe`] says the same without the audio. Memory is bounded by a buffer per file, however long it is.
//!
//! - `wav` and `aiff` read the headers of uncompressed files; `pcm_file` streams their samples through `pcm`, the
//!   conversion kernels.
//! - `coded` reads FLAC, ALAC, MP3, AAC, Vorbis and Opus through decoders of other crates.
//! - `wide` is the stream of all a file's channels beneath a source: [`open_wide`] gives it, for measuring.
//! - `finite` keeps samples that are infinite or not a number out of the house.
//!
//! What cannot be read is a [`MediaError`] that names the file, the place and the remedy. What can be read in part (a
//! file that is cut off, a length left open) is read, and a warning in [`Opened::warnings`] says what was done.
//!
//! **Out.** [`Writer`] makes every kind of file that a [`Format`] names. It writes beside the target, syncs, and renames:
//! an interrupted render leaves the old file or none. [`Writer::finish_with`] lets a last step (tags) have the complete
//! file before it is put in place. [`Writer::stage`] lets it wait: what a listener's decoder makes of it is heard first
//! ([`Staged`]).
//!
//! **About the music.** [`Tags`] is what a release says of itself: [`tags()`] reads it of any file without touching the
//! audio, [`Writer::finish_tagged`] and [`tags::rewrite`] write it. [`artwork`] is its cover.
#![forbid(unsafe_code)]

mod aiff;
pub mod artwork;
mod coded;
mod error;
mod finite;
mod info;
mod input;
mod open;
mod pcm;
mod pcm_file;
pub mod tags;
mod wav;
mod wide;
mod write;

pub use error::MediaError;
pub use finite::{NonFinite, NonFiniteCount};
pub use info::{Bext, BextLoudness, Codec, Container, FileInfo, Speakers};
pub use input::Input;
pub use open::{OpenOptions, Opened, Probed, open, open_input, open_wide, open_with, probe};
pub use tags::{Tags, tags};
pub use wide::{Lanes, OpenedWide};
pub use write::{Format, IntegerBits, Mp3Mode, SampleFormat, Staged, UnknownFormat, Writer, Written};
