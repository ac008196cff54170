//! The needle of a correlation meter.

use tonmeister_core::{Layout, View};

use super::Pair;

/// A correlation and balance meter with the slowness of a needle: each moment counts less the longer it is past, by a
/// time constant. For long-term figures see [`Space`](super::Space).
///
/// ```
/// use tonmeister_core::View;
/// use tonmeister_measure::space::CorrelationMeter;
///
/// let tone = tonmeister_dsp::testing::sine(440.0, 0.5, 48_000, 48_000);
/// let turned: Vec<f32> = tone.iter().map(|x| -x).collect();
/// let mut meter = CorrelationMeter::new(48_000, 0.3);
/// meter.push(View::stereo(&tone, &turned));
/// assert!(meter.correlation().unwrap() < -0.999);
/// ```
#[derive(Clone, Debug)]
pub struct CorrelationMeter {
    keep: f64,
    pair: Pair,
    /// How much of the mean is there since the beginning, 0 to 1.
    filled: f64,
}

impl CorrelationMeter {
    /// At rest. The time constant in seconds: 0.05 to follow beats, 0.3 to 0.6 for the eye, 3 for a tendency.
    pub fn new(sample_rate: u32, seconds: f64) -> Self {
        let keep = (-1.0 / (seconds.max(1e-4) * f64::from(sample_rate.max(1)))).exp();
        CorrelationMeter { keep, pair: Pair::default(), filled: 0.0 }
    }

    /// Hears more. Of mono, both channels are the one. Samples that are no numbers are heard as silence.
    pub fn push(&mut self, view: View<'_>) {
        let left = view.channel(0);
        let right = if view.layout() == Layout::Stereo { view.channel(1) } else { left };
        let take = 1.0 - self.keep;
        let Pair { left: mut ll, right: mut rr, both: mut lr } = self.pair;
        for (l, r) in left.iter().zip(right) {
            let [l, r] = [*l, *r].map(|x| if x.is_finite() { f64::from(x) } else { 0.0 });
            ll = self.keep * ll + take * l * l;
            rr = self.keep * rr + take * r * r;
            lr = self.keep * lr + take * l * r;
            self.filled = self.keep * self.filled + take;
        }
        self.pair = Pair { left: ll, right: rr, both: lr };
    }

    fn now(&self) -> Pair {
        let n = self.filled.max(1e-9);
        Pair { left: self.pair.left / n, right: self.pair.right / n, both: self.pair.both / n }
    }

    /// Correlation now, −1 to 1; `None` when a channel is silent.
    pub fn correlation(&self) -> Option<f64> {
        self.now().correlation()
    }

    /// The right channel over the left in dB; `None` when a channel is silent.
    pub fn balance_db(&self) -> Option<f64> {
        self.now().balance_db()
    }

    /// Side over middle in dB; `None` when either is silent.
    pub fn width_db(&self) -> Option<f64> {
        self.now().width_db()
    }
}
