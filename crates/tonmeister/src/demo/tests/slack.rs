//! *Slack Water*: its pitches, and that its text knows its tempo.

use super::{cents, pitch_near, stem};
use crate::demo::SLACK;
use crate::demo::instruments::arithmetic::pitch;
use crate::demo::slack::bowed::melody;
use crate::demo::slack::score::TEMPO;

#[test]
fn the_cello_plays_the_melody() {
    let cello = stem(&SLACK, "cello");
    let mut measured = 0;
    for note in melody().iter().filter(|note| note.until - note.from > 24_000.0) {
        let from = (note.from + 0.45 * (note.until - note.from)) as usize;
        let hz = pitch(note.note);
        let off = cents(pitch_near(&cello[from..from + 9600], hz), hz);
        // Vibrato and drift are allowed.
        assert!(off.abs() < 30.0, "frame {from}: {off:.0} cents off");
        measured += 1;
    }
    assert!(measured > 25, "{measured} notes measured");
}

/// The document's tempo map is the score's, so that bars in the text are bars in the music.
#[test]
fn the_document_counts_the_same_bars() {
    let document = super::balance::document(&SLACK);
    let map = &document.song().tempo_map();
    for beat in 0..130 {
        let (text, score) = (map.seconds(f64::from(beat)), TEMPO.frame(f64::from(beat)) / 48_000.0);
        assert!((text - score).abs() < 1e-3, "beat {beat}: {text:.4} s in the text, {score:.4} s in the score");
    }
}
