//! The instruments: how each makes its sound, by which published method.
//!
//! - `arithmetic`, `oscillator`, `filter`, `track`: what they are built from.
//! - Struck: `kit` (skins), `cymbals`, `percussion`, `bars` (celesta), `felt` (piano), `tine` (electric piano).
//! - Plucked: `string`. Bowed: `bow`. Sung: `voice`, whose mouth is `phones`.
//! - Electric: `machine` (drums from circuits), `analog` (subtractive synthesizers), `tine`.
//! - Around them: `water`, and `room`, the answer of a chapel to a click.

pub(crate) mod analog;
pub(crate) mod arithmetic;
pub(crate) mod bars;
pub(crate) mod bow;
pub(crate) mod cymbals;
pub(crate) mod felt;
pub(crate) mod filter;
pub(crate) mod kit;
pub(crate) mod machine;
pub(crate) mod oscillator;
pub(crate) mod percussion;
pub(crate) mod phones;
pub(crate) mod room;
pub(crate) mod string;
pub(crate) mod tine;
pub(crate) mod track;
pub(crate) mod voice;
pub(crate) mod water;
