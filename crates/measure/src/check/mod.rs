//! What is wrong with audio files: each by itself, and all of a session together.
//!
//! 1. An [`Inspector`] hears one file once, in pieces of any size, and ends in an [`Inspection`]: findings, and the
//!    numbers behind them.
//! 2. [`compare_set`] lays the inspections of a session side by side and finds the files that do not fit their
//!    siblings: another sample rate, another length, the same sound with its polarity turned or at another time, one
//!    that is hidden by another.
//! 3. Every [`Finding`] names its rule, its place, its evidence and the remedy. The rules are a table
//!    ([`rules::RULES`]) with the limit of each; a [`Config`] changes limits and how grave a rule is taken.
//!
//! ```
//! use tonmeister_core::{Layout, SourceInfo, View};
//! use tonmeister_measure::check::Inspector;
//!
//! // A kick that was recorded too hot.
//! let take: Vec<f32> = (0..48_000).map(|n| (2.0 * (n as f32 * 0.01).sin()).clamp(-1.0, 1.0)).collect();
//! let mut inspector = Inspector::new(SourceInfo { sample_rate: 48_000, layout: Layout::Mono, frames: 48_000 });
//! inspector.push(View::mono(&take));
//! let inspection = inspector.finish();
//! assert!(inspection.findings.iter().any(|finding| finding.rule == "clipped"));
//! ```
//!
//! No finding stops the work by itself except one that makes the numbers meaningless (no audio, samples that are no
//! numbers): music may clip, lean and be silent on purpose. Memory is bounded for any length: at most
//! 2 MB per file: spectra that polarity and delay are judged by, energies in bands of the ear, crests, and what voices are
//! judged by.

pub mod balance;
mod bits;
mod clipping;
mod config;
mod delay;
mod ear;
mod edges;
mod finder;
mod finders;
mod finding;
mod flaws;
mod histogram;
mod hum;
mod inspector;
mod masking;
mod offsets;
mod overs;
mod polarity;
mod probe;
mod rates;
mod resonance;
mod rounded;
pub mod rules;
mod set;
mod spec;
mod spectra;
mod voice;

pub use config::{Config, UnknownRule};
pub use finding::{Evidence, Finding, TimeRange};
pub use inspector::{ChannelStats, Inspection, Inspector, Stats};
pub use polarity::Relation;
pub use set::{Member, compare_set};
pub use spec::specs;
pub use tonmeister_core::Level;
