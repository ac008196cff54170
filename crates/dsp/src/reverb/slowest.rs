//! What decays slowest in the network, as a bound that nothing can break.
//!
//! A line's loss filter is measured by its gain, but it is memory, too. Where octaves are asked to last far longer than
//! their neighbors, its bands become resonators: a sound stays in them for a while on each pass, so a pass takes longer
//! than the line is, and the same loss per pass is a slower decay. And a gain that had to be held back
//! between the centers (`excess_db` in [`decay`](super::decay)) may lie half as long again above the asked decay. So the
//! curve does not tell when it is silent; the filters do.
//!
//! Let every sound grow by 1/r per frame while it is looked at. A line of m frames then passes on G(r·e^jω)·r^−m, and
//! what is between the lines (Hadamard, swing) keeps the energy at every instant, moving or not. If no line gains
//! at any frequency, the loop does not grow (small-gain theorem): unlooked at, everything falls at least as fast as rⁿ.

use super::LINES;
use super::decay::{BandLanes, Losses, ShelfLanes, center};

/// How much longer the next try is.
const STEP: f64 = 1.15;
/// Far beyond what any table of octaves comes to.
const TRIES: i32 = 60;
/// Places of the circle per octave; the bands' centers are among them.
const DENSITY: i32 = 32;

/// A T60 in seconds, at least `first`, that nothing in the loop outlasts.
pub(super) fn slowest(losses: &Losses, lengths: &[usize; LINES], rate: f64, first: f64) -> f64 {
    let mut tries = (0..TRIES).map(|k| first * STEP.powi(k));
    tries.find(|t60| falls(losses, lengths, rate, *t60)).unwrap_or(first * STEP.powi(TRIES))
}

/// Whether everything falls by at least 60 dB in that time.
fn falls(losses: &Losses, lengths: &[usize; LINES], rate: f64, t60: f64) -> bool {
    let radius = 10f64.powf(-3.0 / (rate * t60));
    (0..LINES).all(|line| {
        // A pole outside the circle outlasts it by itself; inside, the gain is highest on the circle.
        let settles = losses.shelves.iter().all(|s| s.a[line].abs() < radius)
            && losses.bands.iter().all(|b| pole(b.a1[line], b.a2[line]) < radius);
        let allowed = 2.0 * (lengths[line] as f64 * radius.ln() - losses.gain[line].ln());
        let grid = (0..).map(|i| center(0) / 16.0 * 2f64.powf(f64::from(i) / f64::from(DENSITY)));
        let mut places = [0.0].into_iter().chain(grid.take_while(|hz| *hz < 0.5 * rate)).chain([0.5 * rate]);
        settles
            && places.all(|hz| {
                let (sin, cos) = (std::f64::consts::TAU * hz / rate).sin_cos();
                power(losses, line, (cos / radius, -sin / radius)).ln() <= allowed
            })
    })
}

/// The squared gain of a line's filters, without the broadband gain, where z⁻¹ is that.
fn power(losses: &Losses, line: usize, (re, im): (f64, f64)) -> f64 {
    let (re2, im2) = (re * re - im * im, 2.0 * re * im);
    let first = |c: f64| (1.0 + c * re).powi(2) + (c * im).powi(2);
    let second = |c1: f64, c2: f64| (1.0 + c1 * re + c2 * re2).powi(2) + (c1 * im + c2 * im2).powi(2);
    let shelf = |ShelfLanes { a, c }: &ShelfLanes| first(a[line] + c[line]) / first(a[line]);
    let band = |BandLanes { b1, b2, a1, a2 }: &BandLanes| second(b1[line], b2[line]) / second(a1[line], a2[line]);
    losses.shelves.iter().map(shelf).chain(losses.bands.iter().map(band)).product()
}

/// The larger radius of the roots of z² + a1·z + a2.
fn pole(a1: f64, a2: f64) -> f64 {
    let root = 0.25 * a1 * a1 - a2;
    if root < 0.0 { a2.sqrt() } else { 0.5 * a1.abs() + root.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::super::decay::{BANDS, Curve};
    use super::super::tuning::{Draw, TUNINGS};
    use super::*;

    fn curve(decay_s: f64, octaves: [f64; BANDS]) -> Curve {
        Curve { decay_s, low: (1.1, 250.0), high: (0.5, 4000.0), octaves }
    }

    #[test]
    fn what_is_smooth_keeps_to_its_curve() {
        for tuning in TUNINGS {
            // A line of a very short decay loses so much on a pass that the memory of its filters counts: 1.67 in a
            // hall of 0.1 s. Everywhere else the first try holds.
            for (decay_s, rate, limit) in [(0.1, 48_000, 2.0), (1.8, 44_100, 1.3), (20.0, 96_000, 1.3)] {
                let lengths = tuning.lengths(1.0, f64::from(rate));
                let curve = curve(decay_s, [1.0; BANDS]);
                let losses = Losses::new(&curve, &lengths, rate);
                let ratio = slowest(&losses, &lengths, f64::from(rate), 1.1 * curve.longest()) / curve.longest();
                println!("{decay_s} s at {rate} Hz: {ratio:.2} times the longest of the curve");
                assert!(ratio <= limit, "{decay_s} s at {rate} Hz: {ratio:.2}");
            }
        }
    }

    #[test]
    fn every_table_of_octaves_comes_to_an_end() {
        let mut draw = Draw(5);
        let mut most = 0.0_f64;
        for _ in 0..40 {
            let octaves = std::array::from_fn(|_| 0.1 * 40f64.powf(draw.unit()));
            let curve = curve(0.1 * 200f64.powf(draw.unit()), octaves);
            let lengths = TUNINGS[draw.below(4)].lengths(0.25 + 1.75 * draw.unit(), 48_000.0);
            let losses = Losses::new(&curve, &lengths, 48_000);
            let slowest = slowest(&losses, &lengths, 48_000.0, curve.longest());
            most = most.max(slowest / curve.longest());
        }
        println!("at most {most:.2} times the longest decay of the curve");
        // Measured: 1.75.
        assert!(most < 2.5, "{most:.2}");
    }
}
