//! One direction of a field: where a value lies, and which values are marked.

use crate::text::{clock, number};

/// One direction of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The value at its beginning.
    pub min: f64,
    /// The value at its end.
    pub max: f64,
    logarithmic: bool,
    pub(crate) ticks: Vec<(f64, String)>,
    /// The unit, or what is meant.
    pub label: String,
}

impl Axis {
    /// Equal steps of `step`, with their numbers.
    pub fn linear(min: f64, max: f64, step: f64, label: &str) -> Self {
        let places = usize::from(step < 1.0) + usize::from(step < 0.1);
        Axis::stepped(min, max, step, label, |value| number(value, places))
    }

    fn stepped(min: f64, max: f64, step: f64, label: &str, text: impl Fn(f64) -> String) -> Self {
        // Far more steps than can be told apart would be a page of their own: then there are about five.
        if (max - min) / step > 40.0 {
            return Axis::round(min, max, label);
        }
        let first = (min / step).ceil() as i64;
        let last = (max / step + 1e-9).floor() as i64;
        let tick = |k: i64| (k as f64 * step, text(k as f64 * step));
        Axis { min, max, logarithmic: false, ticks: (first..=last).map(tick).collect(), label: label.into() }
    }

    /// From one end to the other without any mark.
    pub fn plain(min: f64, max: f64) -> Self {
        Axis { min, max, logarithmic: false, ticks: Vec::new(), label: String::new() }
    }

    /// About five round steps between these.
    pub fn round(min: f64, max: f64, label: &str) -> Self {
        let rough = (max - min) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(rough);
        Axis::linear(min, max, step, label)
    }

    /// Seconds from 0 to `seconds`, marked as a clock does (0:30), at most `most` times.
    pub fn time(seconds: f64, most: usize) -> Self {
        const STEPS: [f64; 17] =
            [0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
        let seconds = seconds.max(1e-3);
        let step = STEPS.into_iter().find(|step| seconds / step <= most as f64);
        let step = step.unwrap_or_else(|| 3600.0 * (seconds / 3600.0 / most as f64).ceil());
        let places = usize::from(step < 1.0) + usize::from(step < 0.1) + usize::from(step < 0.01);
        Axis::stepped(0.0, seconds, step, "", |value| if places > 0 { number(value, places) } else { clock(value) })
    }

    /// What the ear hears: 20 Hz to 20 kHz.
    pub fn hearing() -> Self {
        let ticks =
            [(20.0, "20"), (50.0, ""), (100.0, "100"), (200.0, ""), (500.0, "500"), (1000.0, "1k"), (2000.0, "")];
        let more = [(5000.0, "5k"), (10_000.0, "10k"), (20_000.0, "20k")];
        let ticks = ticks.into_iter().chain(more).map(|(hz, text)| (hz, text.to_string())).collect();
        Axis { min: 20.0, max: 20_000.0, logarithmic: true, ticks, label: "Hz".into() }
    }

    /// The same in a narrow field.
    pub fn hearing_narrow() -> Self {
        let mut axis = Axis::hearing();
        for (hz, text) in &mut axis.ticks {
            if [500.0, 5000.0, 20_000.0].contains(hz) {
                text.clear();
            }
        }
        axis
    }

    /// Another stretch of frequencies; ticks outside of it are left out.
    pub fn between(mut self, min: f64, max: f64) -> Self {
        (self.min, self.max) = (min, max);
        self.ticks.retain(|(value, _)| (min * 0.999..=max * 1.001).contains(value));
        self
    }

    /// Without the numbers, where a field beside it carries them.
    pub fn unmarked(mut self) -> Self {
        for (_, text) in &mut self.ticks {
            text.clear();
        }
        self
    }

    /// Where a value lies, from 0 at the beginning to 1 at the end.
    pub fn part(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.min).ln() / (self.max / self.min).ln()
        } else {
            (value - self.min) / (self.max - self.min)
        }
    }

    /// Whether steps are of equal ratio.
    pub fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(texts(&Axis::linear(-12.0, 6.0, 6.0, "dB")), ["−12", "−6", "0", "6"]);
        assert_eq!(texts(&Axis::time(222.0, 8)), ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00", "3:30"]);
        assert_eq!(texts(&Axis::time(0.4, 8)), ["0.0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(texts(&Axis::time(20_000.0, 4)), ["0:00", "2:00:00", "4:00:00"]);
        for seconds in [0.0, 1e-5, 0.02, 3.0, 61.0, 3_600.0, 90_000.0, 4e6] {
            assert!((1..=9).contains(&Axis::time(seconds, 8).ticks.len()), "{seconds}");
        }
    }
}
