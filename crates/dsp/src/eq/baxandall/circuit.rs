//! The circuit, and the digital sections that sound like it.
//!
//! Two arms lead from the input and from the output to the inverting input of an amplifier. The bass arm: end
//! resistors, a potentiometer with a capacitor over either half, and a resistor from its wiper. The treble arm: end
//! resistors, a potentiometer, and a capacitor from its wiper. With `Zₐ`, `Z_b` from the two ends of an arm to its
//! wiper and `Z_w` from there on, no current is left at the amplifier when
//!
//! `H = − Σ Z_b/D / Σ Zₐ/D`, `D = ZₐZ_b + Z_w(Zₐ + Z_b)`, summed over both arms.
//!
//! That makes a fraction of two cubics in `s`. In all positions of both potentiometers one root of each is real and lies
//! well above the other two: those two make a section that is over long before half the sample rate, where the
//! bilinear transform does well; the third makes one whose numerator is fitted, as the equalizer's are, to whatever the
//! first has left.

use std::f64::consts::{PI, TAU};

use crate::biquad::Biquad;
use crate::eq::fit::TOP;
use crate::eq::prototype::{Poles, Prototype, basis, dot};
use crate::eq::row::Design;

/// Bass arm: the end resistors, the potentiometer, the wiper's resistor; treble arm: the same. In kΩ.
const BASS_END: f64 = 10.0;
const BASS_POT: f64 = 100.0;
const BASS_WIPER: f64 = 22.0;
const TREBLE_END: f64 = 3.3;
const TREBLE_POT: f64 = 100.0;
/// Angular frequency times capacitance (kΩ⁻¹) at which half of a boost of 12 dB, in decibels, is reached.
const BASS_HALF: f64 = 0.021_594_384_664_370_3;
const TREBLE_HALF: f64 = 0.034_339_669_030_975;
/// Where the second, correcting pole of the fitted section lies: smooth over the whole axis.
const CORRECTING: f64 = -0.4;
/// Frequencies of the fit.
const POINTS: usize = 24;
/// Prototypes are written in units of this frequency.
const UNIT_HZ: f64 = 1000.0;

type Cubic = [f64; 4];

/// The knobs' positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knobs {
    pub(crate) bass_db: f64,
    pub(crate) treble_db: f64,
    pub(crate) bass_hz: f64,
    pub(crate) treble_hz: f64,
}

/// The network at one position of its knobs: N(s)/D(s), `s` in units of [`UNIT_HZ`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    above: Cubic,
    below: Cubic,
}

fn times([a0, a1]: [f64; 2], [b0, b1]: [f64; 2]) -> [f64; 3] {
    [a0 * b0, a0 * b1 + a1 * b0, a1 * b1]
}

fn times_line([a0, a1, a2]: [f64; 3], [b0, b1]: [f64; 2]) -> Cubic {
    [a0 * b0, a0 * b1 + a1 * b0, a1 * b1 + a2 * b0, a2 * b1]
}

impl Network {
    pub(crate) fn new(knobs: &Knobs) -> Network {
        let unit = TAU * UNIT_HZ;
        // Both in units of s.
        let (bass_cap, treble_cap) =
            (BASS_HALF / (TAU * knobs.bass_hz) * unit, TREBLE_HALF / (TAU * knobs.treble_hz) * unit);
        // At 0 Hz the treble arm is open: H = (R + bP)/(R + aP), a + b = 1.
        let gain = 10f64.powf(knobs.bass_db / 20.0);
        let a = (BASS_END + BASS_POT - gain * BASS_END) / (1.0 + gain);
        let b = BASS_POT - a;
        // Far above, capacitors are wires: H = (y + 1/Zₐ)/(y + 1/Z_b), y = 1/(R + 2R_w), Zₐ + Z_b = S.
        let gain = 10f64.powf(knobs.treble_db / 20.0);
        let (y, sum) = (1.0 / (BASS_END + 2.0 * BASS_WIPER), 2.0 * TREBLE_END + TREBLE_POT);
        // (1 − g)y·Zₐ² − ((1 − g)yS − (1 + g))·Zₐ − S = 0; the root that is S/2 at no gain.
        let (q2, q1) = ((1.0 - gain) * y, (1.0 - gain) * y * sum - (1.0 + gain));
        let za = 2.0 * sum / (-q1 + (q1 * q1 + 4.0 * q2 * sum).sqrt());
        let zb = sum - za;
        // Bass arm, Z = n/d.
        let (da, db) = ([1.0, bass_cap * a], [1.0, bass_cap * b]);
        let (na, nb) = ([BASS_END + a, BASS_END * da[1]], [BASS_END + b, BASS_END * db[1]]);
        let (ab, ba, across) = (times(na, db), times(nb, da), times(na, nb));
        let both: [f64; 3] = std::array::from_fn(|i| across[i] + BASS_WIPER * (ab[i] + ba[i]));
        let treble = [sum, treble_cap * za * zb];
        let of = |bass: [f64; 3], z: f64| {
            let (bass, treble) = (times_line(bass, treble), times_line(both, [0.0, treble_cap * z]));
            std::array::from_fn(|i| bass[i] + treble[i])
        };
        Network { above: of(ba, zb), below: of(ab, za) }
    }

    /// |H|² at a frequency.
    pub(crate) fn power(&self, hz: f64) -> f64 {
        let w = hz / UNIT_HZ;
        let of = |[c0, c1, c2, c3]: Cubic| (c0 - c2 * w * w).powi(2) + (w * (c1 - c3 * w * w)).powi(2);
        of(self.above) / of(self.below)
    }

    /// Its sections on a stream.
    pub(crate) fn sections(&self, sample_rate: f64) -> [Biquad; 2] {
        let (numerator, _) = split(self.above);
        let (denominator, highest) = split(self.below);
        let low = Prototype { hz: UNIT_HZ, numerator, denominator };
        let low = low.bilinear(sample_rate);
        // What is left: unity at 0 Hz, after the first section has been brought to all of the gain there.
        let at_zero = (low.power(0.0) / self.power(0.0)).sqrt();
        let low = Biquad { b0: low.b0 / at_zero, b1: low.b1 / at_zero, b2: low.b2 / at_zero, ..low };
        let poles = poles(highest * TAU * UNIT_HZ / sample_rate);
        let below = poles.basis();
        let (mut m11, mut m12, mut m22, mut r1, mut r2) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for n in 0..POINTS {
            let part = (n as f64 / (POINTS - 1) as f64 - 1.0) * 4.0;
            let hz = TOP * sample_rate * part.exp2();
            let phi = basis((PI * hz / sample_rate).sin().powi(2));
            let line = self.power(hz) / low.power(TAU * hz / sample_rate) * dot(below, phi);
            let (x1, x2, y) = (phi[1] / line, phi[2] / line, 1.0 - below[0] * phi[0] / line);
            (m11, m12, m22) = (m11 + x1 * x1, m12 + x1 * x2, m22 + x2 * x2);
            (r1, r2) = (r1 + x1 * y, r2 + x2 * y);
        }
        let determinant = m11 * m22 - m12 * m12;
        let b1 = (r1 * m22 - r2 * m12) / determinant;
        let b2 = (r2 * m11 - r1 * m12) / determinant;
        [low, poles.with_numerator([below[0], b1.max(1e-5 * below[1]), b2])]
    }
}

/// One pole that falls by `decay` in a frame, and the correcting one.
fn poles(decay: f64) -> Poles {
    let (z, near) = ((-decay).exp(), -(-decay).exp_m1());
    Poles {
        a1: -(z + CORRECTING),
        a2: z * CORRECTING,
        at_zero: near * (1.0 - CORRECTING),
        at_half: (1.0 + z) * (1.0 + CORRECTING),
    }
}

/// Takes out the root farthest from zero, `−x`; gives the quadratic of the other two, and `x`.
fn split([c0, c1, c2, c3]: Cubic) -> ([f64; 3], f64) {
    // Newton's way from above, where no root lies, comes down to the highest without passing it.
    let mut x = c2 / c3;
    for _ in 0..60 {
        let value = c0 - x * (c1 - x * (c2 - x * c3));
        let slope = -c1 + x * (2.0 * c2 - 3.0 * c3 * x);
        let next = x - value / slope;
        if (next - x).abs() <= 1e-15 * x {
            break;
        }
        x = next;
    }
    let q0 = c0 / x;
    ([q0, (c1 - q0) / x, c3], x)
}

/// The network on one stream.
pub(crate) struct Circuit {
    pub(crate) sample_rate: f64,
}

impl Design for Circuit {
    fn count(&self) -> usize {
        2
    }

    fn design(&mut self, values: &[f64], sections: &mut [Biquad]) {
        let &[bass_db, treble_db, bass_hz, treble_hz] = values else { return };
        let network = Network::new(&Knobs { bass_db, treble_db, bass_hz, treble_hz });
        sections.copy_from_slice(&network.sections(self.sample_rate));
        if bass_db == 0.0 && treble_db == 0.0 {
            for section in sections {
                *section = Biquad { b0: 1.0, b1: section.a1, b2: section.a2, ..*section };
            }
        }
    }
}
