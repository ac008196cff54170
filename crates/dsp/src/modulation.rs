//! Modulation: what moves to and fro in loudness, place, time or phase.
//!
//! One slow oscillator (`lfo`) drives them all. Its phase is counted in whole numbers and cannot drift; a rate may
//! move, and the phase goes on from where it is. Rates are in hertz here; a document may write note values. The first
//! frame of a song is the start of the first turn, so a song always sounds the same.
//!
//! Everything is computed frame by frame, and numbers move without a click: automation in straight lines with rounded
//! corners, jumps eased over 20 ms. Delays ([`mod@crate::delay`]'s line: right to a thousandth of a frame, flat to 18 kHz)
//! never jump: a moved `delay_ms` or `depth_ms` glides to its new place like tape, and bends the pitch meanwhile.

pub(crate) mod auto_pan;
#[cfg(test)]
pub(crate) mod bench;
pub(crate) mod chorus;
pub(crate) mod ensemble;
pub(crate) mod flanger;
pub(crate) mod follow;
pub(crate) mod lfo;
pub(crate) mod phaser;
pub(crate) mod rig;
pub(crate) mod rotary;
pub(crate) mod split;
pub(crate) mod tremolo;
pub(crate) mod vibrato;

pub use auto_pan::AutoPan;
pub use chorus::Chorus;
pub use ensemble::Ensemble;
pub use flanger::Flanger;
pub use phaser::Phaser;
pub use rotary::Rotary;
pub use tremolo::Tremolo;
pub use vibrato::Vibrato;
