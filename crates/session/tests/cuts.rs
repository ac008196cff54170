//! Cuts: what closes up, what goes on, and that what is left is a song.

mod common;

use common::draw::Draw;
use common::{registry, rendered};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use tonmeister_session::cut::Cut;
use tonmeister_session::lane::value_at;
use tonmeister_session::model::{CrossfadeShape, Song, Window};
use tonmeister_session::{parse, print};

fn read(text: &str) -> Song {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}{text}", rendered(text, &found))).song().clone()
}

fn cut(from_s: f64, to_s: f64, crossfade_s: f64) -> Cut {
    Cut { from_s, to_s, crossfade_s, snap: false }
}

const SONG: &str = "[song]\nsample_rate_hz = 48000\ntempo_bpm = 120\nlength_s = 60.0\n\
    [[marker]]\nid = \"verse\"\nat = 4.0\n[[marker]]\nid = \"second\"\nat = 20.0\n[[marker]]\nid = \"chorus\"\nat = \"17|1\"\n\
    [[range]]\nid = \"second-verse\"\nfrom = \"9|1\"\nto = \"17|1\"\n[[range]]\nid = \"all\"\nfrom = 0\nto = 50.0\n\
    [[track]]\nid = \"a\"\naudio = \"a.wav\"\n\
    [[track.automation]]\ntarget = \"fader_db\"\npoints = [[0.0, 0.0], [60.0, -6.0]]\n\
    [[track]]\nid = \"b\"\nclip = [{ audio = \"b.wav\", start_s = 2.0, length_s = 10.0 }, { audio = \"b.wav\", start_s = 31.99 }, \
    { audio = \"b.wav\", start_s = 40.0, length_s = 4.0 }]\n";

#[test]
fn a_verse_is_taken_out() {
    let song = read(SONG);
    let verse = song.cut("second-verse", 0.03, true).unwrap();
    assert_eq!((verse.from_s, verse.to_s), (16.0, 32.0));
    assert_eq!(song.cut("third-verse", 0.03, true), None);
    let short = song.with_cuts(&[verse]);
    assert_eq!(short.length_s, Some(44.0));
    let markers: Vec<(&str, f64)> = short.markers.iter().map(|m| (m.id.as_str(), m.at_s)).collect();
    assert_eq!(markers, [("verse", 4.0), ("chorus", 16.0)]);
    assert_eq!(short.markers[1].written, None);
    let ranges: Vec<(&str, f64, f64)> = short.ranges.iter().map(|r| (r.id.as_str(), r.from_s, r.to_s)).collect();
    assert_eq!(ranges, [("all", 0.0, 34.0)]);
    let [left, right] = short.tracks[0].clips.as_slice() else { panic!("{:?}", short.tracks[0].clips) };
    let faded = |window: Window| (window.fade_in_s, window.fade_out_s, window.fade_in_shape);
    assert_eq!((left.start_s, left.window.unwrap().until_s), (0.0, Some(16.0)));
    assert_eq!(faded(left.window.unwrap()), (0.0, 0.03, CrossfadeShape::EqualPower));
    assert_eq!((right.start_s, right.window.unwrap().from_s), (15.97, 31.97));
    assert_eq!(faded(right.window.unwrap()), (0.03, 0.0, CrossfadeShape::EqualPower));
    // What begins in the overlap keeps its own beginning, and what lies elsewhere is only moved.
    let starts: Vec<f64> = short.tracks[1].clips.iter().map(|clip| clip.start_s).collect();
    assert_eq!(starts, [2.0, 15.99, 24.0]);
    assert!(short.tracks[1].clips.iter().all(|clip| clip.window.is_none()));
    let lane = &short.tracks[0].strip.automation[0];
    let spec = short.tracks[0].strip.target_spec(lane.target);
    let at = |time| value_at(&lane.points, spec, time).unwrap();
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(at(10.0), -1.0);
    near(at(15.97), -1.597);
    near(at(16.0), -3.2);
    near(at(15.985), (-1.597 - 3.2) / 2.0);
    near(at(24.0), -4.0);
}

#[test]
fn beats_are_snapped_to_and_bars_that_are_left_stay_bars() {
    let head = "[song]\nsample_rate_hz = 48000\ntempo_bpm = 120\n[[tempo]]\nat = \"9|1\"\nbpm = 60\nramp_to_bpm = 120\n\
        [[tempo]]\nat = \"13|1\"\nbpm = 90\n[[meter]]\nbar = 5\nsignature = \"3/4\"\n";
    let song = read(head);
    let map = song.tempo_map();
    let at = |place: &str| map.seconds_of(place.parse().unwrap()).unwrap();
    let roughly = Cut { snap: true, ..cut(at("3|1") + 0.1, at("6|1") - 0.2, 0.0) };
    let short = song.with_cuts(&[roughly]);
    // Two bars of 4/4 are left; then 3/4 from its second bar on.
    let meters: Vec<String> = short.meters.iter().map(|m| format!("{} {}", m.bar, m.signature)).collect();
    assert_eq!(meters, ["3 3/4"]);
    let new = short.tempo_map();
    assert!((new.seconds_of("6|1".parse().unwrap()).unwrap() - short.tempos[0].at_s).abs() < 1e-9);
    // In the middle of bars: two beats of 4/4 and one of 3/4 make a bar of three, and the 3/4 goes on.
    let short = song.with_cuts(&[cut(at("2|3"), at("7|3"), 0.0)]);
    let meters: Vec<String> = short.meters.iter().map(|m| format!("{} {}", m.bar, m.signature)).collect();
    assert_eq!(meters, ["2 3/4"]);
    // Half of the ramp is left: it comes as far as it had come, and the next tempo follows.
    let half = at("9|1") + (at("13|1") - at("9|1")) / 2.0;
    let short = song.with_cuts(&[cut(half, at("13|1"), 0.0)]);
    let tempos: Vec<(f64, Option<f64>)> = short.tempos.iter().map(|t| (t.bpm, t.ramp_to_bpm)).collect();
    assert_eq!(tempos.len(), 2);
    assert!((tempos[0].1.unwrap() - 90.0).abs() < 0.01 && tempos[1] == (90.0, None), "{tempos:?}");
    let short = song.with_cuts(&[cut(0.0, half, 0.0)]);
    assert!((short.tempo_bpm - 90.0).abs() < 0.01 && short.tempos[0].ramp_to_bpm == Some(120.0), "{:?}", short.tempos);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What is left of any song is a song, and no lane is anywhere else than it was, but for the joints.
    #[test]
    fn what_is_left_is_a_song(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        cuts in proptest::collection::vec((0.0..60.0_f64, 0.1..20.0_f64, 0.0..0.2_f64), 1..4),
    ) {
        let song = Draw(&bytes).song(&registry());
        let cuts: Vec<Cut> = cuts.into_iter().map(|(from, length, crossfade)| cut(from, from + length, crossfade)).collect();
        let mut short = song.with_cuts(&cuts);
        // Versions may name what moved; that is not what is asked here.
        short.versions.clear();
        let printed = print(&short);
        let found = parse(&printed, &registry());
        prop_assert!(found.is_ok(), "{}{printed}", rendered(&printed, &found.err().unwrap_or_default()));
        let found = found.unwrap();
        prop_assert_eq!(found.song(), &short, "{}", printed);
        let gone = |time: f64| cuts.iter().any(|cut| cut.from_s <= time && time < cut.to_s);
        let mut passed = 0.0;
        for step in 0..1000 {
            let time = f64::from(step) * 0.1;
            if gone(time) {
                continue;
            }
            // What was cut before it, each stretch once.
            let mut ends: Vec<(f64, f64)> = cuts.iter().map(|cut| (cut.from_s, cut.to_s)).collect();
            ends.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (mut cut_before, mut until) = (0.0, 0.0_f64);
            for (from, to) in ends {
                if from <= time {
                    cut_before += to - from.max(until).min(to);
                    until = until.max(to);
                }
            }
            let new = time - cut_before;
            let joint = cuts.iter().any(|cut| {
                let near = cut.to_s - 0.01 <= time && time < cut.to_s + 0.01;
                // Cuts that touch have the longer of their overlaps.
                near || (cut.from_s - 0.21 <= time && time < cut.from_s)
            });
            passed = f64::max(passed, new);
            if joint {
                continue;
            }
            for (old, left) in song.tracks.iter().zip(&short.tracks) {
                // A lane whose generator was all that moved, and is cut, is gone.
                let lanes = old.strip.automation.iter().filter_map(|a| Some((a, left.strip.lane(a.target)?)));
                for (a, b) in lanes {
                    let spec = old.strip.target_spec(a.target);
                    let span = a.points.iter().fold(0.0_f64, |most, p| most.max(p.value.abs()));
                    // Cuts fall on frames: what is steep may stand a frame further on.
                    let before = |off: f64| value_at(&a.points, spec, time + off);
                    let (a, b) = (before(0.0), value_at(&b.points, spec, new));
                    let steep = before(0.001).zip(before(-0.001)).map_or(0.0, |(x, y)| (x - y).abs());
                    let jumps = old.strip.automation.iter().flat_map(|l| &l.points).any(|p| (p.time_s - time).abs() < 0.001);
                    if let (Some(a), Some(b), false) = (a, b, jumps) {
                        // Far below what is heard, a straight line of amplitude is any number of decibels.
                        let heard = |v: f64| if spec.unit == tonmeister_core::Unit::Db { v.max(-60.0) } else { v };
                        let (a, b) = (heard(a), heard(b));
                        prop_assert!((a - b).abs() <= 0.01 * span + steep + 1e-6, "{time} → {new}: {a} {b}");
                    }
                }
            }
        }
    }
}
