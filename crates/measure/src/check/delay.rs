//! Two files that hold one sound at two times.
//!
//! From the same cross-spectra as polarity is judged by: the phase transform, each frequency weighted by its coherence
//! over the windows (as [`crate::align`] does, which works on the audio itself), searched within ±20 ms.

use realfft::num_complex::Complex64;

use super::finding::Finding;
use super::polarity::{CARRIES, Correlator, Cross, crest};
use super::rules;
use super::set::Member;

/// The greatest delay that is looked at: seven meters.
const REACH_S: f64 = 0.02;
/// Peaks nearer than this to the highest are its own flanks.
const FLANK_S: f64 = 5e-4;
/// The height the phase transform must reach.
const FIT: f64 = 0.7;
/// How much higher it must be than anywhere else.
const LEAD: f64 = 1.6;
/// The mean coherence of the band, in octaves.
const COHERENT: f64 = 0.3;
/// Fewer windows have a coherence by accident.
const WINDOWS: usize = 4;

/// How the second lies to the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delay {
    /// Positive when the second comes later.
    seconds: f64,
    /// The phase transform there; negative for opposite polarity.
    fit: f64,
    /// Its highest magnitude anywhere else.
    rival: f64,
    /// The mean coherence.
    coherence: f64,
}

impl Delay {
    fn is_certain(&self) -> bool {
        self.fit.abs() >= FIT && self.fit.abs() >= LEAD * self.rival && self.coherence >= COHERENT
    }
}

/// `None` when the two hardly sound together.
fn delay(correlator: &Correlator, cross: &Cross) -> Option<Delay> {
    if cross.windows < WINDOWS {
        return None;
    }
    let strongest = |power: &[f32]| power.iter().fold(0.0_f32, |a, b| a.max(*b));
    let floors = [&cross.first, &cross.second].map(|p| f64::from(strongest(p)) * CARRIES);
    // So many windows of two unrelated sounds have this coherence by accident.
    let accident = 1.0 / cross.windows as f64;
    let (mut sum, mut octaves, mut coherence) = (0.0, 0.0, 0.0);
    let mut phases = vec![Complex64::default(); cross.both.len()];
    for (i, phase) in phases.iter_mut().enumerate() {
        let (first, second) = (f64::from(cross.first[i]), f64::from(cross.second[i]));
        let both = Complex64::new(f64::from(cross.both[i].re), f64::from(cross.both[i].im));
        let share = 1.0 / (correlator.first + i) as f64;
        octaves += share;
        let common = both.norm();
        if first <= floors[0] || second <= floors[1] || common == 0.0 {
            continue;
        }
        let weight = ((common * common / (first * second) - accident) / (1.0 - accident)).max(0.0);
        coherence += share * weight;
        sum += weight;
        *phase = both / common * weight;
    }
    if sum == 0.0 {
        return None;
    }
    for phase in &mut phases {
        *phase /= sum;
    }
    let fit = correlator.over_delay(&phases, REACH_S)?;
    let (seconds, peak) = crest(&fit);
    let others = fit.iter().filter(|(at, _)| (at - seconds).abs() > FLANK_S);
    let rival = others.map(|(_, value)| value.abs()).fold(0.0, f64::max);
    Some(Delay { seconds, fit: peak, rival, coherence: coherence / octaves })
}

/// Whether two files hold one sound, at least `limit_ms` apart.
pub(super) fn delayed(
    correlator: &Correlator,
    limit_ms: f64,
    cross: &Cross,
    a: &Member<'_>,
    b: &Member<'_>,
) -> Option<Finding> {
    let found = delay(correlator, cross)?;
    let found = Some(found).filter(Delay::is_certain).filter(|d| d.seconds.abs() * 1e3 >= limit_ms)?;
    let (early, late) = if found.seconds > 0.0 { (a, b) } else { (b, a) };
    let apart = found.seconds.abs();
    let turned = if found.fit < 0.0 { ", with opposite polarity" } else { "" };
    let message =
        format!("`{}` holds the same sound as `{}`, {:.2} ms later{turned}", late.name, early.name, apart * 1e3);
    let frames = apart * f64::from(a.inspection.stats.sample_rate_hz);
    Some(
        Finding::of(&rules::DELAY_PAIR, message)
            .files([late.name, early.name])
            .with("delay", apart, "s")
            .with("frames", frames, "frames")
            .with("polarity", found.fit.signum(), "")
            .with("fit", found.fit.abs(), "")
            .with("elsewhere", found.rival, "")
            .with("coherence", found.coherence, ""),
    )
}
