//! Flat tops.
//!
//! A crest that was cut off leaves a run of samples at one value, and the waveform meets that run at an angle. A crest
//! that was not is a parabola: the lower the frequency, the more samples lie within a hair of its height as well, but
//! beyond the run it goes on falling as a parabola does. So a run of `n` samples within 1e-4 of the greatest value is
//! looked at again half its width away: a parabola has fallen there by no more than nine times the tolerance; a
//! clipped crest by three times the height that was cut off. The line is drawn at sixteen tolerances, so anything
//! cut by more than 0.005 dB is found. The tolerance is at least the file's own quantisation step: a quiet sine of
//! 16 bits, whose crests are flat by rounding, stays unaccused.
//!
//! The same is looked for in every stretch of 8192 frames against that stretch's own extremes: a take that was clipped
//! and then turned down, or a clipped passage in a file whose loudest place is whole, has its tops at one level below
//! the greatest ([`Section`]); and in every 2048 frames, for what is shorter, if they hold five.

/// Samples within this of the greatest, relative to it, lie on its plateau.
const TOLERANCE: f32 = 1e-4;
/// The shortest run that counts.
const SHORTEST: usize = 3;
/// How many tolerances the waveform must have fallen half a run's width away.
const ANGLE: f32 = 16.0;
/// How many places are remembered.
const PLACES: usize = 16;
/// How many samples are judged together.
const TILE: usize = 8192;
/// How many are known before and after them.
const CONTEXT: usize = 2048;
/// The longest run that is measured in full; a longer one counts as this long and is judged by its start alone.
const LONGEST: usize = CONTEXT / 2;
/// A step of more than this part of the level is a jump of the waveform, not of its quantisation.
const COARSEST: f32 = 0.01;

/// Flat tops at one of the two extremes of a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Tops {
    /// The plateau's magnitude.
    level: f32,
    /// How many flat tops.
    pub(super) runs: u64,
    /// How many samples on them.
    pub(super) samples: u64,
    /// The longest, in samples.
    pub(super) longest: usize,
    /// Where the first ones start.
    pub(super) places: Vec<u64>,
    /// Where the last one ends.
    pub(super) end: u64,
    /// Samples above half the level, plateaus included, in the tiles that reach the level.
    high: u64,
}

impl Tops {
    /// Whether most of the high samples lie on plateaus: the waveform is made of them.
    pub(super) fn is_plateaus(&self) -> bool {
        3 * self.samples > 2 * self.high
    }

    /// Judges the runs that start in the middle of `samples`, whose first stands at `frame`.
    fn search(&mut self, samples: &[f32], frame: i64, sign: f32, greatest: f32, step: f32) {
        if greatest <= 0.0 || greatest < self.level * (1.0 - TOLERANCE) {
            return;
        }
        if greatest > self.level * (1.0 + TOLERANCE) {
            *self = Tops { places: std::mem::take(&mut self.places), ..Tops::default() };
            self.places.clear();
        }
        self.level = self.level.max(greatest);
        let floor = self.level * (1.0 - TOLERANCE);
        let fall = ANGLE * (self.level * TOLERANCE).max(step.min(self.level * COARSEST));
        let on_plateau = |i: usize| samples[i] * sign >= floor;
        let middle = CONTEXT..samples.len() - CONTEXT;
        self.high += samples[middle.clone()].iter().filter(|s| **s * sign >= 0.5 * self.level).count() as u64;
        for start in middle.filter(|i| on_plateau(*i) && !on_plateau(*i - 1)) {
            let length = (1..LONGEST).find(|n| !on_plateau(start + n)).unwrap_or(LONGEST);
            let away = length.div_ceil(2);
            let fallen = |i: usize| self.level - samples[i] * sign >= fall;
            let falls = length == LONGEST || fallen(start + length - 1 + away);
            if length >= SHORTEST && fallen(start - away) && falls {
                self.count((frame + start as i64).max(0) as u64, length);
            }
        }
    }

    /// The flat tops of one stretch at its own extreme.
    fn of_stretch(samples: &[f32], frame: i64, sign: f32, extreme: f32, step: f32) -> Tops {
        let mut tops = Tops::default();
        tops.search(samples, frame, sign, extreme, step);
        tops
    }

    fn count(&mut self, start: u64, length: usize) {
        self.runs += 1;
        self.samples += length as u64;
        self.longest = self.longest.max(length);
        self.end = start + length as u64;
        if self.places.len() < PLACES {
            self.places.push(start);
        }
    }
}

/// A stretch of sound with its tops cut at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Section {
    /// The magnitude at which they are cut.
    pub(super) level: f32,
    /// Where the first starts and the last ends.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) runs: u64,
    pub(super) samples: u64,
    high: u64,
    /// The last stretch that belongs to it.
    stretch: i64,
}

impl Section {
    /// Enough tops for being no chance, in a waveform that is not made of plateaus.
    pub(super) fn is_cut(&self) -> bool {
        self.runs >= LEAST_TOPS && self.level >= QUIETEST && 3 * self.samples <= 2 * self.high
    }
}

/// Flat tops at one level that make a section.
const LEAST_TOPS: u64 = 3;
/// A short stretch, and the flat tops that it needs by itself.
const SHORT: usize = 2048;
const LEAST_SHORT: u64 = 5;
/// Cut below this it may be the steps of 16 bits: −48 dBFS.
const QUIETEST: f32 = 4e-3;
/// Stretches without a top that a section may hold.
const PAUSE: i64 = 6;
/// Sections that are remembered, per polarity.
const SECTIONS: usize = 256;

/// Adds what one stretch holds to the sections so far.
fn add(sections: &mut Vec<Section>, tops: &Tops, stretch: i64) {
    if tops.runs == 0 {
        return;
    }
    let from = tops.places.first().copied().unwrap_or(tops.end);
    let last = sections
        .iter_mut()
        .rev()
        .take(4)
        .find(|s| (s.level - tops.level).abs() <= 2.0 * TOLERANCE * tops.level && stretch - s.stretch <= PAUSE);
    if let Some(section) = last {
        section.to = tops.end;
        section.runs += tops.runs;
        section.samples += tops.samples;
        section.high += tops.high;
        section.stretch = stretch;
        return;
    }
    if sections.len() >= SECTIONS {
        // What never became a section makes room.
        sections.retain(|s| s.is_cut() || stretch - s.stretch <= PAUSE);
    }
    if sections.len() < SECTIONS {
        let (level, to) = (tops.level, tops.end);
        sections.push(Section { level, from, to, runs: tops.runs, samples: tops.samples, high: tops.high, stretch });
    }
}

/// Looks for flat tops in one channel, at its greatest and at its least value.
#[derive(Clone, Debug)]
pub(super) struct ClipFinder {
    /// At the greatest and at the least value.
    pub(super) tops: [Tops; 2],
    /// Stretches with tops of their own, upwards and downwards.
    sections: [Vec<Section>; 2],
    /// What is known before the tile to be judged, the tile, and what is known after it. Silence surrounds the channel.
    samples: Vec<f32>,
    /// The frame of the first of them.
    frame: i64,
    /// The smallest step between two neighbours so far, an upper bound of the quantisation step.
    step: f32,
}

impl ClipFinder {
    pub(super) fn new() -> Self {
        ClipFinder {
            tops: [Tops::default(), Tops::default()],
            sections: [Vec::new(), Vec::new()],
            samples: vec![0.0; CONTEXT],
            frame: -(CONTEXT as i64),
            step: f32::INFINITY,
        }
    }

    /// Hears more of the channel, of any length.
    pub(super) fn push(&mut self, mut more: &[f32]) {
        while !more.is_empty() {
            let wanted = (CONTEXT + TILE + CONTEXT - self.samples.len()).min(more.len());
            self.samples.extend_from_slice(&more[..wanted]);
            more = &more[wanted..];
            if self.samples.len() == CONTEXT + TILE + CONTEXT {
                self.judge();
                self.samples.drain(..TILE);
                self.frame += TILE as i64;
            }
        }
    }

    /// The channel has ended.
    pub(super) fn finish(&mut self) {
        let rest = self.samples.len() - CONTEXT;
        self.samples.resize(CONTEXT + rest + CONTEXT, 0.0);
        self.judge();
    }

    fn judge(&mut self) {
        let middle = &self.samples[CONTEXT..self.samples.len() - CONTEXT];
        let (least, greatest) = extremes(middle);
        self.step = self.step.min(smallest_step(&self.samples));
        let step = if self.step.is_finite() { self.step } else { 0.0 };
        for (tops, (sign, extreme)) in self.tops.iter_mut().zip([(1.0, greatest), (-1.0, -least)]) {
            tops.search(&self.samples, self.frame, sign, extreme, step);
        }
        for (sections, (sign, extreme)) in self.sections.iter_mut().zip([(1.0, greatest), (-1.0, -least)]) {
            let tops = Tops::of_stretch(&self.samples, self.frame, sign, extreme, step);
            add(sections, &tops, self.frame / TILE as i64);
            // A short passage beside something louder has its tops below the extreme of the stretch.
            for at in (0..(self.samples.len() - 2 * CONTEXT) / SHORT * SHORT).step_by(SHORT) {
                let part = &self.samples[at..at + CONTEXT + SHORT + CONTEXT];
                let (least, greatest) = extremes(&part[CONTEXT..CONTEXT + SHORT]);
                let own = if sign > 0.0 { greatest } else { -least };
                if own < extreme * (1.0 - 3.0 * TOLERANCE) {
                    let tops = Tops::of_stretch(part, self.frame + at as i64, sign, own, step);
                    if tops.runs >= LEAST_SHORT {
                        add(sections, &tops, self.frame / TILE as i64);
                    }
                }
            }
        }
    }

    /// The sections that are cut at a level below the greatest of their polarity, in order of time.
    pub(super) fn sections(&self) -> Vec<Section> {
        let below = self.sections.iter().zip(&self.tops);
        let cut = below.flat_map(|(sections, tops)| {
            sections.iter().filter(|s| s.is_cut() && s.level < tops.level * (1.0 - 3.0 * TOLERANCE))
        });
        let mut cut: Vec<Section> = cut.copied().collect();
        cut.sort_by_key(|s| s.from);
        cut
    }
}

/// Least and greatest value, each at least as far as zero.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn extremes(samples: &[f32]) -> (f32, f32) {
    let mut least = [0.0_f32; 16];
    let mut greatest = [0.0_f32; 16];
    let chunks = samples.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..16 {
            least[i] = if chunk[i] < least[i] { chunk[i] } else { least[i] };
            greatest[i] = if chunk[i] > greatest[i] { chunk[i] } else { greatest[i] };
        }
    }
    (rest.iter().copied().chain(least).fold(0.0, f32::min), rest.iter().copied().chain(greatest).fold(0.0, f32::max))
}

/// The smallest distance between two neighbours that differ; infinite when none do.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn smallest_step(samples: &[f32]) -> f32 {
    let apart = |a: f32, b: f32| {
        let step = (a - b).abs();
        if step > 0.0 { step } else { f32::INFINITY }
    };
    let mut smallest = [f32::INFINITY; 16];
    let next = samples.get(1..).unwrap_or(&[]);
    let (pairs, nexts) = (samples[..next.len()].chunks_exact(16), next.chunks_exact(16));
    let rest = pairs.remainder().iter().zip(nexts.remainder()).map(|(a, b)| apart(*a, *b));
    let rest = rest.fold(f32::INFINITY, f32::min);
    for (a, b) in pairs.zip(nexts) {
        for i in 0..16 {
            let step = apart(a[i], b[i]);
            smallest[i] = if step < smallest[i] { step } else { smallest[i] };
        }
    }
    smallest.into_iter().fold(rest, f32::min)
}

#[cfg(test)]
mod tests {
    use super::ClipFinder;
    use std::f64::consts::TAU;
    use tonmeister_dsp::testing::noise;

    fn find(samples: &[f32]) -> ClipFinder {
        let mut finder = ClipFinder::new();
        finder.push(samples);
        finder.finish();
        finder
    }

    fn runs(samples: &[f32]) -> u64 {
        find(samples).tops.iter().map(|t| t.runs).sum()
    }

    fn sine(hz: f64, peak: f64) -> Vec<f64> {
        (0..48_000).map(|n| peak * (TAU * hz * f64::from(n) / 48_000.0 + 0.1).sin()).collect()
    }

    fn stored(signal: &[f64], bits: i32) -> Vec<f32> {
        let full = 2f64.powi(bits - 1);
        signal.iter().map(|s| ((s * full).round().clamp(-full, full - 1.0) / full) as f32).collect()
    }

    #[test]
    fn no_sine_is_accused() {
        for hz in [5.0, 10.0, 20.0, 31.7, 50.0, 100.0, 440.0, 997.0, 1000.0, 3000.0, 12_000.0] {
            for peak in [0.999, 0.5, 0.1, 0.01] {
                let signal = sine(hz, peak);
                let float: Vec<f32> = signal.iter().map(|s| *s as f32).collect();
                assert_eq!(runs(&float), 0, "{hz} Hz at {peak}");
                for bits in [16, 24] {
                    assert_eq!(runs(&stored(&signal, bits)), 0, "{hz} Hz at {peak} with {bits} bits");
                }
            }
        }
    }

    #[test]
    fn every_clipped_crest_is_found() {
        for hz in [20.0, 50.0, 100.0, 440.0, 997.0, 2000.0] {
            for over_db in [0.1, 0.5, 3.0, 12.0] {
                for gain in [1.0, 0.3] {
                    let peak = 10f64.powf(over_db / 20.0);
                    let clipped: Vec<f64> = sine(hz, peak).iter().map(|s| s.clamp(-1.0, 1.0) * gain).collect();
                    // Crests that the clipping left with three samples or more.
                    let width = 2.0 * (1.0 / peak).acos() / (TAU * hz / 48_000.0);
                    if width < 4.0 {
                        continue;
                    }
                    for bits in [16, 24] {
                        let found = runs(&stored(&clipped, bits)) as f64;
                        assert!(found >= 2.0 * hz - 2.0, "{hz} Hz, {over_db} dB over, gain {gain}: {found} tops");
                    }
                }
            }
        }
    }

    #[test]
    fn a_square_wave_is_made_of_plateaus() {
        let square: Vec<f32> = (0..48_000).map(|n| if n % 100 < 50 { 0.8 } else { -0.8 }).collect();
        let finder = find(&square);
        assert!(finder.tops.iter().all(|t| t.runs > 400 && t.is_plateaus()));
        let clipped: Vec<f32> = noise(5, 1.0, 48_000).iter().map(|s| (s * 1.5).clamp(-0.7, 0.7)).collect();
        let finder = find(&clipped);
        assert!(finder.tops.iter().all(|t| t.runs > 100 && !t.is_plateaus()));
    }

    #[test]
    fn the_cut_does_not_matter() {
        let clipped: Vec<f32> = noise(6, 1.0, 30_000).iter().map(|s| s.clamp(-0.6, 0.6)).collect();
        let whole = find(&clipped);
        for size in [1, 7, 1000, 4097] {
            let mut finder = ClipFinder::new();
            clipped.chunks(size).for_each(|part| finder.push(part));
            finder.finish();
            assert_eq!(format!("{:?}", finder.tops), format!("{:?}", whole.tops));
        }
        let cuts = clipped.windows(3).filter(|w| w.iter().all(|s| *s >= 0.6)).count();
        assert!(whole.tops[0].runs > 0 && whole.tops[0].runs as usize <= cuts);
    }
}
