//! The few filters the instruments are made of.

use super::arithmetic::{RATE, cosine, exp2, sine, tangent};

/// A state-variable filter with two poles: low-, band- and high-pass at once (Zavalishin, *The Art of VA Filter
/// Design*, ch. 4: trapezoidal integrators, so that its cutoff may move at every frame).
#[derive(Clone, Default)]
pub(crate) struct Svf {
    g: f64,
    k: f64,
    a: f64,
    s1: f64,
    s2: f64,
}

/// What a state-variable filter gives for one frame.
pub(crate) struct Bands {
    pub(crate) low: f64,
    /// Unity at the center, whatever the Q.
    pub(crate) band: f64,
    pub(crate) high: f64,
}

impl Svf {
    pub(crate) fn new(hz: f64, q: f64) -> Self {
        let mut svf = Svf::default();
        svf.tune(hz, q);
        svf
    }

    /// Moves the cutoff; the state stays, so nothing clicks.
    pub(crate) fn tune(&mut self, hz: f64, q: f64) {
        self.g = tangent((hz / RATE).min(0.48) * 0.5);
        self.k = 1.0 / q;
        self.a = 1.0 / (1.0 + self.g * (self.g + self.k));
    }

    #[inline]
    pub(crate) fn step(&mut self, x: f64) -> Bands {
        let high = (x - (self.g + self.k) * self.s1 - self.s2) * self.a;
        let band = self.g * high + self.s1;
        let low = self.g * band + self.s2;
        self.s1 = self.g * high + band;
        self.s2 = self.g * band + low;
        Bands { low, band: band * self.k, high }
    }
}

/// A resonance whose gain is 1 at 0 Hz: one formant of a vocal tract in series with the others (Klatt, "Software for
/// a cascade/parallel formant synthesizer", JASA 67(3), 1980, eq. 1).
#[derive(Clone, Default)]
pub(crate) struct Formant {
    a: f64,
    b: f64,
    c: f64,
    y1: f64,
    y2: f64,
}

impl Formant {
    pub(crate) fn tune(&mut self, hz: f64, bandwidth_hz: f64) {
        // e^(−π·bandwidth/rate), as a power of two.
        let radius = exp2(-4.532_360_141_827_194 * bandwidth_hz / RATE);
        self.c = -radius * radius;
        self.b = 2.0 * radius * cosine(hz / RATE);
        self.a = 1.0 - self.b - self.c;
    }

    #[inline]
    pub(crate) fn step(&mut self, x: f64) -> f64 {
        let y = self.a * x + self.b * self.y1 + self.c * self.y2;
        self.y2 = self.y1;
        self.y1 = y;
        y
    }

    pub(crate) fn rest(&mut self) {
        self.y1 = 0.0;
        self.y2 = 0.0;
    }

    /// The power gain at a frequency.
    pub(crate) fn power_at(&self, hz: f64) -> f64 {
        let (c1, s1) = (cosine(hz / RATE), sine(hz / RATE));
        let (c2, s2) = (cosine(2.0 * hz / RATE), sine(2.0 * hz / RATE));
        let re = 1.0 - self.b * c1 - self.c * c2;
        let im = self.b * s1 + self.c * s2;
        self.a * self.a / (re * re + im * im)
    }
}

/// One decaying mode of a struck body: a rotating pointer that shrinks.
#[derive(Clone)]
pub(crate) struct Mode {
    re: f64,
    im: f64,
    cos: f64,
    sin: f64,
}

impl Mode {
    /// A mode at `hz` that starts from zero with this amplitude and falls by 60 dB in `seconds`.
    pub(crate) fn struck(hz: f64, amplitude: f64, seconds: f64) -> Self {
        let shrink = super::arithmetic::decay(seconds);
        Mode { re: amplitude, im: 0.0, cos: cosine(hz / RATE) * shrink, sin: sine(hz / RATE) * shrink }
    }

    /// The same, starting somewhere else in its turn.
    pub(crate) fn turned(mut self, turns: f64) -> Self {
        let amplitude = self.re;
        self.re = amplitude * cosine(turns);
        self.im = amplitude * sine(turns);
        self
    }

    #[inline]
    pub(crate) fn step(&mut self) -> f64 {
        let re = self.re * self.cos - self.im * self.sin;
        self.im = self.re * self.sin + self.im * self.cos;
        self.re = re;
        self.im
    }
}
