//! Bells side by side whose gains are solved for, so that together they do at every center what was asked.

use crate::biquad::Biquad;
use crate::eq::fit;
use crate::eq::prototype::Prototype;
use crate::eq::row::Design;
use crate::math;

/// Bands whose center lies above this part of the sample rate have nothing to work on.
const HIGHEST: f64 = 0.46;
/// What a bell leaves of its gain, in dB, at its neighbors' centers (Välimäki & Liski 2017, section III).
const SHARE: f64 = 0.3;
/// The gain of the bells that a first guess is made with.
const TYPICAL_DB: f64 = 17.0;
/// Bells this small differ no more in shape, so theirs stands for that of smaller ones.
const SMALL_DB: f64 = 0.5;
/// How often the interaction is found anew, at the gains last solved for. After two the centers are within 0.01 dB.
const ROUNDS: usize = 2;

/// A bank of bells at fixed centers on one stream.
pub(crate) struct Bank {
    sample_rate: f64,
    /// The centers that this sample rate has.
    hz: Vec<f64>,
    /// sin²(ω/2) at each.
    sine: Vec<f64>,
    /// (r − 1/r)², r being the ratio of neighboring centers.
    apart: f64,
    /// The level that each asks for, to the gain of each bell, were they all typical.
    first: Vec<f64>,
    /// Gains being solved for.
    gains: Vec<f64>,
    /// The equations: one row each, the right side at its end.
    matrix: Vec<f64>,
    count: usize,
}

impl Bank {
    /// Bells at `hz`, each `ratio` times the one before.
    pub(crate) fn new(hz: &[f64], ratio: f64, sample_rate: f64) -> Bank {
        let heard: Vec<f64> = hz.iter().copied().filter(|hz| *hz < HIGHEST * sample_rate).collect();
        let n = heard.len();
        let mut bank = Bank {
            sample_rate,
            sine: heard.iter().map(|hz| (std::f64::consts::PI * hz / sample_rate).sin().powi(2)).collect(),
            hz: heard,
            apart: (ratio - 1.0 / ratio).powi(2),
            first: vec![0.0; n * n],
            gains: vec![TYPICAL_DB; n],
            matrix: vec![0.0; n * (n + 1)],
            count: hz.len(),
        };
        // Column by column the inverse of the typical interaction.
        for asked in 0..n {
            bank.gains.fill(TYPICAL_DB);
            bank.interact(|center| f64::from(u8::from(center == asked)));
            bank.eliminate();
            for bell in 0..n {
                bank.first[bell * n + asked] = bank.gains[bell];
            }
        }
        bank
    }

    /// How narrow a bell of that gain is, so that [`SHARE`] of its decibels are left at its neighbors' centers.
    fn q(&self, gain_db: f64) -> f64 {
        let gain_db = gain_db.max(1e-3);
        let (share, gain) = (10f64.powf(SHARE * gain_db / 10.0), 10f64.powf(gain_db / 20.0));
        ((gain - share / gain) / (self.apart * (share - 1.0))).sqrt()
    }

    fn bell(&self, bell: usize, gain_db: f64) -> Biquad {
        let boost = gain_db.abs();
        let q = self.q(boost);
        let section = fit::moving(Prototype::bell(self.hz[bell], boost, q), q, gain_db < 0.0, self.sample_rate);
        if gain_db == 0.0 { Biquad { b0: 1.0, b1: section.a1, b2: section.a2, ..section } } else { section }
    }

    /// Writes down what each bell, at the gain it has now, does at every center per decibel of its own, and what is
    /// asked for there.
    fn interact(&mut self, asked: impl Fn(usize) -> f64) {
        let n = self.hz.len();
        for bell in 0..n {
            let gain = self.gains[bell];
            let gain = if gain.abs() < SMALL_DB { SMALL_DB.copysign(gain) } else { gain };
            let section = self.bell(bell, gain);
            let (above, below) =
                (over_sine(section.b0, section.b1, section.b2), over_sine(1.0, section.a1, section.a2));
            let per_db = 0.5 * math::DB_PER_OCTAVE / gain;
            for (center, s) in self.sine.iter().enumerate() {
                let of = |[c0, c1, c2]: [f64; 3]| c0 + s * (c1 + s * c2);
                self.matrix[center * (n + 1) + bell] = per_db * math::log2(of(above) / of(below));
            }
        }
        for center in 0..n {
            self.matrix[center * (n + 1) + n] = asked(center);
        }
    }

    /// Solves the equations for the gains. No pivots are looked for: what a bell does at its own center outweighs
    /// what the others do there.
    fn eliminate(&mut self) {
        let n = self.hz.len();
        let width = n + 1;
        for top in 0..n {
            let (above, under) = self.matrix.split_at_mut((top + 1) * width);
            let above = &above[top * width..];
            for row in under.chunks_exact_mut(width) {
                let factor = row[top] / above[top];
                for (x, y) in row[top + 1..].iter_mut().zip(&above[top + 1..]) {
                    *x -= factor * y;
                }
            }
        }
        for bell in (0..n).rev() {
            let row = &self.matrix[bell * width..(bell + 1) * width];
            let known: f64 = row[bell + 1..n].iter().zip(&self.gains[bell + 1..]).map(|(a, g)| a * g).sum();
            self.gains[bell] = (row[n] - known) / row[bell];
        }
    }
}

/// |c₀ + c₁z⁻¹ + c₂z⁻²|² as a polynomial of sin²(ω/2), without loss of digits at low frequencies.
fn over_sine(c0: f64, c1: f64, c2: f64) -> [f64; 3] {
    let (at_zero, at_half, bent) = ((c0 + c1 + c2).powi(2), (c0 - c1 + c2).powi(2), 16.0 * c0 * c2);
    [at_zero, at_half - at_zero - bent, bent]
}

impl Design for Bank {
    fn count(&self) -> usize {
        self.hz.len()
    }

    fn design(&mut self, values: &[f64], sections: &mut [Biquad]) {
        debug_assert_eq!(values.len(), self.count, "one level for every band, heard or not");
        let n = self.hz.len();
        for (gain, row) in self.gains.iter_mut().zip(self.first.chunks_exact(n.max(1))) {
            *gain = row.iter().zip(values).map(|(part, level)| part * level).sum();
        }
        for _ in 0..ROUNDS {
            self.interact(|center| values[center]);
            self.eliminate();
        }
        for (bell, section) in sections.iter_mut().enumerate() {
            *section = self.bell(bell, self.gains[bell]);
        }
    }
}
