//! How many bits of the samples say anything.

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::rules;

/// A sample of 24 bits as a whole number.
const FULL: f32 = 8_388_608.0;

/// Looks which bits ever change.
pub(super) struct Bits {
    first: Option<i32>,
    /// Bits that were seen to change.
    changed: i32,
    /// All samples so far lie on the grid of 24 bits.
    on_grid: bool,
}

impl Bits {
    pub(super) fn new() -> Self {
        Bits { first: None, changed: 0, on_grid: true }
    }
}

impl Finder for Bits {
    fn hear(&mut self, tile: &Tile<'_>) {
        for channel in tile.channels {
            // Once the lowest bit has changed there is nothing left to learn.
            if !self.on_grid || self.changed & 1 == 1 {
                return;
            }
            let Some(sample) = channel.first() else { return };
            let first = *self.first.get_or_insert((sample * FULL) as i32);
            let (changed, on_grid) = changes(channel, first);
            self.changed |= changed;
            self.on_grid &= on_grid;
        }
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        if !self.on_grid || self.changed == 0 {
            return;
        }
        let moving = 24 - self.changed.trailing_zeros().min(23) as u16;
        sheet.stats.moving_bits = Some(moving);
        let Some(bits) = sheet.bits else { return };
        let still = f64::from(bits.saturating_sub(moving));
        if bits <= 24 && still >= sheet.limit(&rules::PADDED_BITS) {
            let message = format!("only the upper {moving} of its {bits} bits ever change");
            sheet.put([Finding::of(&rules::PADDED_BITS, message).with("moving", f64::from(moving), "bits").with(
                "stored",
                f64::from(bits),
                "bits",
            )]);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn changes(samples: &[f32], first: i32) -> (i32, bool) {
    let (mut changed, mut off) = (0_i32, 0_u32);
    for s in samples {
        let scaled = s * FULL;
        let whole = scaled as i32;
        changed |= whole ^ first;
        off |= u32::from(whole as f32 != scaled);
    }
    (changed, off == 0)
}
