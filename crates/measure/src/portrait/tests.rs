//! The whole, and that its parts are right together.

use super::*;
use tonmeister_dsp::testing::{noise, sine};

fn portrait(left: &[f32], right: &[f32], cut: usize) -> Portrait {
    let mut meter = PortraitMeter::new(48_000, Layout::Stereo);
    for (l, r) in left.chunks(cut).zip(right.chunks(cut)) {
        meter.push(View::stereo(l, r));
    }
    meter.finish()
}

#[test]
fn cuts_do_not_matter() {
    let (left, right) = (noise(1, 0.5, 50_000), noise(2, 0.3, 50_000));
    let whole = portrait(&left, &right, 50_000);
    for cut in [1, 100, 1023, 4096] {
        assert!(portrait(&left, &right, cut) == whole, "{cut}");
    }
}

#[test]
fn any_length_and_any_rate_have_a_portrait() {
    for (rate, longest) in [(4_000, 5_000), (8_000, 60_000), (44_100, 100_000), (96_000, 7_000), (384_000, 5_000)] {
        for frames in [0, 1, 255, 1024, longest] {
            for layout in [Layout::Mono, Layout::Stereo] {
                let sound = noise(5, 0.5, frames);
                let mut meter = PortraitMeter::new(rate, layout);
                match layout {
                    Layout::Mono => meter.push(View::mono(&sound)),
                    Layout::Stereo => meter.push(View::stereo(&sound, &sound)),
                }
                let found = meter.finish();
                assert_eq!(found.frames, frames as u64);
                assert!(found.spectrogram.db.iter().all(|v| v.is_finite()));
                assert_eq!(found.spectrogram.db.len(), found.spectrogram.columns * found.spectrogram.hz.len());
                assert_eq!(
                    found.waveform.channels[0].len(),
                    frames.div_ceil(found.waveform.frames_per_column as usize)
                );
                assert!(found.long_term.left.mean_square.iter().all(|v| v.is_finite()));
            }
        }
    }
}

/// A tone stands in one place of the spectrogram, at its level: row within 3 %, −9.0 dB (mean of both channels of a tone
/// of −6.02 dB peak).
#[test]
fn a_tone_stands_in_its_row() {
    for hz in [500.0, 4000.0] {
        let tone = sine(hz, 0.5, 48_000, 96_000);
        let found = portrait(&tone, &tone, 4096).spectrogram;
        let column = found.column(found.columns / 2);
        let top = (0..column.len()).max_by(|a, b| column[*a].total_cmp(&column[*b])).unwrap();
        assert!((found.hz[top] / hz - 1.0).abs() < 0.03, "{}", found.hz[top]);
        let sum: f64 = column.iter().map(|v| 10f64.powf(f64::from(*v) / 10.0)).sum();
        assert!((10.0 * sum.log10() + 9.03).abs() < 0.2, "{}", 10.0 * sum.log10());
    }
}
