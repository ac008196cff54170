//! The electric piano's tone bar: frequency modulation, as a tine before a pickup comes out of it (Chowning, "The
//! synthesis of complex audio spectra by means of frequency modulation", JAES 21(7), 1973).

use super::arithmetic::{RATE, decay, pitch, sine};
use super::filter::Mode;
use super::track::Track;

/// A tone bar at its own pitch, bent by itself, and the tine high above it in the first moments.
pub(crate) fn strike(track: &mut Track, from: f64, held: f64, note: f64, force: f64) {
    let hz = pitch(note);
    let turn = hz / RATE;
    let tine = if hz * 14.0 < 8500.0 { 14.0 } else { 7.0 };
    // Both modulators die away, the tine at once: struck modes, whose amplitude is the index in turns.
    let mut bend = Mode::struck(hz, 0.26 * force * force + 0.02, 1.6);
    let mut bell = Mode::struck(hz * tine, 0.035 * force, 0.22);
    let (mut ring, ring_fall) = (force, decay(7.5 - (note - 55.0) * 0.09));
    let damp = decay(0.17);
    let mut phase = 0.0;
    for (i, sample) in track.span(from, held / RATE + 0.2).iter_mut().enumerate() {
        phase += turn;
        phase -= f64::from(phase >= 1.0);
        let attack = (i as f64 / 110.0).min(1.0);
        *sample += (sine(phase + bend.step() + bell.step()) * ring * attack) as f32;
        ring *= if (i as f64) < held { ring_fall } else { damp };
    }
}
