//! How long each frequency lasts: the decay curve, and the filters in the loop that make it so.
//!
//! A line of m frames must lose −60·m/(fs·T60(f)) dB on each pass (Jot and Chaigne, *Digital delay networks for
//! designing artificial reverberators*, AES 90, 1991). Where the curve is smooth the loss is one broadband gain and a
//! few `shelves`. Where it is not, as with most octave tables, it is the gain and an accurate cascade
//! graphic equalizer of ten octave bands (Välimäki and Liski, *Accurate cascade graphic equalizer*, IEEE SPL 24(2),
//! 2017; in a reverberator: Prawda, Schlecht and Välimäki, *Improved reverberation time control for feedback delay
//! networks*, Digital Audio Effects 2019). Bands leak into one another; their gains come from a least-squares fit at the ten centers
//! and three places between each two, linearized again at each of four rounds.

use std::f64::consts::PI;

use super::LINES;
use super::shelves::{self, FirstOrder, Fit};

/// Bands of the equalizer.
pub(crate) const BANDS: usize = 10;
/// Places of the fit for each octave, and in all: the centers and three between each two.
const DENSITY: usize = 4;
const POINTS: usize = DENSITY * (BANDS - 1) + 1;
/// Rounds of the fit; the published method takes two.
const ROUNDS: usize = 4;
/// How suddenly the ratios of lows and highs set in: gently enough for octave bands to follow.
const STEEPNESS: f64 = 1.5;
/// No line needs to lose more than this on one pass to be silent.
const MOST_LOSS_DB: f64 = 100.0;
/// How much more than an octave next to it an octave may lose on a pass of the longest line. Bands that lift one octave
/// further above the next become resonators: needles of a gain above one, ringing for minutes.
const STEEPEST_DB: f64 = 12.0;

/// Center of an octave band: 31.25 Hz to 16 kHz.
pub(crate) fn center(band: usize) -> f64 {
    16_000.0 / f64::from(1_u32 << (BANDS - 1 - band))
}

/// T60 over frequency.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curve {
    /// In the middle, in seconds.
    pub(crate) decay_s: f64,
    /// Lows against the middle, and half-way (in octaves of decay) where.
    pub(crate) low: (f64, f64),
    /// Highs against the middle, and half-way where.
    pub(crate) high: (f64, f64),
    /// A factor for each octave, on top.
    pub(crate) octaves: [f64; BANDS],
}

impl Curve {
    /// T60 in seconds at a frequency. Between the octaves' centers their factors are joined geometrically.
    pub(crate) fn at(&self, hz: f64) -> f64 {
        let low = 1.0 / (1.0 + (hz / self.low.1).powf(STEEPNESS));
        let high = 1.0 - 1.0 / (1.0 + (hz / self.high.1).powf(STEEPNESS));
        let place = (hz / center(0)).log2().clamp(0.0, (BANDS - 1) as f64);
        let band = (place as usize).min(BANDS - 2);
        let part = place - band as f64;
        let octave = self.octaves[band].powf(1.0 - part) * self.octaves[band + 1].powf(part);
        self.decay_s * self.low.0.powf(low) * self.high.0.powf(high) * octave
    }

    /// The longest T60 of the audible band.
    pub(crate) fn longest(&self) -> f64 {
        (0..=4 * (BANDS - 1)).map(|i| self.at(center(0) * 2f64.powf(i as f64 / 4.0))).fold(0.0, f64::max)
    }
}

/// One band: H = (1 + b1·z⁻¹ + b2·z⁻²)/(1 + a1·z⁻¹ + a2·z⁻²), its first coefficient taken out as a gain.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    gain: f64,
    b: [f64; 2],
    a: [f64; 2],
}

/// Bandwidth of a band against 1.5 times its center, as published for 44.1 and 48 kHz and joined in straight lines:
/// it narrows toward half the rate, where a band has no room above it.
fn narrowing(of_nyquist: f64) -> f64 {
    const KNOWN: [(f64, f64); 8] = [
        (0.0, 1.0),
        (0.083_33, 0.985),
        (0.1667, 0.95),
        (0.1814, 0.93),
        (0.3333, 0.82),
        (0.3628, 0.78),
        (0.6667, 0.567),
        (0.7256, 0.507),
    ];
    let segment = KNOWN.windows(2).find(|w| of_nyquist <= w[1].0).unwrap_or(&KNOWN[6..8]);
    let ((x0, y0), (x1, y1)) = (segment[0], segment[1]);
    y0 + (y1 - y0) * (of_nyquist - x0) / (x1 - x0)
}

impl Section {
    /// The second-order peak of Orfanidis as Välimäki and Liski use it: at the edges of 1.5 times the center the
    /// gain in dB is 0.3 times that of the center.
    fn peak(hz: f64, gain_db: f64, rate: f64) -> Section {
        let center = 2.0 * PI * hz / rate;
        let width = 1.5 * center * narrowing(center / PI);
        let (gain, edge) = (10f64.powf(gain_db / 20.0), 10f64.powf(0.3 * gain_db / 20.0));
        // For a gain of nearly nothing the ratio tends to 0.3/0.7.
        let ratio =
            if gain_db.abs() < 1e-3 { 0.3 / 0.7 } else { ((edge * edge - 1.0) / (gain * gain - edge * edge)).abs() };
        let beta = ratio.sqrt() * (width / 2.0).tan();
        let cos = -2.0 * center.cos();
        let (front, back) = (1.0 + gain * beta, 1.0 + beta);
        Section {
            gain: front / back,
            b: [cos / front, (1.0 - gain * beta) / front],
            a: [cos / back, (1.0 - beta) / back],
        }
    }

    fn gain_db(&self, hz: f64, rate: f64) -> f64 {
        let w = 2.0 * PI * hz / rate;
        let power = |[c1, c2]: [f64; 2]| {
            let re = 1.0 + c1 * w.cos() + c2 * (2.0 * w).cos();
            let im = c1 * w.sin() + c2 * (2.0 * w).sin();
            re * re + im * im
        };
        20.0 * self.gain.log10() + 10.0 * (power(self.b) / power(self.a)).log10()
    }
}

/// The loss filters of all lines: each line is one lane of the same cascade.
#[derive(Clone, Debug)]
pub(crate) struct Losses {
    /// Broadband gain of each line.
    pub(crate) gain: [f64; LINES],
    /// The shelves in order, for all lines at once.
    pub(crate) shelves: Vec<ShelfLanes>,
    /// The octave bands in order, for all lines at once: none where shelves come close enough.
    pub(crate) bands: Vec<BandLanes>,
}

/// One shelf for all lines: (1 + (a + c)·z⁻¹)/(1 + a·z⁻¹).
#[derive(Clone, Debug, Default)]
pub(crate) struct ShelfLanes {
    pub(crate) a: [f64; LINES],
    pub(crate) c: [f64; LINES],
}

/// One band for all lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct BandLanes {
    pub(crate) b1: [f64; LINES],
    pub(crate) b2: [f64; LINES],
    pub(crate) a1: [f64; LINES],
    pub(crate) a2: [f64; LINES],
}

impl Losses {
    /// For lines of these lengths in frames.
    pub(crate) fn new(curve: &Curve, lengths: &[usize; LINES], sample_rate: u32) -> Losses {
        let rate = f64::from(sample_rate);
        (0..=shelves::MOST)
            .find_map(|count| Losses::of_shelves(curve, lengths, rate, count))
            .unwrap_or_else(|| Losses::of_bands(curve, lengths, rate))
    }

    /// None when so many shelves do not come close enough in every line.
    fn of_shelves(curve: &Curve, lengths: &[usize; LINES], rate: f64, count: usize) -> Option<Losses> {
        let points = places(rate);
        let tangents: Vec<f64> = points.iter().map(|hz| (PI * hz / rate).tan()).collect();
        let mut losses = Losses { gain: [0.0; LINES], shelves: vec![ShelfLanes::default(); count], bands: Vec::new() };
        let mut known: Option<(usize, Fit)> = None;
        // From the longest down: the longest is the hardest to follow.
        for (line, length) in lengths.iter().enumerate().rev() {
            let wanted: Vec<f64> = points.iter().map(|hz| loss_db(curve, *length, rate, *hz)).collect();
            let fit = match &known {
                None => Fit::new(&tangents, &wanted, count),
                Some((longer, fit)) => fit.rescaled(&tangents, &wanted, *length as f64 / *longer as f64),
            };
            if fit.worst > shelves::CLOSE {
                return None;
            }
            let filters: Vec<FirstOrder> = fit.shelves.iter().map(shelves::Shelf::filter).collect();
            let scale: f64 = filters.iter().map(|f| f.gain).product();
            let shape = |hz: f64| filters.iter().map(|f| f.gain_db(PI * hz / rate)).sum::<f64>();
            let broadband_db = fit.broadband_db + 20.0 * scale.log10();
            losses.gain[line] =
                10f64.powf((broadband_db - excess_db(broadband_db, shape, curve, *length, rate)) / 20.0);
            for (lanes, filter) in losses.shelves.iter_mut().zip(&filters) {
                (lanes.a[line], lanes.c[line]) = (filter.a, filter.b - filter.a);
            }
            known = Some((*length, fit));
        }
        Some(losses)
    }

    fn of_bands(curve: &Curve, lengths: &[usize; LINES], rate: f64) -> Losses {
        let longest = lengths.iter().copied().max().unwrap_or(1) as f64;
        // The same in decay for all lines.
        let designs = lengths.map(|length| Design::new(curve, length, rate, STEEPEST_DB * length as f64 / longest));
        let count = designs.iter().map(|d| d.sections.len()).max().unwrap_or(0);
        // A band that would bend no line by a thousandth of its loss is left out for all.
        let matters = |band: usize| designs.iter().any(|d| d.bends(band));
        let bands: Vec<usize> = (0..count).filter(|b| matters(*b)).collect();
        let lanes = vec![BandLanes::default(); bands.len()];
        let mut losses = Losses { gain: [0.0; LINES], shelves: Vec::new(), bands: lanes };
        for (line, design) in designs.iter().enumerate() {
            losses.gain[line] = 10f64.powf(design.broadband_db / 20.0);
            for (lanes, band) in losses.bands.iter_mut().zip(&bands) {
                let section = design.sections[*band];
                losses.gain[line] *= section.gain;
                (lanes.b1[line], lanes.b2[line]) = (section.b[0], section.b[1]);
                (lanes.a1[line], lanes.a2[line]) = (section.a[0], section.a[1]);
            }
        }
        losses
    }

    /// Whether the gains are all there is.
    pub(crate) fn is_flat(&self) -> bool {
        self.shelves.is_empty() && self.bands.is_empty()
    }

    /// What a line loses on one pass at a frequency, in dB (negative), for tests.
    #[cfg(test)]
    pub(crate) fn gain_db(&self, line: usize, hz: f64, rate: f64) -> f64 {
        let bands = self
            .bands
            .iter()
            .map(|l| Section { gain: 1.0, b: [l.b1[line], l.b2[line]], a: [l.a1[line], l.a2[line]] }.gain_db(hz, rate));
        let shelf = |l: &ShelfLanes| FirstOrder { gain: 1.0, b: l.a[line] + l.c[line], a: l.a[line] };
        let shelves = self.shelves.iter().map(|l| shelf(l).gain_db(PI * hz / rate));
        20.0 * self.gain[line].log10() + bands.sum::<f64>() + shelves.sum::<f64>()
    }
}

/// What a line of this length should lose at a frequency, in dB (negative).
fn loss_db(curve: &Curve, length: usize, rate: f64, hz: f64) -> f64 {
    (-60.0 * length as f64 / (rate * curve.at(hz))).max(-MOST_LOSS_DB)
}

/// How many bands there are at a rate: one whose center comes too near to half of it has no place to stand.
fn bands_at(rate: f64) -> usize {
    (0..BANDS).filter(|b| center(*b) < 0.425 * rate).count()
}

/// Frequencies at which a fit is judged: the centers of the bands and three places between each two.
fn places(rate: f64) -> Vec<f64> {
    (0..=DENSITY * (bands_at(rate) - 1)).map(|p| center(0) * 2f64.powf(p as f64 / DENSITY as f64)).collect()
}

/// A curve steeper than the filters can follow must not make the loop grow: nowhere may a pass lose less than one and
/// a half times the longest decay asks for. This is what is missing, in dB, by which the whole line is turned down.
fn excess_db(broadband_db: f64, shape_db: impl Fn(f64) -> f64, curve: &Curve, length: usize, rate: f64) -> f64 {
    let least = -60.0 * length as f64 / (rate * 1.5 * curve.longest());
    let grid = (0..).map(|i| 5.0 * 2f64.powf(f64::from(i) / 24.0)).take_while(|hz| *hz < 0.5 * rate);
    let sums: Vec<f64> = grid.chain([0.5 * rate]).map(&shape_db).collect();
    // Between two places of the grid the sum cannot rise much above what it changes from one to the next.
    let steepest = sums.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f64::max);
    // Bands are sharpest at their centers.
    let centers = (0..bands_at(rate)).map(|band| shape_db(center(band)));
    let most = sums.iter().copied().chain(centers).fold(f64::MIN, f64::max) + 0.1 * steepest;
    (broadband_db + most - least).max(0.0)
}

/// The filters of one line.
struct Design {
    broadband_db: f64,
    sections: Vec<Section>,
    gains_db: Vec<f64>,
    middle_db: f64,
}

impl Design {
    /// Losses that differ by more than `steepest_db` from one octave to the next are evened out toward the lesser.
    fn new(curve: &Curve, length: usize, rate: f64, steepest_db: f64) -> Design {
        let (bands, points) = (bands_at(rate), places(rate));
        let asked: Vec<f64> = points.iter().map(|hz| loss_db(curve, length, rate, *hz)).collect();
        let reach =
            |point: usize, other: usize| asked[other] - steepest_db * point.abs_diff(other) as f64 / DENSITY as f64;
        let loss = |point: usize| (0..points.len()).map(|other| reach(point, other)).fold(asked[point], f64::max);
        let losses: Vec<f64> = (0..points.len()).map(loss).collect();
        let middle_db = losses.iter().step_by(DENSITY).sum::<f64>() / bands as f64;
        let target: Vec<f64> = losses.iter().map(|loss| loss - middle_db).collect();
        let mut gains_db: Vec<f64> = (0..bands).map(|b| target[DENSITY * b]).collect();
        for _ in 0..ROUNDS {
            gains_db = refit(&gains_db, &points, &target, rate);
        }
        let sections: Vec<Section> =
            gains_db.iter().enumerate().map(|(b, g)| Section::peak(center(b), *g, rate)).collect();
        let shape = |hz: f64| sections.iter().map(|s| s.gain_db(hz, rate)).sum::<f64>();
        let broadband_db = middle_db - excess_db(middle_db, shape, curve, length, rate);
        Design { broadband_db, sections, gains_db, middle_db }
    }

    fn bends(&self, band: usize) -> bool {
        self.gains_db[band].abs() > 1e-3 * self.middle_db.abs()
    }
}

/// Gains that fit the target best if each band keeps the shape it has at its present gain (weight one half between
/// the centers).
fn refit(gains_db: &[f64], points: &[f64], target: &[f64], rate: f64) -> Vec<f64> {
    let bands = gains_db.len();
    let mut normal = [[0.0; BANDS + 1]; BANDS];
    let mut shapes = [[0.0; BANDS]; POINTS];
    for (band, gain) in gains_db.iter().enumerate() {
        let present = if gain.abs() < 0.05 { 0.05 } else { *gain };
        let section = Section::peak(center(band), present, rate);
        for (shape, hz) in shapes.iter_mut().zip(points) {
            shape[band] = section.gain_db(*hz, rate) / present;
        }
    }
    for (point, (shape, wanted)) in shapes.iter().zip(target).enumerate() {
        let weight = if point % DENSITY == 0 { 1.0 } else { 0.5 };
        for row in 0..bands {
            for column in 0..bands {
                normal[row][column] += weight * shape[row] * shape[column];
            }
            normal[row][bands] += weight * shape[row] * wanted;
        }
    }
    solve(&mut normal, bands)
}

/// Gauss with pivoting on the first `n` rows; column `n` is the right-hand side.
pub(super) fn solve<const WIDTH: usize>(m: &mut [[f64; WIDTH]], n: usize) -> Vec<f64> {
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs())).unwrap_or(column);
        m.swap(column, pivot);
        for row in column + 1..n {
            let factor = m[row][column] / m[column][column];
            let (above, below) = m.split_at_mut(row);
            for (x, pivot) in below[0][column..=n].iter_mut().zip(&above[column][column..=n]) {
                *x -= factor * pivot;
            }
        }
    }
    let mut out = vec![0.0; n];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| m[row][k] * out[k]).sum();
        out[row] = (m[row][n] - known) / m[row][row];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; LINES] =
        [967, 1049, 1129, 1229, 1327, 1439, 1559, 1693, 1831, 1987, 2153, 2333, 2531, 2741, 2971, 3217];

    fn curve(decay_s: f64, low: f64, high: f64) -> Curve {
        Curve { decay_s, low: (low, 250.0), high: (high, 4000.0), octaves: [1.0; BANDS] }
    }

    /// The worst error of T60 over all lines: at the centers, and everywhere from 31 Hz to 15 kHz.
    fn worst(curve: &Curve, losses: &Losses, rate: u32) -> (f64, f64) {
        let rate = f64::from(rate);
        let error = |hz: f64| {
            let each = (0..LINES).map(|line| {
                let t60 = -60.0 * LENGTHS[line] as f64 / (rate * losses.gain_db(line, hz, rate));
                (t60 / curve.at(hz) - 1.0).abs()
            });
            each.fold(0.0, f64::max)
        };
        let top = (0.425 * rate).min(15_000.0);
        let centers = (0..BANDS).map(center).filter(|hz| *hz < top).map(error).fold(0.0, f64::max);
        let all = (0..400).map(|i| 31.25 * (top / 31.25).powf(f64::from(i) / 399.0)).map(error).fold(0.0, f64::max);
        (100.0 * centers, 100.0 * all)
    }

    #[test]
    fn every_octave_lasts_as_long_as_asked() {
        for rate in [44_100, 48_000, 96_000, 192_000] {
            for (decay, low, high) in
                [(1.8, 1.25, 0.45), (0.3, 1.0, 0.4), (6.0, 1.6, 0.25), (20.0, 0.5, 1.0), (2.0, 2.0, 0.3)]
            {
                let curve = curve(decay, low, high);
                let losses = Losses::new(&curve, &LENGTHS, rate);
                assert!(losses.bands.is_empty());
                // Bands would do, too; shelves must be closer.
                let bands = Losses::of_bands(&curve, &LENGTHS, f64::from(rate));
                for (name, losses, limit) in [("shelves", &losses, 2.0), ("bands", &bands, 5.0)] {
                    let (centers, all) = worst(&curve, losses, rate);
                    let count = losses.shelves.len() + losses.bands.len();
                    println!(
                        "{rate} Hz, {decay} s ×{low} ×{high}, {count} {name}: {centers:.2} %, {all:.2} % anywhere"
                    );
                    assert!(centers.max(all) <= limit, "{rate} Hz {decay} s, {name}: {centers:.2} %, {all:.2} %");
                }
            }
        }
    }

    #[test]
    fn shelves_are_close_wherever_they_are_chosen_and_never_grow() {
        let (mut counts, mut furthest) = ([0; shelves::MOST + 2], 0.0_f64);
        for (decay_s, low_ratio, low_hz) in
            [(0.1, 0.2, 50.0), (0.1, 4.0, 1000.0), (2.0, 0.7, 250.0), (20.0, 4.0, 100.0)]
        {
            for high_ratio in [0.1, 0.5, 0.9, 2.0] {
                for high_hz in [1000.0, 4000.0, 16_000.0] {
                    let (low, high) = ((low_ratio, low_hz), (high_ratio, high_hz));
                    let curve = Curve { decay_s, low, high, octaves: [1.0; BANDS] };
                    let losses = Losses::new(&curve, &LENGTHS, 48_000);
                    let grows = |hz: f64| (0..LINES).any(|line| losses.gain_db(line, hz, 48_000.0) >= 0.0);
                    assert!(!(1..240).any(|i| grows(100.0 * f64::from(i))), "{curve:?}");
                    if losses.bands.is_empty() {
                        counts[losses.shelves.len()] += 1;
                        furthest = furthest.max(worst(&curve, &losses, 48_000).1);
                    } else {
                        counts[shelves::MOST + 1] += 1;
                    }
                }
            }
        }
        println!("curves by number of shelves, with bands last: {counts:?}; {furthest:.2} % at worst");
        assert!(furthest <= 2.0, "{furthest:.2} %");
    }

    #[test]
    fn octave_tables_are_followed() {
        // The measured decay of a concert hall with a dip, and a saw of factors as steep as neighbors may be.
        let hall = [1.3, 1.2, 1.1, 1.0, 1.05, 1.0, 0.9, 0.75, 0.55, 0.4];
        let saw = [1.2, 0.8, 1.2, 0.8, 1.2, 0.8, 1.2, 0.8, 1.2, 0.8];
        for octaves in [hall, saw] {
            let curve = Curve { octaves, ..curve(2.0, 1.0, 1.0) };
            let losses = Losses::new(&curve, &LENGTHS, 48_000);
            let (centers, _) = worst(&curve, &losses, 48_000);
            println!(
                "{octaves:?}, {} shelves, {} bands: {centers:.2} % at the centers",
                losses.shelves.len(),
                losses.bands.len()
            );
            assert!(centers <= 5.0, "{octaves:?}: {centers:.2} %");
        }
    }

    #[test]
    fn a_flat_decay_needs_no_bands_and_a_wild_one_stays_stable() {
        let flat = Losses::new(&curve(2.0, 1.0, 1.0), &LENGTHS, 48_000);
        assert!(flat.is_flat());
        // One octave that outlasts the rest by far: its band is sharpest at its very center, which no grid may miss.
        for band in 0..BANDS {
            let octaves = std::array::from_fn(|b| if b == band { 4.0 } else { 0.14 });
            let losses = Losses::new(&Curve { octaves, ..curve(0.25, 1.1, 0.5) }, &LENGTHS, 48_000);
            let most = (0..LINES).map(|line| losses.gain_db(line, center(band), 48_000.0)).fold(f64::MIN, f64::max);
            assert!(most < 0.0, "{} Hz grows by {most:.2} dB on each pass", center(band));
        }
        let wild = Curve { octaves: [4.0, 0.1, 4.0, 0.1, 4.0, 0.1, 4.0, 0.1, 4.0, 0.1], ..curve(20.0, 4.0, 0.1) };
        for rate in [8000, 22_050, 32_000, 44_100, 384_000] {
            let losses = Losses::new(&wild, &LENGTHS, rate);
            for i in 1..1000 {
                let hz = f64::from(rate) / 2.0 * f64::from(i) / 1000.0;
                for line in 0..LINES {
                    assert!(losses.gain_db(line, hz, f64::from(rate)) < 0.0, "{rate} Hz: line {line} grows at {hz} Hz");
                }
            }
        }
    }
}
