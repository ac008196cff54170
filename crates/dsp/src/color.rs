//! What adds harmonics: saturation, tape, exciters, crushed bits.
//!
//! Every effect here runs its nonlinearity oversampled ([`oversample`](crate::oversample)), so that overtones which do
//! not fit under half the sample rate vanish rather than fold back as wrong notes. Dry parts of a mix are delayed by the
//! same.

mod bass_enhancer;
mod bitcrusher;
mod exciter;
pub(crate) mod level;
#[cfg(test)]
pub(crate) mod probe;
mod saturator;
mod tape;

pub use bass_enhancer::BassEnhancer;
pub use bitcrusher::Bitcrusher;
pub use exciter::Exciter;
pub use saturator::Saturator;
pub use tape::Tape;

use tonmeister_core::{Block, Context, Event};

/// What comes in, with what is no number taken for silence.
#[inline]
pub(crate) fn sane(x: f32) -> f64 {
    if x.is_finite() { f64::from(x).clamp(-1e6, 1e6) } else { 0.0 }
}

/// Frames of a tile at most. Tiles end on multiples of this in the processor's own life, so they are a grid for
/// controls and for flushing states, and events end them too.
pub(crate) const TILE: usize = crate::oversample::TILE;

/// A processor that works tile by tile.
pub(crate) trait Tiled {
    /// How many frames it has lived.
    fn clock(&mut self) -> &mut u64;

    /// Takes note of an event that happens before the next tile.
    fn apply(&mut self, event: &Event);

    /// At most [`TILE`] frames without an event inside.
    fn tile(&mut self, block: &mut Block<'_>);

    /// At every multiple of [`TILE`] frames: cleans states of what is too small to be heard.
    fn flush(&mut self);
}

/// Cuts a block into tiles.
pub(crate) fn in_tiles(effect: &mut impl Tiled, block: &mut Block<'_>, context: &Context<'_>) {
    let frames = block.frames();
    let mut events = context.events.iter().peekable();
    let mut at = 0;
    while at < frames {
        while let Some(event) = events.next_if(|e| e.at as usize <= at) {
            effect.apply(event);
        }
        let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
        let end = event.min(at + TILE - (*effect.clock() % TILE as u64) as usize);
        effect.tile(&mut block.part(at, end));
        let clock = effect.clock();
        *clock += (end - at) as u64;
        if clock.is_multiple_of(TILE as u64) {
            effect.flush();
        }
        at = end;
    }
}
