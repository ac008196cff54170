//! Gains that one processor works out and others lay on as well.

use crate::audio::{Block, Layout};
use crate::effect::GainReduction;

/// The gains of a block, frame by frame, as the processor that worked them out laid them on, and what its needle showed
/// after it.
///
/// A part of a mix is turned down by what the same compressor does to the whole. Worked out once, the gains serve every
/// part.
#[derive(Clone, Debug)]
pub struct LentGains {
    /// Per side; both are filled for a stereo signal.
    sides: [Vec<f64>; 2],
    layout: Layout,
    /// What the processor has done up to the end of the block.
    pub reduction: GainReduction,
}

impl LentGains {
    /// Room for blocks of at most `block` frames, which nothing turns yet.
    pub fn new(layout: Layout, block: usize) -> Self {
        let side = |channel: usize| if channel < layout.channels() { vec![1.0; block] } else { Vec::new() };
        LentGains { sides: [side(0), side(1)], layout, reduction: GainReduction::default() }
    }

    /// The gains of a side, as factors.
    #[inline]
    pub fn side(&self, channel: usize) -> &[f64] {
        &self.sides[channel]
    }

    /// The gains of a side, to be written.
    #[inline]
    pub fn side_mut(&mut self, channel: usize) -> &mut [f64] {
        &mut self.sides[channel]
    }

    /// How many sides it has.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether it has gains for every sample of a block.
    pub fn fits(&self, block: &Block<'_>) -> bool {
        self.layout == block.layout() && self.sides[0].len() >= block.frames()
    }
}
