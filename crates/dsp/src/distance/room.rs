//! The images of two sources in the walls of a box.

use tonmeister_core::pan;

use crate::reverb::ring::{CHUNK, Ring};

/// The speed of sound at 20 °C, in meters per second.
const SOUND: f64 = 343.2;
/// What comes later is not early any more, and left to a reverb.
pub(super) const LATEST_MS: f64 = 120.0;
/// From here on reflections are softened until then.
const SOFTER_MS: f64 = 80.0;
/// Left and right stand so far apart from the middle.
const HALF_STAGE_M: f64 = 0.7;
/// Images of each source: those of one wall and of two.
const IMAGES: usize = 24;

/// A reflection of one input: when, and how loud on each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub(super) input: usize,
    pub(super) delay: usize,
    pub(super) gains: [f32; 2],
}

/// Room for all reflections, silent.
pub(super) fn no_taps() -> Vec<Tap> {
    vec![Tap { input: 0, delay: 0, gains: [0.0; 2] }; 2 * IMAGES]
}

/// A room that is as much deeper as the source is farther away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Box3 {
    /// Of the room, in meters.
    pub(super) size: f64,
    /// What part of the amplitude a wall gives back.
    pub(super) given_back: f64,
    pub(super) rate: f64,
}

impl Box3 {
    /// Reflections of sources at that distance, against a direct sound of level one.
    pub(super) fn taps(&self, meters: f64, taps: &mut [Tap]) {
        // The listener sits a little beside the middle, so that no two walls answer together.
        let room = [0.83 * self.size, meters + 0.6 * self.size, (0.4 * self.size).max(2.4)];
        let ears = [0.47 * room[0], 0.31 * self.size, 1.2];
        let mut places = taps.iter_mut();
        for (input, side) in [(0, -1.0), (1, 1.0)] {
            // The stage keeps inside the room and as wide as it is far at most.
            let aside = side * HALF_STAGE_M.min(0.5 * meters).min(0.3 * room[0]);
            let source = [ears[0] + aside, ears[1] + meters, 1.5];
            let direct = length(&[0, 1, 2].map(|k| source[k] - ears[k]));
            for image in images() {
                let Some(tap) = places.next() else { return };
                let way: [f64; 3] = std::array::from_fn(|k| mirrored(source[k], room[k], image[k]) - ears[k]);
                let far = length(&way);
                let ms = 1000.0 * (far - direct) / SOUND;
                let walls: i32 = image.iter().map(|n: &i32| n.abs()).sum();
                let late = 1.0 - ((ms - SOFTER_MS) / (LATEST_MS - SOFTER_MS)).clamp(0.0, 1.0);
                let height = self.given_back.powi(walls) * direct / far * late;
                // From the side, as far as its direction on the ground is.
                let ground = way[0].hypot(way[1]).max(1e-9);
                let [left, right] = pan::mono(Some(1.0), (way[0] / ground).clamp(-1.0, 1.0));
                let delay = (0.001 * ms * self.rate).round().max(0.0) as usize;
                let delay = delay.min((0.001 * LATEST_MS * self.rate) as usize);
                *tap = Tap { input, delay, gains: [(height * left) as f32, (height * right) as f32] };
            }
        }
    }
}

fn length(way: &[f64; 3]) -> f64 {
    way.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-3)
}

/// How often each pair of walls was met, with a sign for which came first: all with one wall or two in sum.
fn images() -> impl Iterator<Item = [i32; 3]> {
    let range = || -2..=2;
    range()
        .flat_map(move |x| range().flat_map(move |y| range().map(move |z| [x, y, z])))
        .filter(|image| (1..=2).contains(&image.iter().map(|n: &i32| n.abs()).sum::<i32>()))
}

/// Where a source appears in walls at 0 and `wide` after so many of them.
fn mirrored(at: f64, wide: f64, walls: i32) -> f64 {
    let shift = f64::from(walls) * wide;
    if walls % 2 == 0 { shift + at } else { shift + wide - at }
}

/// Frames of reflections that are summed at once.
const BLOCK: usize = 16;

/// The reflections of the frames just written. What is written behind the run is of no use.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn reflect(rings: &[Ring; 2], taps: &[Tap], frames: usize, out: &mut [[f32; CHUNK]; 2]) {
    let blocks = frames.div_ceil(BLOCK);
    let mut runs = [(&[][..], [0.0; 2]); 2 * IMAGES];
    for (run, tap) in runs.iter_mut().zip(taps) {
        *run = (rings[tap.input].run(frames + tap.delay, blocks * BLOCK).as_chunks::<BLOCK>().0, tap.gains);
    }
    let [left, right] = out;
    let outs = left.as_chunks_mut::<BLOCK>().0.iter_mut().zip(right.as_chunks_mut::<BLOCK>().0);
    for (block, (left, right)) in outs.enumerate().take(blocks) {
        let [mut l, mut r] = [[0.0_f32; BLOCK]; 2];
        for (run, gains) in &runs {
            let run = &run[block];
            for k in 0..BLOCK {
                l[k] += gains[0] * run[k];
                r[k] += gains[1] * run[k];
            }
        }
        (*left, *right) = (l, r);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_images_as_a_box_has() {
        assert_eq!(images().count(), IMAGES);
        // In a wall at 0, in the one at 5, and in both, either first.
        assert_eq!([-1, 1, 2, -2].map(|n| mirrored(2.0, 5.0, n)), [-2.0, 8.0, 12.0, -8.0]);
    }

    #[test]
    fn far_sounds_have_their_reflections_close_behind_and_loud() {
        let shape = Box3 { size: 12.0, given_back: 0.7, rate: 48_000.0 };
        let figures = |meters: f64| {
            let mut taps = no_taps();
            shape.taps(meters, &mut taps);
            let first = taps.iter().filter(|t| t.gains != [0.0; 2]).map(|t| t.delay).min().unwrap();
            let energy: f32 = taps.iter().flat_map(|t| t.gains).map(|g| g * g).sum();
            (first as f64 / 48.0, 10.0 * (0.5 * energy).log10())
        };
        let all = [0.5, 2.0, 8.0, 30.0].map(figures);
        println!("first reflection in ms, and level against the direct sound in dB: {all:.1?}");
        assert!(all.windows(2).all(|pair| pair[1].0 < pair[0].0 && pair[1].1 > pair[0].1 + 1.5), "{all:?}");
    }
}
