//! What the spectrum says of the file: how high its noise floor lies, where its sound ends, and what rings in it
//! and whether a band stands out ([`Resonances`]).
//!
//! **Noise floor.** In every third of an octave the power is smoothed over half a second; the least of it in the whole
//! file is what never goes away (minimum statistics). Of the least of many readings of noise one knows how far it lies
//! below the mean: that is added again. Digital silence is left out.
//!
//! **Where the sound ends.** The mean spectrum is looked at for a wall: a place that has sound on
//! its lower side and nothing but a floor from its upper side to the end. Filters of converters between sample rates
//! and of lossy coders make one; nothing that sounds does. A coder that runs short of bits lets less pass from moment to moment
//! than its filter would, and the few moments in which it lets most pass make the mean of powers: there the wall is a slope.
//! So where the mean has none that is high enough for a coder, the same is asked of the mean of the fourth roots, which every
//! moment has its part in.

use realfft::num_complex::Complex32;
use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::resonance::Resonances;
use super::rules;
use crate::stft::{Shape, Stft, Window};

/// Seconds over which the power of a band is smoothed.
const SMOOTH_S: f64 = 0.5;
/// Readings below this are digital silence (mean square).
const SILENT: f64 = 1e-14;
/// Of a bin, so that it has a level (mean square).
const LEAST_POWER: f64 = 1e-22;
/// Readings that are needed.
const LEAST: usize = 6;
/// Readings within this of the least belong to the floor, dB.
const ON_FLOOR_DB: f64 = 3.0;
/// How many are needed before it is called noise, of all.
const OFTEN: f64 = 0.04;
/// The floor lies at least so far below the usual level before it is called noise, dB.
const BELOW_DB: f64 = 12.0;
/// Tonal floors are no noise: the geometric mean of the bands' densities against the arithmetic, dB.
const FLAT_DB: f64 = -14.0;

/// Rates that sound is made at. (At half of 32 kHz many a synthesizer and many a coder ends too.)
const RATES: [f64; 6] = [22_050.0, 24_000.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0];

/// Sums of one channel.
struct Heard {
    /// Power per bin, of all windows.
    sums: Vec<f64>,
    /// The same of their fourth roots.
    roots: Vec<f32>,
    windows: u64,
    /// Power per band of the present half second.
    bands: Vec<f64>,
    in_block: usize,
    /// Of each half second: total, and whether it was silent somewhere.
    readings: Vec<f32>,
    least: Vec<f64>,
    was_silent: bool,
}

/// Hears spectra.
pub(super) struct Spectra {
    rate: f64,
    stft: Stft<f32>,
    shape: Shape,
    /// First bin of each band, and of the one after the last.
    edges: Vec<usize>,
    /// Windows of one reading.
    block: usize,
    channels: Vec<Heard>,
    resonances: Resonances,
}

impl Spectra {
    pub(super) fn new(info: SourceInfo) -> Self {
        let rate = f64::from(info.sample_rate);
        let shape = Shape::spanning(4096.0 / 48_000.0, 2, Window::Hann, info.sample_rate);
        let top = shape.bins() - 1;
        let mut edges = vec![];
        let mut hz = 40.0;
        while hz < 0.5 * rate {
            let bin = (hz * shape.size as f64 / rate).round() as usize;
            if edges.last().is_none_or(|last| bin > last + 1) {
                edges.push(bin);
            }
            hz *= 2f64.powf(1.0 / 3.0);
        }
        edges.push(top);
        let block = (SMOOTH_S * rate / shape.hop as f64).round().max(1.0) as usize;
        let heard = || Heard {
            sums: vec![0.0; shape.bins()],
            roots: vec![0.0; shape.bins()],
            windows: 0,
            bands: vec![0.0; edges.len() - 1],
            in_block: 0,
            readings: Vec::new(),
            least: vec![f64::INFINITY; edges.len() - 1],
            was_silent: false,
        };
        let channels = (0..info.layout.channels()).map(|_| heard()).collect();
        let resonances = Resonances::new(shape.bins(), rate / shape.size as f64);
        Spectra { rate, stft: Stft::new(shape, info.layout.channels()), shape, edges, block, channels, resonances }
    }
}

impl Finder for Spectra {
    fn hear(&mut self, tile: &Tile<'_>) {
        let (edges, block, channels) = (&self.edges, self.block, &mut self.channels);
        let resonances = &mut self.resonances;
        let weight = 1.0 / (2.0 * self.shape.window.noise_bandwidth());
        self.stft.push_channels(tile.channels, |_, spectra| {
            resonances.hear(spectra, weight);
            for (channel, spectrum) in channels.iter_mut().zip(spectra) {
                add_roots(&mut channel.roots, spectrum);
                let mut total = 0.0;
                for (band, edge) in channel.bands.iter_mut().zip(edges.windows(2)) {
                    let mut sum = 0.0;
                    for (bin, x) in channel.sums[edge[0]..edge[1]].iter_mut().zip(&spectrum[edge[0]..edge[1]]) {
                        let power = f64::from(x.norm_sqr()) * weight;
                        *bin += power;
                        sum += power;
                    }
                    *band += sum;
                    total += sum;
                }
                channel.was_silent |= total < SILENT;
                channel.windows += 1;
                channel.in_block += 1;
                if channel.in_block == block {
                    channel.end_block(block);
                }
            }
        });
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        for (c, channel) in self.channels.iter().enumerate() {
            if let Some(floor) = self.floor(channel) {
                sheet.stats.channels[c].noise_floor_dbfs = Some(floor.dbfs);
                if floor.is_noise && floor.dbfs >= sheet.limit(&rules::NOISE_FLOOR) {
                    let message = format!(
                        "noise of {:.1} dBFS stands behind the {} channel, {:.0} dB below its usual level",
                        floor.dbfs,
                        sheet.name(c),
                        floor.below
                    );
                    sheet.put([Finding::of(&rules::NOISE_FLOOR, message)
                        .graver(rules::NOISE_FLOOR.severity_of(floor.dbfs))
                        .on(c)
                        .with("level", floor.dbfs, "dBFS")
                        .with("below", floor.below, "dB")]);
                }
            }
        }
        self.wall(sheet);
        self.resonances.conclude(sheet, self.shape.hop);
    }
}

impl Heard {
    fn end_block(&mut self, block: usize) {
        let total: f64 = self.bands.iter().sum::<f64>() / block as f64;
        if !self.was_silent {
            self.readings.push((10.0 * total.max(1e-20).log10()) as f32);
            for (least, band) in self.least.iter_mut().zip(&self.bands) {
                *least = least.min(band / block as f64);
            }
        }
        self.bands.fill(0.0);
        (self.in_block, self.was_silent) = (0, false);
    }
}

/// A noise floor.
struct Floor {
    dbfs: f64,
    /// dB below the usual level.
    below: f64,
    is_noise: bool,
}

impl Spectra {
    fn floor(&self, heard: &Heard) -> Option<Floor> {
        if heard.readings.len() < LEAST {
            return None;
        }
        let mut sorted = heard.readings.clone();
        sorted.sort_by(f32::total_cmp);
        let least = f64::from(sorted[0]);
        let usual = f64::from(sorted[sorted.len() / 2]);
        let on_floor = sorted.iter().filter(|r| f64::from(**r) < least + ON_FLOOR_DB).count();
        // The least of `on_floor` readings of a power with so many degrees of freedom lies so many deviations low.
        let low = expected_extreme(on_floor);
        // Windows overlap by half: of their power three quarters is new.
        let independent = self.block as f64 * 0.75;
        let mut total = 0.0;
        let (mut sum, mut logs, mut widths) = (0.0, 0.0, 0.0);
        for (least, edge) in heard.least.iter().zip(self.edges.windows(2)) {
            let width = (edge[1] - edge[0]) as f64;
            let bins = (width / self.shape.window.noise_bandwidth()).max(1.0);
            let deviation = (1.0 / (bins * independent)).sqrt();
            let power = least / (1.0 - low * deviation).max(0.3);
            total += power;
            let density = (power / width).max(1e-30);
            sum += density * width;
            logs += density.ln() * width;
            widths += width;
        }
        let flat = 10.0 * ((logs / widths).exp() / (sum / widths)).log10();
        let dbfs = 10.0 * total.max(1e-20).log10();
        let often = on_floor as f64 >= (OFTEN * sorted.len() as f64).max(2.0);
        Some(Floor { dbfs, below: usual - dbfs, is_noise: often && usual - dbfs >= BELOW_DB && flat >= FLAT_DB })
    }

    /// Where all channels' sound ends.
    fn wall(&self, sheet: &mut Sheet<'_>) {
        let windows = self.channels.iter().map(|c| c.windows).max().unwrap_or(0);
        if windows < 8 {
            return;
        }
        let bins = self.shape.bins();
        let power = |k: usize| self.channels.iter().map(|c| c.sums[k]).sum::<f64>() / windows as f64;
        let spectrum: Vec<f64> = (0..bins).map(|k| power(k).max(LEAST_POWER)).collect();
        let hz = self.rate / self.shape.size as f64;
        let wall = find_wall(&spectrum, hz);
        sheet.stats.bandwidth_hz = wall.map(|w| w.hz);
        if let Some(wall) = wall.filter(|w| w.hz >= 9_000.0 && w.hz <= 20_700.0)
            && wall.drop >= sheet.limit(&rules::LOSSY).min(sheet.limit(&rules::UPSAMPLED))
        {
            // A wall at 95 to 99 % of half of a low usual rate is that rate's.
            let made_at = RATES.into_iter().find(|r| wall.hz >= 0.475 * r && wall.hz <= 0.495 * r);
            if let Some(made_at) = made_at.filter(|r| *r < 40_000.0) {
                if wall.drop >= sheet.limit(&rules::UPSAMPLED) {
                    sheet.put([self.converted(made_at, wall.drop)]);
                }
                return;
            }
            if wall.drop < sheet.limit(&rules::LOSSY) {
                return;
            }
            sheet.put([Self::coded(wall, "")]);
            return;
        }
        let found = RATES.iter().filter_map(|r| Some((*r, drop_at(&spectrum, hz, *r, self.rate)?)));
        if let Some((rate, drop)) = found.max_by(|a, b| a.1.total_cmp(&b.1))
            && drop >= sheet.limit(&rules::UPSAMPLED)
        {
            sheet.put([self.converted(rate, drop)]);
            return;
        }
        let root = |k: usize| {
            let mean = |c: &Heard| (f64::from(c.roots[k]) / windows as f64).powi(4);
            self.channels.iter().map(mean).sum::<f64>()
        };
        let often: Vec<f64> = (0..bins).map(|k| root(k).max(LEAST_POWER)).collect();
        let low_rate = |hz: f64| RATES.into_iter().any(|r| r < 40_000.0 && hz >= 0.475 * r && hz <= 0.495 * r);
        let wall = find_wall(&often, hz).filter(|w| w.hz >= 9_000.0 && w.hz <= 20_700.0 && !low_rate(w.hz));
        if let Some(wall) = wall.filter(|w| w.drop >= sheet.limit(&rules::LOSSY)) {
            sheet.put([Self::coded(wall, " nearly all the time")]);
        }
    }

    fn coded(wall: Wall, when: &str) -> Finding {
        let message = format!(
            "nothing above {:.2} kHz{when}, where the sound stops as if cut with a knife ({:.0} dB): a lossy coder has been \
             here, or a lower sample rate",
            wall.hz / 1000.0,
            wall.drop
        );
        Finding::of(&rules::LOSSY, message).with("edge", wall.hz, "Hz").with("drop", wall.drop, "dB")
    }

    fn converted(&self, made_at: f64, drop: f64) -> Finding {
        let message = format!(
            "nothing above {:.2} kHz: it was made at {made_at:.0} Hz and brought up to {:.0} Hz",
            made_at / 2000.0,
            self.rate
        );
        Finding::of(&rules::UPSAMPLED, message).with("made_at", made_at, "Hz").with("drop", drop, "dB")
    }
}

/// Adds the fourth roots of a spectrum's powers.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn add_roots(roots: &mut [f32], spectrum: &[Complex32]) {
    for (sum, x) in roots.iter_mut().zip(spectrum) {
        *sum += (x.re * x.re + x.im * x.im).sqrt().sqrt();
    }
}

/// The mean level of a stretch of a power spectrum, dB.
fn level(spectrum: &[f64], from: usize, to: usize) -> f64 {
    10.0 * (spectrum[from..to].iter().map(|p| p.log10()).sum::<f64>() / (to - from) as f64)
}

/// By how many dB sound that ends below half of a lower rate stands over the floor that is above it; `None` when it
/// goes on, when it had been falling before, or when there is too little above to say so.
fn drop_at(spectrum: &[f64], hz: f64, made_at: f64, rate: f64) -> Option<f64> {
    let bin = |fraction: f64| (0.5 * made_at * fraction / hz) as usize;
    let end = spectrum.len() - spectrum.len() / 100;
    if made_at > 0.93 * rate || bin(1.03) + 20 > end {
        return None;
    }
    let (early, late) = (level(spectrum, bin(0.66), bin(0.74)), level(spectrum, bin(0.80), bin(0.88)));
    let top = bin(1.10).min(end);
    let floor = level(spectrum, bin(1.03), top);
    let wide = (top - bin(1.03)).max(8);
    let above = (bin(1.03)..end.saturating_sub(wide)).step_by(wide).map(|n| level(spectrum, n, n + wide));
    let drop = late - floor;
    (above.fold(f64::NEG_INFINITY, f64::max) <= floor + 4.0 && early - late <= 0.4 * drop).then_some(drop)
}

/// The expected least of `n` standard normal numbers, as a positive number (Blom's approximation).
fn expected_extreme(n: usize) -> f64 {
    let p = (n as f64 - 0.375) / (n as f64 + 0.25);
    // The quantile of the normal distribution (Abramowitz & Stegun 26.2.23), for the upper half.
    let t = (-2.0 * (1.0 - p.clamp(0.5, 1.0 - 1e-9)).ln()).sqrt();
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1.0 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
}

#[derive(Clone, Copy)]
struct Wall {
    hz: f64,
    drop: f64,
}

/// The wall of a mean power spectrum whose bins are `hz` apart.
fn find_wall(spectrum: &[f64], hz: f64) -> Option<Wall> {
    let bins = spectrum.len();
    let wide = (400.0 / hz).round().max(2.0) as usize;
    let gap = (300.0 / hz).round().max(2.0) as usize;
    let level = |from: usize, to: usize| level(spectrum, from, to);
    // The floor: the highest hundredth of the band lies in every converter's filter, so it is left out.
    let end = bins - bins / 100;
    let first = (3_500.0 / hz) as usize;
    let mut best: Option<(usize, f64)> = None;
    for k in (first..end.saturating_sub(gap + wide)).step_by(2) {
        let drop = level(k - wide, k) - level(k + gap, k + gap + wide);
        if best.is_none_or(|b| drop > b.1) {
            best = Some((k, drop));
        }
    }
    let (k, drop) = best?;
    let above = (k + gap..end.saturating_sub(wide)).step_by(wide / 2 + 1).map(|n| level(n, n + wide));
    let greatest = above.fold(f64::NEG_INFINITY, f64::max);
    let floor = level(k + gap, k + gap + wide);
    // Above the wall nothing comes again (of a deep one: nothing within 40 dB of what stands before it, for decoders
    // leave a little noise), and there is room enough above it to say so.
    if drop < 15.0 || greatest > floor + (drop - 40.0).max(6.0) || end - (k + gap) < 2 * wide {
        return None;
    }
    // The edge: half-way down.
    let half = level(k - wide, k) - 0.5 * drop;
    let edge = (k - wide / 2..=k + gap).find(|n| level(*n, n + 3) < half).unwrap_or(k);
    Some(Wall { hz: edge as f64 * hz, drop })
}
