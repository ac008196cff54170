//! Where a sound breaks off and goes on elsewhere, as where samples are missing.
//!
//! A model of what comes before such a place cannot foretell what comes after it; and a model of what comes after, read
//! backwards, cannot foretell what came before. An attack fails the first test only: what begins there was silent
//! before, and it is easy to foretell that it was. So each side is learnt by itself (Burg's method, of the 1024 samples
//! next to the place, none of them from beyond it), and what counts is the lesser of both errors, each against what is
//! usual on its own side, over the greatest error of the 40 samples around that lie on the learnt side of the place: a
//! cut is one place, and up to it all goes as foretold.

use super::foretell::ORDER;

/// Samples that each side is learnt from.
const LEARNT: usize = 1024;
/// Where it may lie around a place whose error is greatest: so many samples before it and behind.
const BEFORE: usize = 44;
const BEHIND: usize = 8;
/// Samples next to it whose errors are put together.
const NEXT: usize = 8;
/// What of the errors of a side is usual: this part of them lies below.
const USUAL: f64 = 0.98;
/// Errors of a bit of 16 are nobody's business.
const FLOOR: f64 = 3e-5;

/// It sounds on both sides: −60 dBFS,
const SOUND: f64 = 1e-3;
/// and neither is 30 dB louder.
const APART: f64 = 31.6;
/// Where what comes after is 10 dB louder it may be an attack as well: where a struck bar begins over what still rings, what follows,
/// read backwards, cannot foretell its beginning either.
const RISES: f64 = 3.2;
/// A break is found where errors stand so many times over all around,
const BROKEN: f64 = 8.0;
/// or so many times where those around are what is usual: in noise.
const BROKEN_IN_NOISE: f64 = 4.0;
const NEARLY_USUAL: f64 = 1.15;

/// Looks closely at places.
pub(super) struct Breaks {
    forward: Vec<f64>,
    backward: Vec<f64>,
    errors: [Vec<f64>; 2],
    ranks: Vec<f64>,
}

impl Breaks {
    pub(super) fn new() -> Self {
        Breaks { forward: Vec::new(), backward: Vec::new(), errors: [Vec::new(), Vec::new()], ranks: Vec::new() }
    }

    /// Where around `at` the sound breaks off, if it does, and whether it may be an attack. `None` near the ends of the samples, and where there is sound on one side only.
    pub(super) fn broken(&mut self, samples: &[f32], at: usize) -> Option<(usize, bool)> {
        let (clear, times, place) = self.look(samples, at)?;
        let rises = rms(&samples[place..place + LEARNT / 2]) > RISES * rms(&samples[place - LEARNT / 2..place]);
        (clear >= BROKEN || (clear >= BROKEN_IN_NOISE && times <= NEARLY_USUAL * clear)).then_some((place, rises))
    }

    /// At the clearest place around `at`: how many times the greatest error around it, and the usual, the errors are on
    /// the side where they are less so; and where it is.
    fn look(&mut self, samples: &[f32], at: usize) -> Option<(f64, f64, usize)> {
        let from = at.checked_sub(BEFORE + LEARNT)?;
        let stretch = samples.get(from..at + BEHIND + LEARNT)?;
        let sides = [rms(&stretch[..LEARNT]), rms(&stretch[stretch.len() - LEARNT..])];
        if sides.iter().any(|s| *s < SOUND) || sides[0] > APART * sides[1] || sides[1] > APART * sides[0] {
            return None;
        }
        let middle = BEFORE + BEHIND;
        let mut usual = [0.0; 2];
        for (side, usual) in usual.iter_mut().enumerate() {
            let samples: &mut dyn Iterator<Item = &f32> =
                if side == 0 { &mut stretch.iter() } else { &mut stretch.iter().rev() };
            self.forward.clear();
            self.forward.extend(samples.map(|x| f64::from(*x)));
            // The errors behind what was learnt, and in it.
            let errors = &mut self.errors[side];
            self.ranks.clear();
            self.ranks.extend_from_slice(&self.forward[..LEARNT]);
            self.backward.clear();
            self.backward.extend_from_slice(&self.forward[..LEARNT]);
            let model = burg(&mut self.ranks, &mut self.backward);
            let error = |n: usize| dot(&model, &self.forward[n - ORDER..=n]);
            errors.clear();
            errors.extend((LEARNT..LEARNT + middle + NEXT).map(error));
            self.ranks.clear();
            self.ranks.extend((ORDER..LEARNT).map(|n| error(n).abs()));
            let rank = (USUAL * self.ranks.len() as f64) as usize;
            *usual = *self.ranks.select_nth_unstable_by(rank, f64::total_cmp).1 + FLOOR;
        }
        let energy = |e: &[f64]| (e.iter().map(|e| e * e).sum::<f64>() / NEXT as f64).sqrt();
        let greatest = |e: &[f64]| e.iter().fold(0.0_f64, |a, e| a.max(e.abs()));
        let [forward, backward] = &self.errors;
        (2..middle - 1)
            .map(|place| {
                let mirrored = middle - place;
                let after = energy(&forward[place..place + NEXT]) / usual[0];
                let before = energy(&backward[mirrored..mirrored + NEXT]) / usual[1];
                let around = greatest(&forward[..place]) / usual[0];
                let around = around.max(greatest(&backward[..mirrored]) / usual[1]).max(1.0);
                let times = after.min(before);
                (times / around, times, at + place - BEFORE)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// The coefficients of a model, the latest sample's last (Burg 1975): of all that keep the recursion stable those whose
/// errors forward and backward are least. Both are the samples, and are used up.
pub(in crate::check) fn burg(forward: &mut [f64], backward: &mut [f64]) -> [f64; ORDER + 1] {
    burg_joined(&mut [(forward, backward)])
}

/// One model of several pieces of a sound.
pub(super) fn burg_joined(pieces: &mut [(&mut [f64], &mut [f64])]) -> [f64; ORDER + 1] {
    let mut a = [0.0; ORDER + 1];
    a[0] = 1.0;
    for m in 1..=ORDER {
        // f[n] and b[n − 1], n from m on.
        let sums = pieces.iter().map(|(f, b)| products(&f[m..], &b[m - 1..b.len() - 1]));
        let (product, power) = sums.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        if power.is_nan() || power < 1e-20 {
            break;
        }
        let k = -2.0 * product / power;
        let before = a;
        for n in 1..=m {
            a[n] = before[n] + k * before[m - n];
        }
        for (forward, backward) in pieces.iter_mut() {
            let count = forward.len();
            step(&mut forward[m..], &mut backward[m - 1..count - 1], k);
            // b[n] stands where b[n − 1] did: everything moves up by one.
            backward.copy_within(m - 1..count - 1, m);
        }
    }
    a.reverse();
    a
}

/// The sum of the products, and of the powers.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn products(f: &[f64], b: &[f64]) -> (f64, f64) {
    let (mut product, mut power) = ([0.0_f64; 8], [0.0_f64; 8]);
    for (f, b) in f.chunks(8).zip(b.chunks(8)) {
        for i in 0..f.len().min(b.len()) {
            product[i] += f[i] * b[i];
            power[i] += f[i] * f[i] + b[i] * b[i];
        }
    }
    (product.iter().sum(), power.iter().sum())
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn step(f: &mut [f64], b: &mut [f64], k: f64) {
    for (f, b) in f.iter_mut().zip(b) {
        let (x, y) = (*f, *b);
        *f = x + k * y;
        *b = y + k * x;
    }
}

pub(super) fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

pub(super) fn dot(a: &[f64], x: &[f64]) -> f64 {
    a.iter().zip(x).map(|(a, x)| a * x).sum()
}

#[cfg(test)]
mod tests {
    use super::Breaks;

    /// Two tones and a little noise, from a place in time on.
    fn sound(from: usize, frames: usize) -> Vec<f32> {
        let mut noise = 1_u32;
        let mut hiss = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(noise >> 8) / f64::from(1 << 24) - 0.5
        };
        let tone = |n: usize| 0.3 * (n as f64 * 0.05).sin() + 0.2 * (n as f64 * 0.21).sin();
        (from..from + frames).map(|n| (tone(n) + 0.002 * hiss()) as f32).collect()
    }

    #[test]
    fn a_cut_fails_on_both_sides_and_an_attack_on_one() {
        let mut breaks = Breaks::new();
        let cut: Vec<f32> = sound(0, 2000).into_iter().chain(sound(2137, 2000)).collect();
        assert_eq!(breaks.broken(&cut, 2003), Some((2000, false)));
        // A struck skin: noise that dies away.
        let mut attack = sound(0, 4000);
        let hits = tonmeister_dsp::testing::noise(7, 0.5, 2000);
        for (n, (s, hit)) in attack[2000..].iter_mut().zip(hits).enumerate() {
            *s += hit * (-(n as f32) / 700.0).exp();
        }
        assert_eq!(breaks.broken(&attack, 2003), None);
        assert_eq!(breaks.broken(&sound(0, 4000), 2003), None);
        // A struck bar of a synthesizer, at once and 14 dB louder than what rings: it cannot be told from a cut, and is in doubt.
        let mut struck = sound(0, 4000);
        for (n, s) in struck.iter_mut().enumerate() {
            *s *= if n < 2000 { 0.2 } else { 1.0 };
        }
        assert!(matches!(breaks.broken(&struck, 2003), None | Some((_, true))));
        assert!(breaks.look(&cut, 500).is_none() && breaks.look(&cut, 3900).is_none());
    }
}
