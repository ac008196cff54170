//! What is heard: nothing where nothing is set, no clicks, no noise, the same bits in every block.

use proptest::prelude::*;
use realfft::RealFftPlanner;
use tonmeister_core::{Buffer, Effect, Event, Layout, Processor, Settings, Stream, Tail};

use crate::biquad::Biquad;
use crate::eq::{Eq, response};
use crate::simd::Level;
use crate::testing::{assert_block_size_does_not_matter, impulse, run, sine, spread, stereo_noise};

pub(super) fn eq() -> Settings {
    Settings::new(Eq::SPEC)
}

pub(super) fn build(settings: &Settings, sample_rate: u32, layout: Layout) -> Box<dyn Processor> {
    Eq::from_settings(settings).build(&Stream { sample_rate, layout, max_block: 4096, seed: 0 }).unwrap()
}

/// High-pass 12 dB/oct, low shelf, two bells, high shelf.
fn strip() -> Settings {
    eq().with_item("highpass", &[("hz", 80.0), ("slope_db_oct", 12.0)])
        .with_item("low_shelves", &[("hz", 120.0), ("gain_db", 2.0)])
        .with_item("bells", &[("hz", 400.0), ("gain_db", -3.0), ("q", 1.2)])
        .with_item("bells", &[("hz", 3000.0), ("gain_db", 2.5), ("q", 0.9)])
        .with_item("high_shelves", &[("hz", 9000.0), ("gain_db", 3.0)])
}

pub(super) fn event(settings: &Settings, at: u32, address: &str, value: f64, glide: u32) -> Event {
    Event { at, param: settings.index_of(address).unwrap(), value, glide }
}

#[test]
fn an_equalizer_that_is_set_to_nothing_changes_no_bit() {
    let settings = eq().with_item("bells", &[("hz", 100.0)]).with_item("high_shelves", &[]);
    let input = stereo_noise(1, 0.9, 5000);
    assert_eq!(run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &[]), input);
}

#[test]
fn what_sounds_is_what_the_response_says() {
    let settings = strip().with("output_db", 1.5).with_item("lowpass", &[("hz", 15_000.0), ("slope_db_oct", 30.0)]);
    for layout in [Layout::Mono, Layout::Stereo] {
        let out = run(&mut *build(&settings, 44_100, layout), &impulse(layout, 0, 65_536), &[512], &[]);
        for channel in 0..layout.channels() {
            let spectrum = spectrum(out.channel(channel), |_| 1.0);
            for bin in [60, 150, 600, 4459, 13_000, 20_000, 29_000] {
                let hz = bin as f64 * 44_100.0 / 65_536.0;
                let expected = response(&settings, 44_100, &[hz]).unwrap()[0];
                assert!((10.0 * spectrum[bin].log10() - expected).abs() < 1e-3, "{hz} Hz");
            }
        }
    }
}

/// Power of each bin.
fn spectrum(samples: &[f32], window: impl Fn(f64) -> f64) -> Vec<f64> {
    let length = samples.len();
    let mut planner = RealFftPlanner::<f64>::new();
    let fft = planner.plan_fft_forward(length);
    let mut input: Vec<f64> =
        samples.iter().enumerate().map(|(n, x)| f64::from(*x) * window((n as f64 + 0.5) / length as f64)).collect();
    let mut output = fft.make_output_vec();
    fft.process(&mut input, &mut output).unwrap();
    output.iter().map(realfft::num_complex::Complex::norm_sqr).collect()
}

/// What a change adds to a sine, further than 2 kHz away from it and up to 20 kHz, against the whole.
fn zipper_db(settings: &Settings, sine_hz: f64, events: &[Event]) -> f64 {
    zipper_with(settings, &spread(&sine(sine_hz, 1.0, 48_000, 65_536), Layout::Mono), sine_hz, events)
}

/// [`zipper_db`] of the first channel.
pub(super) fn zipper_with(settings: &Settings, input: &Buffer, sine_hz: f64, events: &[Event]) -> f64 {
    let out = run(&mut *build(settings, 48_000, input.layout()), input, &[512], events);
    let power = spectrum(out.channel(0), |x| 0.5 - 0.5 * (std::f64::consts::TAU * x).cos());
    let bin = |hz: f64| (hz * 65_536.0 / 48_000.0) as usize;
    let above: f64 = power[bin(sine_hz + 2000.0)..bin(20_000.0)].iter().sum();
    let below: f64 = power[..bin((sine_hz - 2000.0).max(0.0))].iter().sum();
    10.0 * ((above + below) / power.iter().sum::<f64>()).log10()
}

#[test]
fn nothing_zips() {
    let bell = eq().with_item("bells", &[("hz", 1000.0), ("gain_db", 0.0), ("q", 1.0)]);
    let set = eq().with_item("bells", &[("hz", 1000.0), ("gain_db", 6.0), ("q", 1.0)]);
    let low = eq().with_item("low_shelves", &[("hz", 2000.0), ("gain_db", 3.0)]);
    let high = eq().with_item("high_shelves", &[("hz", 500.0), ("gain_db", 3.0)]);
    let pass = eq().with_item("highpass", &[("hz", 30.0), ("slope_db_oct", 24.0)]);
    let air = eq().with_item("lowpass", &[("hz", 18_000.0), ("slope_db_oct", 24.0)]);
    let glide = 2400;
    let cases = [
        ("bell from 0 dB", &bell, "bells/1/gain_db", -12.0),
        ("bell through 0 dB", &set, "bells/1/gain_db", -6.0),
        ("bell's frequency", &set, "bells/1/hz", 1200.0),
        ("bell's Q", &set, "bells/1/q", 3.0),
        ("low shelf", &low, "low_shelves/1/gain_db", -9.0),
        ("high shelf", &high, "high_shelves/1/gain_db", -9.0),
        ("high-pass", &pass, "highpass/hz", 200.0),
        ("low-pass", &air, "lowpass/hz", 6000.0),
        ("output", &set, "output_db", -12.0),
    ];
    let mut worst = f64::NEG_INFINITY;
    for (name, settings, address, value) in cases {
        // None on the processor's own grid.
        let from = settings.at(settings.index_of(address).unwrap()).1;
        let joined = |piece: u32| -> Vec<Event> {
            let way = |n: u32| from + (value - from) * f64::from((n + 1) * piece) / f64::from(glide);
            (0..glide / piece).map(|n| event(settings, 30_011 + n * piece, address, way(n), piece)).collect()
        };
        let ways = [
            ("glide", vec![event(settings, 30_011, address, value, glide)]),
            ("glides of 60 frames joined", joined(60)),
            ("jump", vec![event(settings, 30_011, address, value, 0)]),
        ];
        for (way, events) in ways {
            let db = zipper_db(settings, 1000.0, &events);
            println!("{name}, {way}: {db:.1} dB");
            worst = worst.max(db);
        }
    }
    assert!(worst <= -100.0, "{worst} dB");
}

#[test]
fn waking_and_settling_are_not_heard_where_the_designs_differ_most() {
    // Hardly any change: what would be heard is the stand-in design coming and going.
    let bell = eq().with_item("bells", &[("hz", 7600.0), ("gain_db", 12.0), ("q", 0.7)]);
    let shelf = eq().with_item("high_shelves", &[("hz", 15_000.0), ("gain_db", -12.0)]);
    let pass = eq().with_item("highpass", &[("hz", 15_000.0), ("slope_db_oct", 24.0)]);
    let cases = [
        (&bell, "bells/1/gain_db", 12.01),
        (&shelf, "high_shelves/1/gain_db", -12.01),
        (&pass, "highpass/hz", 15_010.0),
    ];
    for (settings, address, value) in cases {
        for sine_hz in [5000.0, 17_500.0] {
            let db = zipper_db(settings, sine_hz, &[event(settings, 30_011, address, value, 100)]);
            println!("waking and settling, {address} at {sine_hz} Hz: {db:.1} dB");
            assert!(db <= -100.0, "{db} dB");
        }
    }
}

#[test]
fn a_moved_band_comes_to_rest_on_the_settled_design() {
    let settings = strip().with_item("lowpass", &[("hz", 15_000.0), ("slope_db_oct", 18.0)]);
    let goals = [("highpass/hz", 90.0), ("bells/1/gain_db", 4.0), ("bells/2/hz", 5000.0), ("lowpass/hz", 12_000.0)];
    let mut goal = settings.clone();
    let mut events = Vec::new();
    for (n, (address, value)) in goals.into_iter().enumerate() {
        let index = settings.index_of(address).unwrap();
        goal.set_at(index, value).unwrap();
        events.push(event(&settings, 1000 + 77 * n as u32, address, value, 3000 * (n as u32 % 2)));
    }
    let input = stereo_noise(4, 0.5, 48_000);
    let moved = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &events);
    let rest = run(&mut *build(&goal, 48_000, Layout::Stereo), &input, &[512], &[]);
    let apart = |range: std::ops::Range<usize>| {
        let pairs = moved.channel(1)[range.clone()].iter().zip(&rest.channel(1)[range]);
        pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
    };
    assert!(apart(0..3000) > 1e-2, "the bands did not move");
    let left = 20.0 * apart(40_000..48_000).log10();
    println!("moved and settled against built there: {left:.1} dB");
    assert!(left < -135.0, "{left} dB");
}

#[test]
fn many_short_glides_sound_like_one_long_one() {
    // A curve arrives as glide upon glide. The bell goes far from where it woke; nothing of there may stay with it.
    let settings = eq().with_item("bells", &[("hz", 7600.0), ("gain_db", 12.0), ("q", 0.7)]);
    let (start, length, piece) = (1000, 9600, 64);
    let pieces: Vec<Event> = (0..length / piece)
        .map(|n| {
            let value = 12.0 - 24.0 * f64::from((n + 1) * piece) / f64::from(length);
            event(&settings, start + n * piece, "bells/1/gain_db", value, piece)
        })
        .collect();
    let input = stereo_noise(12, 0.5, 16_000);
    let whole = [event(&settings, start, "bells/1/gain_db", -12.0, length)];
    let one = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &whole);
    let many = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &pieces);
    let pairs = one.channel(0).iter().zip(many.channel(0));
    let apart = 20.0 * pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max).log10();
    println!("one glide against 150: {apart:.1} dB");
    assert!(apart < -120.0, "{apart} dB");
}

#[test]
fn blocks_do_not_matter_even_among_events() {
    let settings = strip().with_item("lowpass", &[("hz", 15_000.0), ("slope_db_oct", 18.0)]);
    let events = [
        event(&settings, 0, "bells/1/gain_db", -3.0, 0),
        event(&settings, 100, "bells/2/gain_db", 6.0, 700),
        event(&settings, 333, "bells/1/hz", 800.0, 0),
        event(&settings, 333, "bells/1/q", 3.0, 0),
        event(&settings, 640, "output_db", -6.0, 100),
        event(&settings, 900, "highpass/hz", 200.0, 1000),
        event(&settings, 1234, "bells/1/hz", 300.0, 5),
        event(&settings, 2600, "output_db", 0.0, 0),
        event(&settings, 3000, "high_shelves/1/gain_db", 0.0, 0),
        event(&settings, 3001, "lowpass/hz", 9000.0, 64),
        event(&settings, 9000, "low_shelves/1/q", 1.5, 640),
    ];
    for layout in [Layout::Mono, Layout::Stereo] {
        let noise = stereo_noise(9, 0.5, 14_000);
        let input = if layout == Layout::Mono { Buffer::from_mono(noise.channel(0).to_vec()) } else { noise };
        assert_block_size_does_not_matter(|| build(&settings, 48_000, layout), &input, &events);
        assert_block_size_does_not_matter(|| build(&settings, 48_000, layout), &input, &[]);
        let stream = Stream { sample_rate: 48_000, layout, max_block: 4096, seed: 0 };
        let expected = run(&mut *build(&settings, 48_000, layout), &input, &[512], &events);
        for level in Level::all() {
            let mut processor = Eq::from_settings(&settings).build_at(&stream, level).unwrap();
            assert_eq!(run(&mut *processor, &input, &[512], &events), expected, "{level:?}");
        }
    }
}

#[test]
fn an_event_that_changes_nothing_is_not_heard() {
    let settings = strip();
    let input = stereo_noise(2, 0.5, 4000);
    let events = [event(&settings, 5, "bells/1/gain_db", -3.0, 0), event(&settings, 700, "output_db", 0.0, 300)];
    let with = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &events);
    assert_eq!(with, run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &[]));
}

#[test]
fn reset_is_a_new_birth() {
    let settings = strip();
    let input = stereo_noise(2, 0.5, 3000);
    let events = [event(&settings, 50, "bells/1/gain_db", 9.0, 0), event(&settings, 60, "output_db", 3.0, 9000)];
    let mut processor = build(&settings, 48_000, Layout::Stereo);
    let first = run(&mut *processor, &input, &[512], &events);
    processor.reset();
    assert_eq!(run(&mut *processor, &input, &[512], &events), first);
    processor.reset();
    let fresh = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &[]);
    assert_eq!(run(&mut *processor, &input, &[512], &[]), fresh);
}

#[test]
fn the_tail_holds() {
    let settings = strip().with_item("bells", &[("hz", 60.0), ("gain_db", 12.0), ("q", 10.0)]);
    let mut processor = build(&settings, 48_000, Layout::Mono);
    let Tail::Frames(tail) = processor.tail() else { panic!("an equalizer ends") };
    let out = run(&mut *processor, &impulse(Layout::Mono, 0, 200_000), &[512], &[]);
    let last = out.channel(0).iter().rposition(|y| y.abs() > 1e-6).unwrap();
    assert!((last as u64) < tail && tail < 4 * last as u64, "{tail} for {last}");
}

/// A number in two doubles, about 32 digits: the reference for the noise figure.
#[derive(Clone, Copy)]
struct Wide(f64, f64);

impl Wide {
    fn plus(self, other: Wide) -> Wide {
        let sum = self.0 + other.0;
        let part = sum - self.0;
        let error = (self.0 - (sum - part)) + (other.0 - part) + self.1 + other.1;
        Wide(sum + error, error - ((sum + error) - sum))
    }

    fn times(self, factor: f64) -> Wide {
        let product = self.0 * factor;
        // Exact here, and only here: the reference is allowed the fused operation that the kernel is not.
        let error = self.0.mul_add(factor, -product) + self.1 * factor;
        Wide(product + error, error - ((product + error) - product))
    }
}

fn widely(section: &Biquad, wire: &mut [Wide]) {
    let (mut s1, mut s2) = (Wide(0.0, 0.0), Wide(0.0, 0.0));
    for x in wire {
        let y = x.times(section.b0).plus(s1);
        s1 = x.times(section.b1).plus(y.times(-section.a1)).plus(s2);
        s2 = x.times(section.b2).plus(y.times(-section.a2));
        *x = y;
    }
}

#[test]
fn the_f64_path_adds_less_noise_than_minus_140_db() {
    let settings = [20.0, 35.0, 60.0, 100.0]
        .iter()
        .fold(eq(), |settings, hz| settings.with_item("bells", &[("hz", *hz), ("gain_db", 6.0), ("q", 2.0)]));
    let sections = Eq::from_settings(&settings).sections(192_000.0);
    let input = stereo_noise(8, 0.5, 200_000);
    let mut wide: Vec<Wide> = input.channel(0).iter().map(|x| Wide(f64::from(*x), 0.0)).collect();
    for section in &sections {
        widely(section, &mut wide);
    }
    let mut plain = vec![0.0; 200_000];
    let mut cascade = crate::biquad::Cascade::new(&sections, Layout::Mono);
    cascade.run_to_f64(tonmeister_core::View::mono(input.channel(0)), &mut [&mut plain]);
    let worst = plain.iter().zip(&wide).map(|(y, w)| (y - w.0).abs()).fold(0.0, f64::max);
    let db = 20.0 * worst.log10();
    println!("f64 noise, four bells 20 to 100 Hz at 192 kHz: peak {db:.1} dBFS");
    assert!(worst > 0.0 && db < -140.0, "{db} dBFS");
}

#[test]
fn what_is_not_a_number_makes_no_panic() {
    let settings = strip();
    let mut input = stereo_noise(3, 0.5, 1000);
    input.channel_mut(0)[100] = f32::NAN;
    input.channel_mut(1)[200] = f32::INFINITY;
    let events = [event(&settings, 50, "bells/1/gain_db", 9.0, 0)];
    run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[64], &events);
}

/// Settings with a few bands of every kind, and changes to them.
fn anything() -> impl Strategy<Value = (Settings, Vec<(f64, f64, u32)>, u32)> {
    let band = (0.0..1.0_f64, -24.0..24.0_f64, 0.1..40.0_f64);
    let bands = prop::collection::vec((0_usize..5, 0_usize..10, band), 0..6);
    let moves = prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64, 0_u32..1500), 0..5);
    (bands, moves, 8000_u32..384_000).prop_map(|(bands, moves, sample_rate)| {
        let mut settings = eq();
        for (kind, slope, (place, gain_db, q)) in bands {
            let hz = 10.0 * (40_000.0_f64.min(0.4899 * f64::from(sample_rate)) / 10.0).powf(place);
            let slope = ("slope_db_oct", crate::eq::SLOPES[slope]);
            let shaped = [("hz", hz), ("gain_db", gain_db), ("q", q)];
            // A second high-pass or low-pass is refused, which is as well here.
            let _ = match kind {
                0 => settings.push("highpass", &[("hz", hz), slope]),
                1 => settings.push("lowpass", &[("hz", hz), slope]),
                2 => settings.push("low_shelves", &shaped),
                3 => settings.push("bells", &shaped),
                _ => settings.push("high_shelves", &shaped),
            };
        }
        (settings, moves, sample_rate)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_blows_up((settings, moves, sample_rate) in anything()) {
        let mut events = Vec::new();
        for (which, value, glide) in moves {
            let index = tonmeister_core::ParamIndex((which * settings.count() as f64) as u32);
            let (spec, _) = settings.at(index);
            if let tonmeister_core::ParamKind::Number { min, max, .. } = spec.kind {
                let at = (value * 4000.0) as u32;
                events.push(Event { at, param: index, value: min + (max - min) * value, glide });
            }
        }
        events.sort_by_key(|e| e.at);
        let input = stereo_noise(6, 0.5, 12_000);
        let out = run(&mut *build(&settings, sample_rate, Layout::Stereo), &input, &[512], &events);
        // Six bands of 24 dB with resonant shelves may add up to a lot, but to a finite lot.
        let all = out.channel(0).iter().chain(out.channel(1));
        let peak = all.fold(0.0_f32, |peak, y| if y.is_nan() { f32::NAN } else { peak.max(y.abs()) });
        prop_assert!(peak < 1e12, "{}", peak);
    }
}
