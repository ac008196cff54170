use tonmeister_core::{Buffer, Context, Effect, Event, Layout, Processor, Settings, Stream, Tail};

use super::{Distance, air_db_per_m};
use crate::testing::{assert_block_size_does_not_matter, impulse, run, sine, spread, stereo_noise};

const RATE: u32 = 48_000;

fn build(settings: &Settings) -> Box<dyn Processor> {
    let stream = Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: 4096, seed: 1 };
    Distance::from_settings(settings).build(&stream).unwrap()
}

fn settings() -> Settings {
    Settings::new(Distance::SPEC)
}

/// Level of a tone's last half against what went in, without reflections.
fn level(settings: &Settings, hz: f64) -> f64 {
    let input = spread(&sine(hz, 0.5, RATE, 9600), Layout::Stereo);
    let out = run(&mut *build(&settings.clone().with("reflections_db", -60.0)), &input, &[512], &[]);
    let power = |b: &Buffer| b.channel(0)[4800..].iter().map(|y| f64::from(*y).powi(2)).sum::<f64>();
    10.0 * (power(&out) / power(&input)).log10()
}

#[test]
fn level_and_air_follow_the_distance() {
    for meters in [0.5, 1.0, 7.0, 40.0] {
        let settings = settings().with("distance_m", meters).with("air_ratio", 1.0);
        let wanted = -20.0 * f64::log10(meters);
        assert!((level(&settings, 100.0) - wanted).abs() < 0.1, "{meters} m");
        let held = level(&settings.clone().with("level_percent", 0.0), 100.0);
        assert!(held.abs() < 0.1, "{meters} m: {held:.2} dB with the level held");
        // The standard's losses: exact at 8 kHz, within 1 dB at 2 and 4 kHz and 1.5 at 12 over 40 m.
        for (hz, limit) in [(2000.0, 1.0), (4000.0, 1.0), (8000.0, 0.1), (12_000.0, 1.5)] {
            let air = level(&settings, hz) - wanted;
            let real = -air_db_per_m(hz) * meters;
            println!("{meters} m, {hz} Hz: {air:.2} dB, real air {real:.2}");
            assert!((air - real).abs() <= limit, "{meters} m, {hz} Hz: {air:.2} dB, real air {real:.2}");
        }
    }
}

#[test]
fn air_is_that_of_the_standard() {
    // ISO 9613-1, 20 °C and 50 %, dB per kilometer. The table's bands are named by round numbers, but reckoned at the
    // exact middles 1000·10^(0.3·k) Hz: 7943 Hz for "8 kHz". Measured: within 0.4 %, which is their last digit.
    let table = [0.123, 0.445, 1.32, 2.73, 4.66, 9.86, 29.4, 104.0];
    for (wanted, k) in table.into_iter().zip(-4..) {
        let hz = 1000.0 * 10f64.powf(0.3 * f64::from(k));
        let found = 1000.0 * air_db_per_m(hz);
        assert!((found / wanted - 1.0_f64).abs() < 0.005, "{hz:.0} Hz: {found:.3} dB/km, not {wanted}");
    }
}

#[test]
fn blocks_do_not_matter() {
    let event = |at, address, value, glide| Event { at, param: settings().index_of(address).unwrap(), value, glide };
    let events = [
        event(100, "distance_m", 20.0, 0),
        event(777, "reflections_db", 6.0, 900),
        event(1500, "level_percent", 20.0, 0),
        event(2001, "distance_m", 0.5, 3000),
        event(2500, "air_ratio", 15.0, 10),
        event(3000, "walls_hz", 800.0, 2000),
    ];
    assert_block_size_does_not_matter(|| build(&settings()), &stereo_noise(5, 0.5, 12_000), &events);
}

#[test]
fn numbers_move_without_zipper_noise() {
    for (address, value) in [
        ("distance_m", 15.0),
        ("level_percent", 25.0),
        ("air_ratio", 15.0),
        ("reflections_db", -12.0),
        ("walls_hz", 2000.0),
    ] {
        for glide in [0, 2400] {
            let settings = settings().with("distance_m", 2.0);
            let events = [Event { at: 50_000, param: settings.index_of(address).unwrap(), value, glide }];
            let input = spread(&sine(1000.0, 0.5, RATE, 70_000), Layout::Stereo);
            let out = run(&mut *build(&settings), &input, &[512], &events);
            let dirt = crate::delay::probe::band_energy_db(&out.channel(0)[44_000..60_384], RATE, 3000.0, 20_000.0);
            println!("{address} over {glide} frames: {dirt:.1} dB");
            assert!(dirt <= -100.0, "{address} over {glide} frames: {dirt:.1} dB");
        }
    }
}

#[test]
fn a_moved_sound_ends_up_where_one_stands_that_was_built_there() {
    let events = [Event { at: 1000, param: settings().index_of("distance_m").unwrap(), value: 11.0, glide: 0 }];
    let input = stereo_noise(5, 0.5, 40_000);
    let moved = run(&mut *build(&settings()), &input, &[512], &events);
    let there = run(&mut *build(&settings().with("distance_m", 11.0)), &input, &[512], &[]);
    let apart = (20_000..40_000).map(|n| (moved.channel(0)[n] - there.channel(0)[n]).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-6, "{apart:e}");
}

#[test]
fn it_is_not_late_ends_when_it_says_and_forgets() {
    let mut processor = build(&settings());
    let Tail::Frames(tail) = processor.tail() else { panic!("it ends") };
    let frames = tail as usize + 5000;
    let first = run(&mut *processor, &impulse(Layout::Stereo, 0, frames), &[512], &[]);
    assert!(first.channel(0)[0] > 0.1);
    assert!(first.channel(0)[tail as usize..].iter().all(|y| y.abs() < 1e-6));
    let mut bad = Buffer::from_stereo(vec![f32::NAN; 64], vec![f32::INFINITY; 64]);
    processor.process(&mut bad.block(64), &Context::default());
    assert!(bad.channel(0).iter().chain(bad.channel(1)).all(|y| y.is_finite()));
    processor.reset();
    assert!(run(&mut *processor, &impulse(Layout::Stereo, 0, frames), &[512], &[]) == first);
}
