//! A high-pass or low-pass of 12 dB per octave that may move while it sounds.

use std::f64::consts::{PI, SQRT_2};

use crate::travel::Travel;

/// Which side is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Takes the lows away.
    High,
    /// Takes the highs away.
    Low,
}

/// A Butterworth filter of second order for left and right, as a trapezoidal state-variable filter, which stays
/// stable and quiet under modulation (Simper, *Solving the continuous SVF equations using trapezoidal
/// integration*, 2013). Its gain never exceeds one.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    side: Side,
    hz: Travel,
    rate: f64,
    g: f64,
    scale: f64,
    states: [[f64; 2]; 2],
}

impl Cut {
    pub(crate) fn new(side: Side, hz: f64, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let mut cut = Cut { side, hz: Travel::new(hz, sample_rate), rate, g: 0.0, scale: 0.0, states: [[0.0; 2]; 2] };
        cut.tune(hz);
        cut
    }

    /// Moves the corner; see [`Travel::to`].
    pub(crate) fn to(&mut self, hz: f64, glide: u32) {
        self.hz.to(hz, glide);
    }

    /// Moves one frame on in time. Call before [`Cut::frame`].
    #[inline]
    pub(crate) fn step(&mut self) {
        if self.hz.moving() {
            let hz = self.hz.step();
            self.tune(hz);
        }
    }

    /// Automation may lead past what the rate can carry; the corner stays below half of it.
    fn tune(&mut self, hz: f64) {
        self.g = (PI * (hz / self.rate).min(0.49)).tan();
        self.scale = 1.0 / (1.0 + self.g * (self.g + SQRT_2));
    }

    /// Filters one frame.
    #[inline]
    pub(crate) fn frame(&mut self, frame: [f64; 2]) -> [f64; 2] {
        let mut out = [0.0; 2];
        for ((y, x), [s1, s2]) in out.iter_mut().zip(frame).zip(&mut self.states) {
            let high = (x - (self.g + SQRT_2) * *s1 - *s2) * self.scale;
            let band = self.g * high + *s1;
            let low = self.g * band + *s2;
            *s1 = self.g * high + band;
            *s2 = self.g * band + low;
            *y = if self.side == Side::High { high } else { low };
        }
        out
    }

    /// Sets states too small to hear to zero, before they become denormal and slow.
    pub(crate) fn flush(&mut self) {
        for state in self.states.as_flattened_mut() {
            if state.abs() < 1e-25 {
                *state = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn gain_db(side: Side, corner: f64, hz: f64) -> f64 {
        let mut cut = Cut::new(side, corner, 48_000);
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..48_000 {
            let phase = TAU * hz / 48_000.0 * f64::from(n);
            let [y, _] = cut.frame([phase.sin(), 0.0]);
            if n >= 24_000 {
                re += y * phase.sin();
                im += y * phase.cos();
            }
        }
        20.0 * (re.hypot(im) / 12_000.0).log10()
    }

    #[test]
    fn a_cut_is_3_db_down_at_its_corner_and_falls_by_12_db_an_octave() {
        for side in [Side::High, Side::Low] {
            let away = if side == Side::High { 0.25 } else { 4.0 };
            assert!((gain_db(side, 1000.0, 1000.0) + 3.01).abs() < 0.02);
            assert!((gain_db(side, 1000.0, 1000.0 * away) + 24.1).abs() < 0.6);
            assert!(gain_db(side, 1000.0, 1000.0 / away).abs() < 0.03);
        }
    }
}
