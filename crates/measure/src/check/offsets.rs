//! An offset that is not the same everywhere.

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, TILE, Tile};
use super::finding::Finding;
use super::rules;

/// One mean is taken over so many seconds.
const STRETCH_S: f64 = 2.0;

/// Means of stretches.
pub(super) struct Offsets {
    /// Tiles of a stretch.
    tiles: u64,
    channels: Vec<(f64, u64, Vec<f32>)>,
}

impl Offsets {
    pub(super) fn new(info: SourceInfo) -> Self {
        let tiles = (STRETCH_S * f64::from(info.sample_rate) / TILE as f64).round().max(1.0) as u64;
        Offsets { tiles, channels: vec![(0.0, 0, Vec::new()); info.layout.channels()] }
    }
}

impl Finder for Offsets {
    fn hear(&mut self, tile: &Tile<'_>) {
        for ((sum, frames, means), samples) in self.channels.iter_mut().zip(tile.channels) {
            *sum += total(samples);
            *frames += samples.len() as u64;
            if (tile.from / TILE as u64 + 1).is_multiple_of(self.tiles) {
                means.push((*sum / *frames as f64) as f32);
                (*sum, *frames) = (0.0, 0);
            }
        }
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        let frames = self.tiles * TILE as u64;
        for (c, (_, _, means)) in self.channels.iter().enumerate() {
            let median = |w: &[f32]| {
                let mut three = [w[0], w[1], w[2]];
                three.sort_by(f32::total_cmp);
                f64::from(three[1])
            };
            let steady: Vec<f64> = means.windows(3).map(median).collect();
            let by = |a: &&usize, b: &&usize| steady[**a].total_cmp(&steady[**b]);
            let places: Vec<usize> = (0..steady.len()).collect();
            let (Some(low), Some(high)) = (places.iter().min_by(by), places.iter().max_by(by)) else { continue };
            let way = steady[*high] - steady[*low];
            if way < sheet.limit(&rules::OFFSET_MOVES) {
                continue;
            }
            let (from, to) = (*low.min(high) as u64 + 1, *low.max(high) as u64 + 2);
            let message = format!(
                "the offset of the {} channel is {:+.4} around {:.0} s and {:+.4} around {:.0} s",
                sheet.name(c),
                steady[*low],
                sheet.seconds((*low as u64 + 1) * frames),
                steady[*high],
                sheet.seconds((*high as u64 + 1) * frames)
            );
            sheet.put([Finding::of(&rules::OFFSET_MOVES, message)
                .graver(rules::OFFSET_MOVES.severity_of(way))
                .between(from * frames, to * frames, sheet.info.sample_rate)
                .on(c)
                .with("least", steady[*low], "of full scale")
                .with("greatest", steady[*high], "of full scale")]);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn total(samples: &[f32]) -> f64 {
    let mut parts = [0.0_f64; 16];
    let chunks = samples.chunks_exact(16);
    let rest: f64 = chunks.remainder().iter().map(|s| f64::from(*s)).sum();
    for chunk in chunks {
        for (part, s) in parts.iter_mut().zip(chunk) {
            *part += f64::from(*s);
        }
    }
    rest + parts.iter().sum::<f64>()
}
