//! Clicks that stand out of their own surroundings, though not of all that happens within a tenth of a second.
//!
//! Where drums, noises and quick notes follow each other, what is usual within a tenth of a second is restless, and a
//! click that anybody hears between two strokes lies below it. So a place that only exceeds its next ten milliseconds is
//! looked at again, as a restorer would mend it: 44 samples around it are taken out and filled in from both sides by
//! least squares (Janssen, Veldhuis & Vries, IEEE Trans. ASSP 34, 1986), under one model that is learnt from what
//! lies before and behind them and not from them (Burg's method on both pieces at once). It is a click if
//!
//! * its error exceeds every error of the 1024 and 2048 samples on either side;
//! * across the filling the sound goes on as it does elsewhere: the errors of the bridge are no greater than the usual. An
//!   attack, or a cut between two sounds, has no such bridge;
//! * those errors were many times greater before;
//! * the sound behind it is about as loud and as restless as before it. The surer the bridge, the less that counts.

use super::breaks::{burg_joined, dot, rms};
use super::foretell::ORDER;

/// Samples that are taken out: before the greatest error and from it on.
const BEFORE: usize = 8;
const BEHIND: usize = 36;
const GAP: usize = BEFORE + BEHIND;
/// Errors that the filling has a part in.
const PART: usize = GAP + ORDER;
/// Samples on either side that are looked at: first the nearer ones, and then twice as many.
const NEAR: usize = 1024;
const FAR: usize = 2048;
/// Errors of a bit of 16 are nobody's business.
const FLOOR: f64 = 3e-5;
/// The errors of the bridge (RMS) against those of the worse side are at most this; 0.65 is expected, for the filling has as
/// many degrees of freedom as it has samples.
const BRIDGED: f64 = 0.85;
/// Where they become so many times less, the model is so exact that what remains is nothing.
const ALL_GONE: f64 = 200.0;

/// What the errors around a place say.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// The greatest error there, and the greatest of both sides.
    peak: f64,
    most: f64,
    /// The errors of the place over those of the bridge (RMS).
    gone: f64,
    /// The errors of the bridge over those of the worse side (RMS).
    bridge: f64,
    /// Errors, and level, behind over before (RMS).
    restless: f64,
    louder: f64,
    /// The greatest error of a side over its RMS.
    crest: f64,
}

/// Looks closely at places, by bridging them.
pub(super) struct Bridges {
    samples: Vec<f64>,
    forward: [Vec<f64>; 2],
    backward: [Vec<f64>; 2],
    errors: Vec<f64>,
}

impl Bridges {
    pub(super) fn new() -> Self {
        let two = || [Vec::new(), Vec::new()];
        Bridges { samples: Vec::new(), forward: two(), backward: two(), errors: Vec::new() }
    }

    /// How many times the error at `at` exceeds all around it, if that is a click; `None` near the ends of the samples.
    pub(super) fn click(&mut self, samples: &[f32], at: usize) -> Option<f64> {
        let near = self.look(samples, at, NEAR)?;
        // What nothing below would call a click.
        let over_near = near.peak / near.most;
        if over_near < 2.0 || near.gone < 6.0 || (near.bridge > BRIDGED && near.gone < ALL_GONE) {
            return None;
        }
        // The nearer model knows the place better, the farther errors hold what comes less often.
        let over = self.look(samples, at, FAR).map_or(over_near, |far| near.peak / far.most.max(near.most));
        let within = |range: std::ops::Range<f64>, value: f64| range.contains(&value);
        let alike = |range: std::ops::Range<f64>| within(range.clone(), near.restless) && within(range, near.louder);
        let sounds_on = within(0.4..2.5, near.louder);
        // An attack leaves the sound more restless than it was.
        let clear = over > 4.0 && near.gone > 12.0 && sounds_on && within(0.4..1.2, near.restless);
        let clearer = over > 8.0 && near.gone > 15.0 && sounds_on && within(0.4..1.5, near.restless);
        let mended = over > 2.0 && near.gone > 30.0 && alike(0.15..6.5);
        // In steady noise, whose errors have no crests of their own, less will do.
        let is_steady = near.crest < 4.6 && alike(0.75..1.25);
        let in_noise = is_steady && over > 2.2 && over_near > 3.0 && near.gone > 6.0 && near.bridge < 0.78;
        (clear || clearer || mended || in_noise).then_some(over)
    }

    fn look(&mut self, samples: &[f32], at: usize, side: usize) -> Option<Look> {
        let from = at.checked_sub(BEFORE + side + ORDER)?;
        let stretch = samples.get(from..at + BEHIND + side)?;
        let (gap, behind) = (side + ORDER, side + ORDER + GAP);
        self.samples.clear();
        self.samples.extend(stretch.iter().map(|x| f64::from(*x)));
        for (piece, range) in [0..gap, behind..stretch.len()].into_iter().enumerate() {
            for copy in [&mut self.forward[piece], &mut self.backward[piece]] {
                copy.clear();
                copy.extend_from_slice(&self.samples[range.clone()]);
            }
        }
        let ([f0, f1], [b0, b1]) = (&mut self.forward, &mut self.backward);
        let model = burg_joined(&mut [(f0, b0), (f1, b1)]);
        self.errors.clear();
        self.errors.extend(self.samples.windows(ORDER + 1).map(|x| dot(&model, x)));
        // The errors begin with that of sample `ORDER`.
        let (before, rest) = self.errors.split_at(side);
        let (own, after) = rest.split_at(PART);
        let greatest = |e: &[f64]| e.iter().fold(0.0_f64, |a, e| a.max(e.abs()));
        let energy = |e: &[f64]| e.iter().map(|e| e * e).sum::<f64>();
        let level = |e: &[f64]| (energy(e) / e.len() as f64).sqrt().max(1e-12);
        let sides = [level(before), level(after)];
        let most = [greatest(before), greatest(after)];
        let left = bridged(&model, &self.samples[gap - ORDER..behind + ORDER]).max(1e-24).sqrt();
        let part = (PART as f64).sqrt();
        Some(Look {
            peak: greatest(&own[..GAP]),
            most: most[0].max(most[1]) + FLOOR,
            gone: energy(own).sqrt() / left,
            bridge: left / (sides[0].max(sides[1]) * part),
            restless: sides[1] / sides[0],
            louder: rms(&stretch[behind..]) / rms(&stretch[..gap]).max(1e-12),
            crest: (most[0] / sides[0]).max(most[1] / sides[1]),
        })
    }
}

/// The energy of the errors when the middle [`GAP`] of these samples is filled in so that it is least; [`ORDER`] samples lie on
/// either side of it.
fn bridged(model: &[f64; ORDER + 1], samples: &[f64]) -> f64 {
    // The model has the latest sample's coefficient last.
    let coefficient = |lag: usize| model[ORDER - lag];
    let mut emptied = [0.0; GAP + 2 * ORDER];
    emptied.copy_from_slice(samples);
    emptied[ORDER..ORDER + GAP].fill(0.0);
    let mut errors = [0.0; PART];
    for (error, x) in errors.iter_mut().zip(emptied.windows(ORDER + 1)) {
        *error = dot(model, x);
    }
    // The normal equations: their matrix is that of the model's own correlation.
    let correlation = |lag: usize| -> f64 {
        if lag > ORDER { 0.0 } else { (lag..=ORDER).map(|k| coefficient(k) * coefficient(k - lag)).sum() }
    };
    let row: [f64; GAP] = std::array::from_fn(correlation);
    let right: [f64; GAP] = std::array::from_fn(|i| -(0..=ORDER).map(|k| coefficient(k) * errors[i + k]).sum::<f64>());
    let filling = solve(&row, right);
    let error = |n: usize| {
        let reached = n.saturating_sub(ORDER)..GAP.min(n + 1);
        errors[n] + reached.map(|i| coefficient(n - i) * filling[i]).sum::<f64>()
    };
    (0..PART).map(|n| error(n).powi(2)).sum()
}

/// Solves a symmetric Toeplitz system whose first row is given, by Cholesky's factors.
fn solve(row: &[f64; GAP], mut right: [f64; GAP]) -> [f64; GAP] {
    let mut factor = [[0.0_f64; GAP]; GAP];
    for i in 0..GAP {
        for j in 0..=i {
            let sum = row[i - j] - (0..j).map(|k| factor[i][k] * factor[j][k]).sum::<f64>();
            // A hair more on the diagonal keeps it well-conditioned.
            factor[i][j] = if i == j { (sum + 1e-9 * row[0]).max(1e-30).sqrt() } else { sum / factor[j][j] };
        }
    }
    for i in 0..GAP {
        right[i] = (right[i] - (0..i).map(|k| factor[i][k] * right[k]).sum::<f64>()) / factor[i][i];
    }
    for i in (0..GAP).rev() {
        right[i] = (right[i] - (i + 1..GAP).map(|k| factor[k][i] * right[k]).sum::<f64>()) / factor[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::{BEFORE, BEHIND, Bridges, FAR, GAP, ORDER, solve};
    use tonmeister_dsp::testing::noise;

    /// Two tones and a little noise.
    fn sound() -> Vec<f32> {
        let tone = |n: usize| 0.3 * (n as f64 * 0.05).sin() + 0.2 * (n as f64 * 0.21).sin();
        noise(3, 0.01, 6000).iter().enumerate().map(|(n, x)| x + tone(n) as f32).collect()
    }

    #[test]
    fn a_click_is_bridged_and_an_attack_is_not() {
        let mut bridges = Bridges::new();
        let mut click = sound();
        for (n, x) in click[3000..3012].iter_mut().enumerate() {
            *x += 0.2 * (-0.3 * n as f32).exp() * (1.1 * n as f32).cos();
        }
        assert!(bridges.click(&click, 3000).unwrap() > 8.0);
        assert_eq!(bridges.click(&sound(), 3000), None);
        // Noise that sets in, and a tone of another place in time.
        let mut attack = sound();
        for (n, x) in attack[3000..].iter_mut().enumerate() {
            *x += 0.3 * noise(7, 1.0, 3000)[n] * (-(n as f32) / 700.0).exp();
        }
        assert_eq!(bridges.click(&attack, 3000), None);
        // A pulse train of 50 Hz is no row of clicks.
        let mut pulses = sound();
        (96..6000).step_by(960).for_each(|n| pulses[n] += 0.2);
        assert_eq!(bridges.click(&pulses, 2976), None);
        assert!(bridges.click(&click, BEFORE + ORDER + 500).is_none());
        assert!(bridges.click(&click, 6000 - BEHIND - 500).is_none());
        assert!(2 * FAR + GAP < click.len());
    }

    #[test]
    fn systems_are_solved() {
        let row: [f64; GAP] = std::array::from_fn(|n| if n < 5 { 5.0 - n as f64 } else { 0.0 });
        let wanted: [f64; GAP] = std::array::from_fn(|n| (n as f64 * 0.7).sin());
        let right = std::array::from_fn(|i| (0..GAP).map(|j| row[i.abs_diff(j)] * wanted[j]).sum());
        let found = solve(&row, right);
        assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
