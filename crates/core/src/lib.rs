//! The vocabulary of Tonmeister: what every room says to every other, and nothing else.
//!
//! Six words carry the house:
//!
//! - [`Db`], [`Frames`] and friends ([`units`]): quantities that cannot be mistaken for one another; [`Note`]: times
//!   that follow the tempo.
//! - [`Block`] and [`Buffer`] ([`audio`]): planar `f32` samples, one or two channels, a stretch of time.
//! - [`EffectSpec`] and [`Settings`] ([`param`]): what can be set on an effect, described once, and one
//!   instance's values. Document, automation, command line, schema and reference pages derive from it.
//! - [`Effect`] and [`Processor`] ([`effect`]): settings that become sound. [`Registry`] is how the engine
//!   reaches effects whose names it never learns.
//! - [`RuleSpec`] and [`Level`] ([`rule`]): what a check can find, and how it counts.
//! - [`Diagnostic`] ([`diagnostic`]): what is wrong, where, what was expected, what to do.
//!
//! Beside them stand the codes that name recordings and releases ([`codes`]), the places of loudspeakers ([`Speaker`]) and the arithmetic of placing a signal left and right ([`pan`]), which the mixer needs.
//!
//! This crate depends on no other room, knows no file and no thread, and does no I/O.
#![forbid(unsafe_code)]

pub mod audio;
pub mod codes;
pub mod diagnostic;
pub mod effect;
pub mod glide;
pub mod lent;
pub mod note;
pub mod pan;
pub mod param;
pub mod rule;
pub mod source;
pub mod speaker;
pub mod units;

pub use audio::{Block, Buffer, Layout, View};
pub use codes::{Barcode, CodeError, Isrc, Language, ReleaseDate};
pub use diagnostic::{Diagnostic, Severity};
pub use effect::{
    BuildError, Context, Effect, Event, GainReduction, Levels, Memory, Processor, Registry, Stream, Tail,
};
pub use glide::Glide;
pub use lent::LentGains;
pub use note::Note;
pub use param::{
    Automatable, Choice, EffectSpec, Family, FileSpec, GroupSpec, KeyUse, ParamError, ParamIndex, ParamKind, ParamSpec,
    Settings, Slot, Taper, Unit,
};
pub use rule::{Level, RuleSpec};
pub use source::{Source, SourceError, SourceInfo};
pub use speaker::Speaker;
pub use units::{Db, Frames};
