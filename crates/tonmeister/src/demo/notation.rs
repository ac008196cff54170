//! How scores are written down: patterns of strokes, melodies, harmonies, and tempo.

use super::SAMPLE_RATE;

/// The strokes of one bar's pattern: which step (a sign each), and how hard (0 to 1). `.` is a rest, `o` soft, `x`
/// played, `X` accented, `O` open.
pub(crate) fn strokes(pattern: &str) -> impl Iterator<Item = (usize, char, f64)> + '_ {
    pattern.chars().enumerate().filter_map(|(step, sign)| {
        let force = match sign {
            'o' => 0.34,
            'x' => 0.74,
            'X' => 0.95,
            'O' => 0.8,
            _ => return None,
        };
        Some((step, sign, force))
    })
}

/// Bar, step in the bar, length in steps, MIDI note.
pub(crate) type Line = &'static [(usize, usize, usize, u8)];

/// What the bass stands on, and four notes for the hands (MIDI numbers), lowest first, led so that each voice moves
/// little from one chord to the next.
#[derive(Debug)]
pub(crate) struct Harmony {
    pub(crate) bass: u8,
    pub(crate) voices: [u8; 4],
}

/// A harmony.
pub(crate) const fn harmony(bass: u8, voices: [u8; 4]) -> Harmony {
    Harmony { bass, voices }
}

/// A tempo map: from which beat on, how many beats per minute, and how many it has become by the next entry, along a
/// straight line over time. The document has the same map under `[[tempo]]`.
pub(crate) struct Tempo(pub(crate) &'static [(f64, f64, f64)]);

impl Tempo {
    /// The frame at which a beat falls.
    pub(crate) fn frame(&self, beat: f64) -> f64 {
        let mut seconds = 0.0;
        for (i, (from, bpm, to)) in self.0.iter().enumerate() {
            let next = self.0.get(i + 1).map_or(f64::INFINITY, |next| next.0);
            let (bpm, to) = if next.is_finite() { (*bpm, *to) } else { (*bpm, *bpm) };
            let beats = beat.min(next) - from;
            // Beats are the integral of a line: n = (bpm·t + (to − bpm)·t²/2T)/60, and T = 120·N/(bpm + to).
            let bend = if next.is_finite() { (to - bpm) * (to + bpm) / (240.0 * (next - from)) } else { 0.0 };
            seconds += 120.0 * beats / (bpm + (bpm * bpm + 240.0 * bend * beats).sqrt());
            if beat <= next {
                break;
            }
        }
        seconds * f64::from(SAMPLE_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::Tempo;

    #[test]
    fn a_ramp_takes_as_long_as_its_mean_tempo() {
        // 60 to 120 over nine beats: 6 s at 90 on the average; then a beat of half a second.
        let tempo = Tempo(&[(0.0, 60.0, 120.0), (9.0, 120.0, 120.0)]);
        assert!((tempo.frame(9.0) - 288_000.0).abs() < 1e-6);
        assert!((tempo.frame(10.0) - 312_000.0).abs() < 1e-6);
        // After three seconds the tempo is 90: 3.75 beats have passed.
        assert!((tempo.frame(3.75) - 144_000.0).abs() < 1e-6);
    }
}
