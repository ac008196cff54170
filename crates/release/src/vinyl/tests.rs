use proptest::prelude::*;
use tonmeister_core::{Layout, View};
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_measure::portrait::PortraitMeter;

use super::*;

fn songs(seconds: &[f64]) -> Vec<Song> {
    let song = |(n, s): (usize, &f64)| Song { title: format!("Song {}", n + 1), seconds: *s, ..Song::default() };
    seconds.iter().enumerate().map(song).collect()
}

fn ends(split: &Split) -> Vec<usize> {
    split.sides.iter().map(|s| s.songs.end).collect()
}

#[test]
fn the_table_that_ships_is_right() {
    let table = Table::built_in().unwrap();
    assert_eq!(table.media.len(), 8);
    let lp = table.medium("12-INCH 33").unwrap();
    assert_eq!((lp.good_s, lp.longest_s), (1170.0, 1500.0));
    assert_eq!(table.medium("C60").unwrap().longest_s, 1800.0);
    assert!(table.media.iter().all(|m| m.source.len() > 20 && m.date.starts_with("20")));
    assert!(table.medium("12-inch 3").unwrap_err().message.contains("did you mean"));
    for (broken, word) in [
        ("", "[[medium]]"),
        ("[[medium]]\nname = 1", "kind"),
        ("[[medium]]\nkind = \"cassette\"\ngood_min = 900", "good_min"),
        ("[[medium]]\nkind = \"wax\"", "wax"),
    ] {
        assert!(Table::parse(broken).unwrap_err().message.contains(word), "{broken}");
    }
}

#[test]
fn sides_are_even_and_in_order() {
    let split = |seconds: &[f64], sides| ends(&split(&songs(seconds), sides).unwrap());
    assert_eq!(split(&[100.0, 100.0, 100.0, 100.0], 2), [2, 4]);
    // 300 against 250 is the best there is.
    assert_eq!(split(&[200.0, 100.0, 50.0, 200.0], 2), [2, 4]);
    // The longest side is 300 whatever the others; they are made even: 150 and 150, not 250 and 50.
    assert_eq!(split(&[300.0, 100.0, 50.0, 100.0, 50.0], 3), [1, 3, 5]);
    // Of two equals the first side is the longer one, so that no tape runs on empty before it is turned.
    assert_eq!(split(&[100.0, 50.0, 100.0], 2), [2, 3]);
    // A pause counts inside a side only: 100 + 30 + 100 = 230 against 200.
    let mut pauses = songs(&[100.0, 100.0, 200.0]);
    pauses[0].pause_s = 30.0;
    pauses[1].pause_s = 30.0;
    let sides = super::split(&pauses, 2).unwrap().sides;
    assert_eq!(sides.iter().map(|s| (s.letter, s.seconds)).collect::<Vec<_>>(), [('A', 230.0), ('B', 200.0)]);
    assert!(super::split(&songs(&[1.0]), 2).is_err() && super::split(&[], 0).is_err());
}

#[test]
fn as_few_sides_as_hold_them() {
    let table = Table::built_in().unwrap();
    let lp = table.medium("12-inch 33").unwrap();
    let fit = |seconds: &[f64]| split_to_fit(&songs(seconds), lp).map(|s| s.sides.len());
    assert_eq!(fit(&[600.0]), Ok(1));
    assert_eq!(fit(&[240.0; 8]), Ok(2));
    // Five songs of 4:00 are 20:00, past 19:30: two records.
    assert_eq!(fit(&[240.0; 9]), Ok(4));
    // One song of 24:00 is past what is good on any number of sides, and goes on one.
    assert_eq!(fit(&[1440.0]), Ok(1));
    assert!(matches!(fit(&[1501.0]), Err(TooLong::Song { .. })));
    assert!(matches!(fit(&[1200.0; 17]), Err(TooLong::Album { .. })));
    assert!(fit(&[]).is_err());
    assert!(
        split_to_fit(&songs(&[1501.0]), lp)
            .unwrap_err()
            .to_string()
            .contains("25:01, longer than a side of 12-inch 33 (25:00)")
    );
}

fn codes(songs: &[Song], sides: usize, medium: &str) -> Vec<&'static str> {
    let table = Table::built_in().unwrap();
    let found = check(songs, &split(songs, sides).unwrap(), table.medium(medium).unwrap(), &table.limits);
    assert!(found.iter().all(|f| f.help.is_some()));
    found.into_iter().map(|f| f.code).collect()
}

#[test]
fn limits_are_kept_on_either_side() {
    assert_eq!(codes(&songs(&[1170.0, 1170.0]), 2, "12-inch 33"), [""; 0]);
    assert_eq!(codes(&songs(&[1171.0, 1501.0]), 2, "12-inch 33"), ["side-long", "side-too-long"]);
    assert_eq!(codes(&songs(&[1800.0, 1801.0]), 2, "C60"), ["side-too-long"]);
    let with = |change: fn(&mut Features)| {
        let mut all = songs(&[200.0, 200.0, 200.0]);
        for song in &mut all {
            song.features = Some(Features { sibilance_db: Some(-20.0), ..Features::default() });
        }
        change(all[1].features.as_mut().unwrap());
        codes(&all, 1, "12-inch 33")
    };
    assert_eq!(with(|f| f.low_width_db = Some(-10.0)), [""; 0]);
    assert_eq!(with(|f| f.low_width_db = Some(-9.9)), ["vinyl-wide-bass"]);
    assert_eq!(with(|f| f.lowest_correlation = Some((-0.31, 5.0))), ["vinyl-correlation"]);
    assert_eq!(with(|f| f.low_turned_s = Some((5.0, 9.0))), ["vinyl-turned-bass"]);
    assert_eq!(with(|f| f.rms_dbfs = Some(-12.0)), [""; 0]);
    assert_eq!(with(|f| f.rms_dbfs = Some(-9.0)), ["vinyl-limited"]);
    assert_eq!(with(|f| f.rumble_db = Some(-29.0)), ["vinyl-rumble"]);
    assert_eq!(with(|f| f.sibilance_db = Some(-16.9)), ["vinyl-sibilance"]);
}

#[test]
fn a_loud_song_at_the_center_is_remarked_upon() {
    let mut all = songs(&[200.0, 200.0, 200.0]);
    for (song, lufs) in all.iter_mut().zip([-14.0, -14.5, -12.0]) {
        song.features = Some(Features { integrated_lufs: Some(lufs), ..Features::default() });
    }
    assert_eq!(codes(&all, 1, "12-inch 33"), ["vinyl-inner"]);
    all.reverse();
    assert_eq!(codes(&all, 1, "12-inch 33"), [""; 0]);
    // A tape runs at one speed.
    all.reverse();
    assert_eq!(codes(&all, 1, "C60"), [""; 0]);
}

fn features(left: &[f32], right: &[f32]) -> Features {
    let mut portrait = PortraitMeter::new(44_100, Layout::Stereo);
    let mut loudness = LoudnessMeter::new(44_100, Layout::Stereo).unwrap();
    portrait.push(View::stereo(left, right));
    loudness.push(View::stereo(left, right));
    Features::of(&portrait.finish(), &loudness.finish(), 300.0)
}

/// Tones whose figures are known: 100 Hz of amplitude a in the middle and b in the side are 20·lg(b/a) dB wide; a share of
/// power at 7 kHz or 10 Hz is its square over the sum. Found to 0.2 dB.
#[test]
fn features_are_what_was_put_in() {
    let n = 44_100 * 6;
    let tone = |hz: f64, a: f64| {
        let step = std::f64::consts::TAU * hz / 44_100.0;
        (0..n).map(move |i| (a * (i as f64 * step).sin()) as f32)
    };
    let (mid, side): (Vec<f32>, Vec<f32>) = (tone(100.0, 0.4).collect(), tone(80.0, 0.1).collect());
    let left: Vec<f32> = mid.iter().zip(&side).map(|(m, s)| m + s).collect();
    let right: Vec<f32> = mid.iter().zip(&side).map(|(m, s)| m - s).collect();
    let wide = features(&left, &right);
    assert!((wide.low_width_db.unwrap() + 12.04).abs() < 0.2, "{wide:?}");
    // Its band at 80 Hz is nothing but side.
    assert!(wide.low_turned_s.is_some(), "{wide:?}");
    // Turned bass: correlation −1 throughout, for at least four of its six seconds.
    let turned: Vec<f32> = mid.iter().map(|m| -m).collect();
    let against = features(&mid, &turned);
    assert!(against.lowest_correlation.unwrap().0 < -0.99, "{against:?}");
    assert!(against.low_turned_s.is_some_and(|(a, b)| b - a > 4.0), "{against:?}");
    // In mono there is nothing to say of the side; 7 kHz and 10 Hz at a tenth of the amplitude are −20 dB.
    let mixed: Vec<f32> =
        tone(1000.0, 0.4).zip(tone(7000.0, 0.04)).zip(tone(10.0, 0.04)).map(|((a, b), c)| a + b + c).collect();
    let mono = features(&mixed, &mixed);
    assert_eq!(mono.low_width_db, None);
    assert!(
        (mono.sibilance_db.unwrap() + 20.1).abs() < 0.2 && (mono.rumble_db.unwrap() + 20.1).abs() < 0.2,
        "{mono:?}"
    );
    assert_eq!(features(&vec![0.0; n], &vec![0.0; n]).sibilance_db, None);
}

proptest! {
    /// No split is better: compared with all there are of up to nine songs.
    #[test]
    fn no_split_is_better(seconds in prop::collection::vec(30.0f64..900.0, 1..9), sides in 1usize..4) {
        prop_assume!(sides <= seconds.len());
        let all = songs(&seconds);
        let found = split(&all, sides).unwrap();
        prop_assert_eq!(found.sides.iter().map(|s| s.songs.len()).sum::<usize>(), seconds.len());
        prop_assert!(found.sides.iter().all(|s| !s.songs.is_empty()));
        let squares = |lengths: &[f64]| lengths.iter().map(|s| s * s).sum::<f64>();
        let own: Vec<f64> = found.sides.iter().map(|s| s.seconds).collect();
        let longest = |lengths: &[f64]| lengths.iter().copied().fold(0.0, f64::max);
        for cut in 0..1u32 << (seconds.len() - 1) {
            if cut.count_ones() as usize + 1 != sides { continue; }
            let mut lengths = vec![0.0];
            for (n, s) in seconds.iter().enumerate() {
                if n > 0 && cut >> (n - 1) & 1 == 1 { lengths.push(0.0); }
                *lengths.last_mut().unwrap() += s;
            }
            prop_assert!(longest(&own) <= longest(&lengths) + 0.02);
            if longest(&lengths) <= longest(&own) { prop_assert!(squares(&own) <= squares(&lengths) + 1e-3); }
        }
    }
}
