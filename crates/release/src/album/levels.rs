//! What a stretch of sound was measured to be, in the few figures that a release keeps.

use serde::{Deserialize, Serialize};
use tonmeister_core::{Layout, View};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter, Mono, Options, Peaks};

/// The levels of a song. `None` where there is no such figure (of silence, of what is too short).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Length in seconds.
    pub seconds: f64,
    /// Integrated loudness.
    pub integrated_lufs: Option<f64>,
    /// Loudness range.
    pub range_lu: Option<f64>,
    /// Greatest loudness of any 3 s.
    pub max_short_term_lufs: Option<f64>,
    /// Greatest loudness of any 400 ms.
    #[serde(default)]
    pub max_momentary_lufs: Option<f64>,
    /// Greatest true peak.
    pub true_peak_dbtp: Option<f64>,
    /// Greatest sample.
    pub sample_peak_dbfs: Option<f64>,
    /// True peak − integrated loudness.
    pub plr_db: Option<f64>,
    /// Smallest true peak − short-term loudness of any 3 s.
    pub min_psr_db: Option<f64>,
    /// DR14.
    pub dr_db: Option<f64>,
}

impl From<&Loudness> for Levels {
    fn from(loudness: &Loudness) -> Self {
        Levels {
            seconds: loudness.seconds(),
            integrated_lufs: loudness.integrated_lufs,
            range_lu: loudness.range.map(|range| range.lu),
            max_short_term_lufs: loudness.max_short_term_lufs,
            max_momentary_lufs: loudness.max_momentary_lufs,
            true_peak_dbtp: loudness.true_peak_dbtp,
            sample_peak_dbfs: loudness.sample_peak_dbfs,
            plr_db: loudness.plr_db,
            min_psr_db: loudness.min_psr_db,
            dr_db: loudness.dr_db,
        }
    }
}

/// A meter of everything that [`Levels`] keeps.
pub(crate) fn meter(sample_rate: u32, layout: Layout) -> Result<LoudnessMeter, String> {
    let options = Options { mono: Mono::default(), peaks: Peaks::TrueAndPsr };
    LoudnessMeter::with_options(sample_rate, layout, options).map_err(|e| e.to_string())
}

/// Hands each frame of a stream to the stretch it lies in: stretches follow each other and may leave gaps.
pub(crate) struct Cutter {
    ends: Vec<(u64, u64)>,
    at: u64,
}

impl Cutter {
    /// Stretches as `(begin, end)`, in order, not overlapping.
    pub(crate) fn new(stretches: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Cutter { ends: stretches.into_iter().collect(), at: 0 }
    }

    /// The next frames of the stream, cut at the bounds of stretches: which stretch, where in it, and its frames.
    pub(crate) fn push<E>(
        &mut self,
        view: View<'_>,
        mut each: impl FnMut(usize, View<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (self.at, self.at + view.frames() as u64);
        self.at = to;
        let first = self.ends.partition_point(|(_, end)| *end <= from);
        for (place, (begin, end)) in self.ends.iter().enumerate().skip(first) {
            if *begin >= to {
                break;
            }
            let (begin, end) = ((*begin).max(from), (*end).min(to));
            each(place, view.part((begin - from) as usize, (end - from) as usize))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_to_their_stretch_whatever_the_block() {
        let samples: Vec<f32> = (0..100).map(|n| n as f32).collect();
        for block in [1, 7, 30, 100] {
            let mut cutter = Cutter::new([(0, 10), (10, 35), (40, 90)]);
            let mut got = vec![Vec::new(); 3];
            for part in samples.chunks(block) {
                let each = |place: usize, view: View<'_>| -> Result<(), ()> {
                    got[place].extend_from_slice(view.channel(0));
                    Ok(())
                };
                cutter.push(View::mono(part), each).unwrap();
            }
            assert_eq!(got, [samples[0..10].to_vec(), samples[10..35].to_vec(), samples[40..90].to_vec()]);
        }
    }
}
