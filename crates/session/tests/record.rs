//! Moves of a hand as a text, and the lanes that they leave.
#![allow(missing_docs)]

use proptest::prelude::*;
use tonmeister_core::ParamSpec;
use tonmeister_session::lane::value_at;
use tonmeister_session::model::{Curve, Point};
use tonmeister_session::record::{Mode, Move, read_moves, record};
use tonmeister_session::tables::{STRIP, place};
use tonmeister_session::time::TempoMap;

fn fader() -> &'static ParamSpec {
    &STRIP[place(STRIP, "fader_db")]
}

fn read(text: &str) -> Result<Vec<Move>, Vec<String>> {
    let found = read_moves(text, fader(), false, &TempoMap::constant(120.0));
    found.map_err(|found| {
        found
            .iter()
            .map(|d| format!("{} | {}", &text[d.span.clone().unwrap()], d.label.clone().unwrap_or_default()))
            .collect()
    })
}

const ALL: [Mode; 5] = [Mode::Write, Mode::Touch, Mode::Latch, Mode::Trim, Mode::TrimLatch];

#[test]
fn every_form_of_a_move_is_read() {
    let text = "time, value, hand\n# the chorus\n1.5, -3.0, touch\n  0:02 , -4 # a bit more\r\n\n2|1, release\n3, -2, release\n4,touch\n";
    let made = |time_s, value, touch| Move { time_s, value, touch };
    let wanted = [
        made(1.5, Some(-3.0), Some(true)),
        made(2.0, Some(-4.0), None),
        made(2.0, None, Some(false)),
        made(3.0, Some(-2.0), Some(false)),
        made(4.0, None, Some(true)),
    ];
    assert_eq!(read(text), Ok(wanted.to_vec()));
    let mute = &STRIP[place(STRIP, "mute")];
    let moves = read_moves("0, true, touch\n1, off\n", mute, false, &TempoMap::constant(120.0)).unwrap();
    assert_eq!(moves.iter().map(|made| made.value).collect::<Vec<_>>(), [Some(1.0), Some(0.0)]);
    // An offset may be what no fader could be.
    assert!(read_moves("0, 20, touch\n", fader(), true, &TempoMap::constant(120.0)).is_ok());
}

#[test]
fn what_is_no_move_is_told_where_it_stands() {
    let told = |text: &str| read(text).unwrap_err().join("; ");
    assert!(told("1, loud\n").starts_with("loud | expected a number from -150 to 12 dB"));
    assert!(told("0, 0\n1, 13\n").starts_with("13 | expected a number from -150 to 12 dB, found 13"));
    assert!(told("1, 0, hold\n").starts_with("hold | expected `touch` or `release`, found \"hold\""));
    assert!(told("soon, 0\n").starts_with("soon | expected a time"));
    assert!(told("-1, 0\n").starts_with("-1 | expected 0 to 864000 s, found -1"));
    assert!(told("1\n").starts_with("1 | expected `time, value`"));
    assert!(told("2, 0\n1, 0\n").starts_with("1, 0 | expected 2 s or later, found 1 s"));
    assert!(told("1, nan\n").contains("expected a number"));
    assert_eq!(read("").unwrap(), []);
}

#[test]
fn a_touch_where_the_control_stands_moves_nothing_until_it_is_moved() {
    let old = [Point::new(0.0, -10.0, Curve::Hold), Point::new(10.0, 0.0, Curve::DbLinear)];
    let moves = read("4, touch\n5, -2\n6, release\n").unwrap();
    let lane = record(&moves, (fader(), Mode::Touch), &old, (4.0, 6.0), 0.0, 48_000);
    let at = |time| value_at(&lane, fader(), time).unwrap();
    assert!((at(4.0) + 6.0).abs() < 1e-9 && (at(4.9) + 6.0).abs() < 1e-9 && at(5.5) == -2.0, "{lane:?}");
    assert!((at(3.0) + 7.0).abs() < 1e-9 && (at(7.0) + 3.0).abs() < 1e-9, "outside it is what it was");
}

proptest! {
    /// Whatever stands in the text: moves or findings inside it; and every lane is one.
    #[test]
    fn no_text_harms(
        lines in prop::collection::vec((0_u32..40, -20.0..14.0_f64, 0_usize..7), 0..12),
        cut in 0_usize..200,
        noise in any::<char>(),
    ) {
        let mut text: String = lines
            .iter()
            .map(|(step, value, form)| {
                let time = f64::from(*step) * 0.25;
                match form {
                    0 => format!("{time}, {value:.2}, touch\n"),
                    1 => format!("{time}, release\n"),
                    2 => format!("{time}, touch\n"),
                    3 => format!("{time}, {value:.2}, release\n"),
                    4 => format!("# {value}\n"),
                    _ => format!("{time}, {value:.2}\n"),
                }
            })
            .collect();
        let place = (0..=text.len()).rev().find(|at| *at <= cut && text.is_char_boundary(*at)).unwrap_or(0);
        if cut % 3 == 0 {
            text.insert(place, noise);
        }
        let old = [Point::new(0.0, 0.0, Curve::Hold), Point::new(3.0, -9.0, Curve::S), Point::new(7.0, -1.0, Curve::Linear)];
        for mode in ALL {
            let adds = matches!(mode, Mode::Trim | Mode::TrimLatch);
            match read_moves(&text, fader(), adds, &TempoMap::constant(120.0)) {
                Err(found) => {
                    prop_assert!(!found.is_empty());
                    prop_assert!(found.iter().all(|d| d.span.clone().is_none_or(|span| text.get(span).is_some())));
                }
                Ok(moves) => {
                    let ends = (moves.first().map_or(0.0, |m| m.time_s), moves.last().map_or(1.0, |m| m.time_s));
                    let lane = record(&moves, (fader(), mode), &old, ends, 0.5, 48_000);
                    prop_assert!(lane.windows(2).all(|pair| pair[0].time_s < pair[1].time_s), "{lane:?}");
                    prop_assert!(lane.iter().all(|point| fader().check(point.value).is_ok()));
                }
            }
        }
    }
}
