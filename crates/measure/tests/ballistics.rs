//! The needles against the figures of their standards, at every rate, and the promises all of them share.

use std::f64::consts::TAU;

use tonmeister_core::{Layout, View};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_measure::ballistics::{
    Fall, K, KMeter, Meter, PeakMeter, PpmMeter, PpmType, RmsMeter, TruePeakMeter, VuMeter,
};

const RATES: [u32; 5] = [44_100, 48_000, 88_200, 96_000, 192_000];

/// A sine of that peak, then silence.
fn burst(rate: u32, hz: f64, peak_dbfs: f64, seconds: f64, silence: f64) -> Vec<f32> {
    let frames = |s: f64| (s * f64::from(rate)).round() as usize;
    let gain = 10f64.powf(peak_dbfs / 20.0);
    let mut out: Vec<f32> =
        (0..frames(seconds)).map(|n| (gain * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32).collect();
    out.resize(out.len() + frames(silence), 0.0);
    out
}

fn push(meter: &mut dyn Meter, signal: &[f32]) {
    meter.push(View::mono(signal));
}

fn near(found: f64, expected: f64, allowed: f64, what: &str) {
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected} ± {allowed}");
}

#[test]
fn programme_meters_read_bursts_as_their_standard_asks() {
    // IEC 60268-10: type I ±0.5, 1, 1, 4 dB around −1, −2, −4, −15; type II 0, −2, −4, −9, −17. Held to 0.1 dB around what
    // the two envelopes give: −0.84 −2.08 −3.55 −14.5 and 0.0 −2.0 −3.95 −9.4 −16.6.
    let one: &[(f64, f64)] = &[(10.0, -0.84), (5.0, -2.08), (3.0, -3.55), (0.4, -14.5)];
    let two: &[(f64, f64)] = &[(100.0, 0.0), (10.0, -2.0), (5.0, -3.95), (1.5, -9.4), (0.5, -16.6)];
    for rate in RATES {
        for (kind, bursts) in [(PpmType::Din, one), (PpmType::Nordic, one), (PpmType::Bbc, two), (PpmType::Ebu, two)] {
            let mut steady = PpmMeter::new(rate, Layout::Mono, kind);
            push(&mut steady, &burst(rate, 5000.0, kind.reference_dbfs(), 2.0, 0.0));
            let steady = steady.read(0).held_db.unwrap();
            near(steady, 0.0, 0.03, &format!("{kind:?} at {rate}, steady tone"));
            for (ms, expected) in bursts {
                let mut meter = PpmMeter::new(rate, Layout::Mono, kind);
                push(&mut meter, &burst(rate, 5000.0, kind.reference_dbfs(), ms / 1000.0, 0.1));
                near(meter.read(0).held_db.unwrap() - steady, *expected, 0.1, &format!("{kind:?} at {rate}, {ms} ms"));
            }
        }
    }
}

#[test]
fn programme_meters_fall_as_their_standard_asks() {
    for rate in RATES {
        for (kind, fall_db, seconds) in [(PpmType::Din, 20.0, 1.7), (PpmType::Ebu, 24.0, 2.8)] {
            let mut meter = PpmMeter::new(rate, Layout::Mono, kind);
            push(&mut meter, &burst(rate, 1000.0, -1.0, 2.0, 0.0));
            let before = meter.read(0).level_db;
            push(&mut meter, &burst(rate, 1000.0, -1.0, 0.0, seconds));
            near(before - meter.read(0).level_db, fall_db, 0.3, &format!("{kind:?} at {rate}"));
        }
    }
}

#[test]
fn a_volume_indicator_swings_as_its_standard_asks() {
    for rate in RATES {
        let mut meter = VuMeter::new(rate, Layout::Mono);
        let tone = burst(rate, 1000.0, -18.0, 3.0, 0.0);
        let (mut reached, mut highest) = (None, 0.0_f64);
        // A millisecond at a time: one whole cycle, so that the needle's own tremble is left out.
        for (ms, part) in tone.chunks(rate as usize / 1000).enumerate() {
            push(&mut meter, part);
            let place = 10f64.powf(meter.read(0).level_db / 20.0);
            if place >= 0.99 && reached.is_none() {
                reached = Some(ms + 1);
            }
            highest = highest.max(place);
        }
        // 99 % of the reference after 300 ± 30 ms; overshoot 1 to 1.5 %.
        let reached = reached.unwrap();
        println!("{rate} Hz: 99 % after {reached} ms, highest {highest:.4}");
        assert!((270..=330).contains(&reached), "{rate}: {reached} ms");
        assert!((1.010..=1.015).contains(&highest), "{rate}: {highest}");
        near(meter.read(0).level_db, 0.0, 0.02, "0 VU is a sine of −18 dBFS");
    }
}

#[test]
fn k_meters_stand_at_zero_for_their_reference_and_reach_it_in_600_ms() {
    for rate in RATES {
        for k in [K::K20, K::K14, K::K12] {
            let mut meter = KMeter::new(rate, Layout::Mono, k);
            push(&mut meter, &burst(rate, 1000.0, k.reference_dbfs(), 0.6, 0.0));
            // 99 % of the amplitude are −0.09 dB.
            near(meter.read(0).level_db, -0.09, 0.03, &format!("{k:?} at {rate} after 600 ms"));
            push(&mut meter, &burst(rate, 1000.0, k.reference_dbfs(), 3.0, 0.0));
            near(meter.read(0).level_db, 0.0, 0.01, &format!("{k:?} at {rate}"));
            near(meter.read(0).held_db.unwrap(), 0.0, 0.1, &format!("{k:?} at {rate}, peak"));
        }
    }
}

#[test]
fn rms_is_that_of_its_window() {
    for rate in RATES {
        let mut meter = RmsMeter::with_window(rate, Layout::Mono, 600.0);
        push(&mut meter, &burst(rate, 1000.0, -20.0, 0.3, 0.0));
        near(meter.read(0).level_db, -23.01, 0.02, "half a window");
        push(&mut meter, &burst(rate, 1000.0, -20.0, 0.4, 0.0));
        near(meter.read(0).level_db, -20.0, 0.01, "a whole window");
        push(&mut meter, &burst(rate, 1000.0, -20.0, 0.0, 0.61));
        assert_eq!(meter.read(0).level_db, f64::NEG_INFINITY, "nothing is left of what has passed");
    }
}

#[test]
fn peaks_hold_and_fall_evenly() {
    for rate in RATES {
        let fall = Fall { db_per_s: 20.0, hold_s: 1.0 };
        let mut sample = PeakMeter::with_fall(rate, Layout::Mono, fall);
        let mut between = TruePeakMeter::with_fall(rate, Layout::Mono, fall);
        // A quarter of the rate, 45° beside its crests: samples 3.01 dB below the waveform.
        let tone: Vec<f32> = (0..rate as usize / 2)
            .map(|n| {
                let swell = (n.min(rate as usize / 2 - 1 - n) as f64 / f64::from(rate) * 20.0).min(1.0);
                (0.5 * swell * (TAU * (n as f64 / 4.0 + 0.125)).sin()) as f32
            })
            .collect();
        for meter in [&mut sample as &mut dyn Meter, &mut between] {
            push(meter, &tone);
        }
        near(sample.read(0).held_db.unwrap(), -9.03, 0.01, "sample peak");
        near(between.read(0).held_db.unwrap(), -6.02, 0.01, "true peak");
        for (meter, peak) in [(&mut sample as &mut dyn Meter, -9.03), (&mut between, -6.02)] {
            // The last full crest stands 50 ms before the end of the tone.
            push(meter, &vec![0.0; rate as usize * 9 / 10]);
            near(meter.read(0).held_db.unwrap(), peak, 0.01, "held for a second");
            near(meter.read(0).level_db, peak - 19.0, 0.2, "fallen 20 dB in a second");
            push(meter, &vec![0.0; rate as usize / 2]);
            near(meter.read(0).held_db.unwrap(), peak - 9.0, 0.2, "the mark falls after its hold");
        }
    }
}

/// One of each kind.
fn all(rate: u32, layout: Layout) -> Vec<Box<dyn Meter>> {
    let mut meters: Vec<Box<dyn Meter>> = vec![
        Box::new(PeakMeter::new(rate, layout)),
        Box::new(TruePeakMeter::new(rate, layout)),
        Box::new(RmsMeter::new(rate, layout)),
        Box::new(VuMeter::new(rate, layout)),
        Box::new(KMeter::new(rate, layout, K::K14)),
    ];
    for kind in [PpmType::Din, PpmType::Nordic, PpmType::Bbc, PpmType::Ebu] {
        meters.push(Box::new(PpmMeter::new(rate, layout, kind)));
    }
    meters
}

fn readings(meter: &dyn Meter) -> Vec<[u64; 2]> {
    let bits = |c| {
        let reading = meter.read(c);
        [reading.level_db.to_bits(), reading.held_db.map_or(0, f64::to_bits)]
    };
    (0..meter.channels()).map(bits).collect()
}

#[test]
fn the_cut_does_not_matter_and_a_reset_is_a_new_meter() {
    let mut audio = stereo_noise(5, 0.4, 60_007);
    audio.channel_mut(0)[20_000..40_000].fill(0.0);
    audio.channel_mut(1)[30_000] = f32::NAN;
    audio.channel_mut(1)[30_001] = f32::INFINITY;
    let whole = audio.view(audio.frames());
    for (once, pieces) in all(44_100, Layout::Stereo).iter_mut().zip(&mut all(44_100, Layout::Stereo)) {
        once.push(whole);
        let expected = readings(&**once);
        assert!(once.read(1).level_db.is_finite(), "{}: what is no number does no harm", once.scale().title);
        for sizes in [&[1_usize][..], &[64], &[441], &[7, 4096, 1, 333]] {
            pieces.reset();
            let mut at = 0;
            for size in sizes.iter().cycle() {
                let end = (at + size).min(audio.frames());
                pieces.push(whole.part(at, end));
                at = end;
                if at == audio.frames() {
                    break;
                }
            }
            assert_eq!(readings(&**pieces), expected, "{} in blocks of {sizes:?}", once.scale().title);
        }
    }
}

#[test]
fn silence_reads_as_silence_in_the_end() {
    for meter in &mut all(48_000, Layout::Mono) {
        assert_eq!(meter.read(0).level_db, f64::NEG_INFINITY);
        push(&mut **meter, &burst(48_000, 1000.0, -1.0, 0.5, 0.0));
        assert!(meter.read(0).level_db > -30.0);
        let silence = vec![0.0; 48_000];
        for _ in 0..70 {
            push(&mut **meter, &silence);
        }
        assert_eq!(meter.read(0).level_db, f64::NEG_INFINITY, "{}", meter.scale().title);
    }
}
