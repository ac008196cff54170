//! Bands that are switched, or work on a part of the stereo picture.

use tonmeister_core::{Buffer, Effect, Layout, Stream};

use super::sound::{build, eq, event, zipper_with};
use crate::eq::{Channel, Eq};
use crate::testing::{assert_block_size_does_not_matter, noise, run, sine, spread, stereo_noise};

/// A bell of 9 dB for one part of the picture.
fn bell(channel: Channel) -> tonmeister_core::Settings {
    let channel = Channel::ALL.iter().position(|c| *c == channel).unwrap() as f64;
    eq().with_item("bells", &[("hz", 1000.0), ("gain_db", 9.0), ("channel", channel)])
}

fn sound(settings: &tonmeister_core::Settings, input: &Buffer) -> Buffer {
    run(&mut *build(settings, 48_000, Layout::Stereo), input, &[512], &[])
}

/// The largest difference of two signals, in dB.
fn apart(a: impl Iterator<Item = f32>, b: impl Iterator<Item = f32>) -> f64 {
    20.0 * a.zip(b).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max).log10()
}

fn mixed(buffer: &Buffer, sign: f32) -> impl Iterator<Item = f32> {
    buffer.channel(0).iter().zip(buffer.channel(1)).map(move |(l, r)| 0.5 * (l + sign * r))
}

#[test]
fn a_band_touches_only_its_part_of_the_picture() {
    let input = stereo_noise(3, 0.5, 8000);
    let whole = sound(&bell(Channel::Stereo), &input);
    for (channel, touched) in [(Channel::Left, 0), (Channel::Right, 1)] {
        let out = sound(&bell(channel), &input);
        assert_eq!(out.channel(1 - touched), input.channel(1 - touched), "{channel:?}");
        let db = apart(out.channel(touched).iter().copied(), whole.channel(touched).iter().copied());
        assert!(db < -140.0, "{channel:?}: {db} dB from the band for everything");
    }
    for (channel, sign) in [(Channel::Mid, 1.0), (Channel::Side, -1.0)] {
        let out = sound(&bell(channel), &input);
        let (kept, changed) =
            (apart(mixed(&out, -sign), mixed(&input, -sign)), apart(mixed(&out, sign), mixed(&whole, sign)));
        println!("{channel:?}: the other part differs by {kept:.1} dB, its own by {changed:.1} dB");
        assert!(kept < -130.0 && changed < -130.0, "{channel:?}: {kept} {changed}");
    }
}

#[test]
fn a_band_that_is_off_changes_no_bit() {
    let input = stereo_noise(4, 0.5, 3000);
    let off = eq()
        .with_item("highpass", &[("hz", 200.0), ("on", 0.0)])
        .with_item("notches", &[("hz", 500.0), ("on", 0.0)])
        .with_item("tilts", &[("slope_db_oct", 3.0), ("on", 0.0)]);
    assert_eq!(sound(&off, &input), input);
}

#[test]
fn switching_and_sending_are_not_heard() {
    let settings = bell(Channel::Stereo).with_item("notches", &[("hz", 1100.0), ("q", 2.0), ("on", 0.0)]);
    let left = sine(1000.0, 1.0, 48_000, 65_536);
    let input = Buffer::from_stereo(left.clone(), left.iter().map(|x| 0.3 * x).collect());
    for (address, value) in
        [("bells/1/on", 0.0), ("notches/1/on", 1.0), ("bells/1/channel", 1.0), ("bells/1/channel", 4.0)]
    {
        let db = zipper_with(&settings, &input, 1000.0, &[event(&settings, 30_011, address, value, 0)]);
        println!("{address} to {value}: {db:.1} dB");
        assert!(db <= -100.0, "{address} to {value}: {db} dB");
    }
}

#[test]
fn what_was_switched_sounds_like_what_was_born_so() {
    let settings = bell(Channel::Stereo);
    let input = stereo_noise(5, 0.5, 24_000);
    let events = [event(&settings, 1000, "bells/1/on", 0.0, 0), event(&settings, 1300, "bells/1/channel", 4.0, 0)];
    let mut processor = build(&settings, 48_000, Layout::Stereo);
    let off = run(&mut *processor, &input, &[512], &events);
    assert_eq!(off.channel(0)[3000..], input.channel(0)[3000..]);
    let back = [events[0], events[1], event(&settings, 6000, "bells/1/on", 1.0, 0)];
    let side = run(&mut *build(&settings, 48_000, Layout::Stereo), &input, &[512], &back);
    let born = sound(&bell(Channel::Side), &input);
    let db = apart(side.channel(1)[16_000..].iter().copied(), born.channel(1)[16_000..].iter().copied());
    println!("switched off, sent to the side, switched on: {db:.1} dB");
    assert!(db < -130.0, "{db} dB");
    processor.reset();
    assert_eq!(run(&mut *processor, &input, &[512], &[]), sound(&settings, &input));
}

#[test]
fn blocks_do_not_matter_among_switches() {
    let settings = bell(Channel::Mid)
        .with_item("highpass", &[("hz", 90.0), ("resonance_db", 6.0)])
        .with_item("tilts", &[("slope_db_oct", -1.5), ("channel", 4.0)])
        .with_item("notches", &[("hz", 50.0)])
        .with_item("allpasses", &[("hz", 300.0), ("channel", 1.0)])
        .with_item("bandpass", &[("hz", 2000.0), ("q", 0.2)])
        .with_item("low_shelves", &[("gain_db", 4.0), ("slope_db_oct", 24.0)]);
    let events = [
        event(&settings, 10, "bells/1/on", 0.0, 0),
        event(&settings, 700, "bells/1/gain_db", -4.0, 2000),
        event(&settings, 901, "highpass/resonance_db", 0.0, 300),
        event(&settings, 1501, "bells/1/on", 1.0, 0),
        event(&settings, 1503, "tilts/1/channel", 0.0, 0),
        event(&settings, 1777, "tilts/1/slope_db_oct", 2.0, 0),
        event(&settings, 2100, "notches/1/hz", 100.0, 500),
        event(&settings, 2200, "allpasses/1/q", 3.0, 0),
        event(&settings, 4000, "allpasses/1/channel", 3.0, 0),
        event(&settings, 4100, "bandpass/hz", 500.0, 0),
        event(&settings, 4100, "low_shelves/1/on", 0.0, 0),
        event(&settings, 4200, "low_shelves/1/on", 1.0, 0),
    ];
    let input = stereo_noise(9, 0.5, 9000);
    assert_block_size_does_not_matter(|| build(&settings, 48_000, Layout::Stereo), &input, &events);
}

#[test]
fn bands_that_are_new_do_not_zip() {
    let settings = eq()
        .with_item("notches", &[("hz", 1200.0), ("q", 1.0)])
        .with_item("bandpass", &[("hz", 1000.0), ("q", 0.7)])
        .with_item("tilts", &[("hz", 500.0)])
        .with_item("allpasses", &[("hz", 900.0)])
        .with_item("lowpass", &[("hz", 1500.0), ("resonance_db", 6.0)])
        .with_item("low_shelves", &[("hz", 1000.0), ("slope_db_oct", 24.0)]);
    let input = spread(&sine(1000.0, 1.0, 48_000, 65_536), Layout::Mono);
    let mut worst = f64::NEG_INFINITY;
    for (address, value) in [
        ("notches/1/hz", 1300.0),
        ("notches/1/q", 3.0),
        ("bandpass/hz", 1500.0),
        ("bandpass/q", 2.0),
        ("tilts/1/slope_db_oct", -6.0),
        ("tilts/1/hz", 2000.0),
        ("allpasses/1/hz", 1300.0),
        ("allpasses/1/q", 2.0),
        ("lowpass/resonance_db", 18.0),
        ("low_shelves/1/gain_db", -12.0),
    ] {
        for glide in [2400, 0] {
            let db = zipper_with(&settings, &input, 1000.0, &[event(&settings, 30_011, address, value, glide)]);
            println!("{address}, {glide}: {db:.1} dB");
            worst = worst.max(db);
        }
    }
    assert!(worst <= -100.0, "{worst} dB");
}

#[test]
fn what_is_not_a_number_is_silence_and_gone() {
    let settings = bell(Channel::Side).with_item("highpass", &[("hz", 30.0)]);
    let mut input = stereo_noise(3, 0.5, 60_000);
    input.channel_mut(0)[100] = f32::NAN;
    input.channel_mut(1)[200] = f32::INFINITY;
    let mut clean = input.clone();
    clean.channel_mut(0)[100] = 0.0;
    clean.channel_mut(1)[200] = 0.0;
    assert_eq!(sound(&settings, &input), sound(&settings, &clean));
}

#[test]
fn a_mono_signal_is_all_middle() {
    let input = spread(&noise(6, 0.5, 3000), Layout::Mono);
    let sound = |channel| run(&mut *build(&bell(channel), 48_000, Layout::Mono), &input, &[512], &[]);
    assert_eq!(sound(Channel::Mid), sound(Channel::Stereo));
    assert_eq!(sound(Channel::Side), input);
}

#[test]
fn a_first_order_that_should_resonate_is_refused_with_a_remedy() {
    let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 512, seed: 0 };
    let first_order = eq().with_item("highpass", &[("slope_db_oct", 6.0), ("resonance_db", 3.0)]);
    let error = Eq::from_settings(&first_order).build(&stream).err().unwrap().to_string();
    assert!(error.contains("set resonance_db to 0"), "{error}");
}
