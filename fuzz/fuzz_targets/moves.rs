//! Whatever stands in a text of moves: findings inside the text, or moves whose lanes have rising times and values that the
//! parameter takes, in every mode. Good seeds are lines such as `12.5, -3.0, touch` and `17|1, release`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tonmeister_session::model::{Curve, Point};
use tonmeister_session::record::{Mode, read_moves, record};
use tonmeister_session::tables::STRIP;
use tonmeister_session::time::TempoMap;

fuzz_target!(|text: &str| {
    let old = [Point::new(0.0, 0.0, Curve::Hold), Point::new(9.0, 0.5, Curve::S), Point::new(20.0, 0.0, Curve::Linear)];
    for spec in STRIP {
        for mode in [Mode::Write, Mode::Touch, Mode::Latch, Mode::Trim, Mode::TrimLatch] {
            let adds = matches!(mode, Mode::Trim | Mode::TrimLatch);
            match read_moves(text, spec, adds, &TempoMap::constant(120.0)) {
                Err(found) => {
                    assert!(!found.is_empty());
                    assert!(found.iter().all(|finding| finding.span.clone().is_none_or(|span| text.get(span).is_some())));
                }
                Ok(moves) => {
                    let span = moves.first().map_or(0.0, |m| m.time_s)..moves.last().map_or(1.0, |m| m.time_s);
                    let lane = record(&moves, (spec, mode), &old, (span.start, span.end), 0.5, 48_000);
                    assert!(lane.windows(2).all(|pair| pair[0].time_s < pair[1].time_s));
                    assert!(lane.iter().all(|point| old.contains(point) || spec.check(point.value).is_ok()));
                }
            }
        }
    }
});
